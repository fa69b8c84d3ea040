import { z } from 'zod';
import type { StepType } from '../activities/step.ts';
import { inventoryGrammar } from './grammar/inventory.ts';
import { gateGrammar, runbookGrammar, stepGrammar } from './grammar/runbook.ts';
import { schedulesGrammar } from './grammar/schedules.ts';

type Schema = { [key: string]: unknown };

/** JSON schemas by which editors complete and check runbooks and inventories. With `types`, `with` is described by each step type. */
export function schemas(types: readonly StepType[] = []): {
  readonly runbook: Schema;
  readonly inventory: Schema;
  readonly schedules: Schema;
} {
  const runbook = written(runbookGrammar);
  const { steps } = runbook['properties'] as { steps: Schema };
  // An editor that reads `anyOf` shows the problems of both alternatives; with `if` it shows those of the one that is meant.
  steps['items'] = { if: { required: ['gate'] }, then: { $ref: '#/$defs/gate' }, else: { $ref: '#/$defs/step' } };
  const defs = (runbook['$defs'] ?? {}) as Schema;
  const step = written(stepGrammar);
  const gate = written(gateGrammar);
  const shared = { ...defs, ...(step['$defs'] as Schema | undefined) };
  for (const schema of [step, gate]) for (const key of ['$schema', '$defs']) delete schema[key];
  if (types.length > 0) describeTypes(step, types);
  return {
    runbook: titled('Lifeboat runbook', { ...runbook, $defs: { ...shared, step, gate } }),
    inventory: titled('Lifeboat inventory', written(inventoryGrammar)),
    schedules: titled('Lifeboat schedules', written(schedulesGrammar)),
  };
}

/** The files under `docs/schemas`, by name, as they are written. */
export function schemaFiles(types: readonly StepType[] = []): { readonly [file: string]: string } {
  const { runbook, inventory, schedules } = schemas(types);
  return {
    'inventory.schema.json': printed(inventory),
    'runbook.schema.json': printed(runbook),
    'schedules.schema.json': printed(schedules),
  };
}

function describeTypes(step: Schema, types: readonly StepType[]): void {
  const properties = step['properties'] as { [name: string]: Schema };
  properties['uses'] = {
    description: properties['uses']!['description'],
    oneOf: types.map(({ name, summary }) => ({ const: name, description: summary })),
  };
  step['allOf'] = types.map((type) => {
    const input = written(type.input);
    delete input['$schema'];
    return { if: { properties: { uses: { const: type.name } }, required: ['uses'] }, then: { properties: { with: orReferences(input) } } };
  });
}

const reference = { type: 'string', pattern: '\\$\\{\\{.*\\}\\}', description: 'A reference.' };

/** Each field that is no text may also be a reference. */
function orReferences(input: Schema): Schema {
  const fields = (input['properties'] ?? {}) as { [name: string]: Schema };
  const open = Object.entries(fields).map(([name, field]) => {
    const { description, ...rest } = field;
    return [name, rest['type'] === 'string' && rest['enum'] === undefined ? field : { description, anyOf: [rest, reference] }];
  });
  return { ...input, properties: Object.fromEntries(open), additionalProperties: false };
}

function written(grammar: z.ZodType): Schema {
  return z.toJSONSchema(grammar, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Schema;
}

function titled(title: string, schema: Schema): Schema {
  const { $schema, ...rest } = schema;
  return { $schema, title, ...rest };
}

function printed(schema: Schema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}
