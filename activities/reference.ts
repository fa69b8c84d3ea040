import { stringify } from 'yaml';
import { z } from 'zod';
import type { StepType } from './step.ts';

interface Field {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: string | number | boolean | null;
  readonly anyOf?: readonly Field[];
  readonly items?: Field;
  readonly properties?: { readonly [name: string]: Field };
  readonly required?: readonly string[];
  readonly lifeboat?: string;
}

/** The step reference, Markdown: what every type does, takes, leaves and needs. */
export function reference(types: readonly StepType[]): string {
  const head = [
    '# Step types',
    '',
    'Made from the step types themselves; do not edit. `npx tsx activities/write-reference.ts` makes it again.',
    '',
    ...types.map((type) => `- [\`${type.name}\`](#${type.name.replace('.', '')}): ${type.summary}`),
    '',
  ];
  return `${[...head, ...types.flatMap(section)].join('\n').trimEnd()}\n`;
}

function section(type: StepType): string[] {
  return [
    `## ${type.name}`,
    '',
    type.summary,
    '',
    ...traits(type).map((trait) => `- ${trait}`),
    '',
    '```yaml',
    stringify([{ id: type.name.split('.')[1], uses: type.name, with: type.example }], { lineWidth: 0 }).trimEnd(),
    '```',
    '',
    ...table('Input', z.toJSONSchema(type.input, { io: 'input' }) as Field),
    ...table('Output', z.toJSONSchema(type.output) as Field),
    'It needs:',
    '',
    ...type.permissions.map((permission) => `- ${permission}`),
    '',
    `**In a rehearsal:** ${typeof type.rehearse === 'function' ? 'the same act on the copy.' : type.rehearse.none}`,
    '',
    `**Undo:** ${typeof type.undo === 'function' ? 'yes; it is carried out when a run backs out.' : type.undo.none}`,
    '',
  ];
}

function traits(type: StepType): string[] {
  const traits = [
    `Effect: ${type.effect}. Carried out at ${type.at === 'target' ? 'the target site' : "the host's site"}. One attempt takes ${type.timeout} at the most.`,
  ];
  if (type.retry) traits.push(`Tried again ${type.retry.times} times, after ${type.retry.wait}.`);
  if (type.requires) traits.push(`Requires a proof: ${type.requires.join(' or ')}.`);
  if (type.provides) traits.push(`Proves: ${type.provides.join(', ')}.`);
  if (type.asks) traits.push(`Asks ${type.asks.people === 1 ? 'one person' : `${type.asks.people} people`}: "${type.asks.question}"`);
  if (type.commits) traits.push('After it there is no way back without losing service or data.');
  if (type.outage) traits.push('From its start until a promotion the system does not serve.');
  if (type.promotes) traits.push('From its end the target serves.');
  return traits;
}

function table(title: string, schema: Field): string[] {
  const rows = rowsOf(schema, '');
  return [`| ${title} | | |`, '|---|---|---|', ...rows, ''];
}

function rowsOf(schema: Field, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const must = schema.required?.includes(name) ? '' : ' (optional)';
    const own = `| \`${prefix}${name}\`${must} | ${kind(field)} | ${cell(field.description ?? '')} |`;
    return [own, ...rowsOf(field.items ?? field, `${prefix}${name}[].`)];
  });
}

function kind(field: Field): string {
  if (field.lifeboat === 'host') return 'a host';
  if (field.lifeboat === 'notify') return 'a recipient';
  if (field.enum) return field.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (field.const !== undefined) return `\`${String(field.const)}\``;
  if (field.anyOf) return field.anyOf.map(kind).join(' or ');
  if (field.type === 'array') return `list of ${field.items?.properties ? 'objects' : kind(field.items ?? {})}`;
  return [field.type ?? 'any'].flat().join(' or ');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
