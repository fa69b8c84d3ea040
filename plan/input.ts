import type { StepType } from '../activities/step.ts';
import { hostFacts, own } from './facts.ts';
import { alternatives, child, jsonSchema, schemaAt } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';
import { didYouMean } from './nearest.ts';
import type { HostFacts, Late } from './plan.ts';
import type { Path } from './problem.ts';
import type { Scope } from './scope.ts';
import { report } from './shape.ts';

type Fields = { readonly [field: string]: Late };

/** Holds a step's input to its type. Returns the hosts that it names, those of `host` first. */
export function checkInput(type: StepType, input: Fields, path: Path, scope: Scope): { [name: string]: HostFacts } {
  const schema = jsonSchema(type.input);
  const hosts: { [name: string]: HostFacts } = {};
  const lates: { path: Path; sample: unknown }[] = [];
  const sample = sampled(input, [], scope, lates);
  const parsed = type.input.safeParse(sample);
  for (const issue of parsed.error?.issues ?? []) {
    const at = issue.path as Path;
    const late = lates.find((candidate) => begins(at, candidate.path) || (begins(candidate.path, at) && at.length > 0));
    const misfit = issue.code === 'invalid_type' && late?.path.length === at.length && late.sample !== unknown;
    if (issue.code !== 'unrecognized_keys' && (late === undefined || misfit))
      report(issue, [], { schema, root: path, data: sample, source: scope.runbook, problems: scope.problems });
  }
  walk(input, [schema], [], { type, path, scope, hosts });
  return hosts;
}

interface Walk {
  readonly type: StepType;
  readonly path: Path;
  readonly scope: Scope;
  readonly hosts: { [name: string]: HostFacts };
}

/** Unknown fields, and names that the inventory must know. */
function walk(value: Late, schemas: readonly JsonSchema[], inside: Path, around: Walk): void {
  const here = schemas.flatMap(alternatives);
  const mark = here.find(({ lifeboat }) => lifeboat !== undefined)?.lifeboat;
  if (mark === 'host' || mark === 'site' || mark === 'notify' || mark === 'role') return checkName(mark, value, inside, around);
  if (typeof value !== 'object' || value === null || isLate(value)) return;
  if (Array.isArray(value)) {
    for (const [index, item] of (value as Late[]).entries())
      walk(
        item,
        here.flatMap((schema) => child(schema, index)),
        [...inside, index],
        around,
      );
    return;
  }
  const known = here.flatMap(({ properties }) => Object.keys(properties ?? {}));
  const open = here.some(
    ({ properties, additionalProperties }) => typeof additionalProperties === 'object' || (properties === undefined && !isClosed(here)),
  );
  for (const [key, item] of Object.entries(value as Fields)) {
    const { scope, path, type } = around;
    if (!open && !known.includes(key))
      scope.problems.add(
        scope.runbook,
        [...path, ...inside, key],
        `${type.name} has no field "${key}"`,
        didYouMean(key, [...new Set(known)], 'its fields'),
        'key',
      );
    walk(
      item,
      here.flatMap((schema) => child(schema, key)),
      [...inside, key],
      around,
    );
  }
}

/** Whether any alternative is an object with fields. */
function isClosed(schemas: readonly JsonSchema[]): boolean {
  return schemas.some(({ properties }) => properties !== undefined);
}

function checkName(mark: keyof typeof words, value: Late, inside: Path, { scope, path, hosts }: Walk): void {
  const where = [...path, ...inside];
  if (typeof value === 'object' && value !== null && isLate(value)) {
    scope.problems.add(
      scope.runbook,
      where,
      `a ${words[mark]} must be known before the run starts`,
      'write its name, or a reference such as ${{ target.postgres.host }}',
    );
    return;
  }
  if (typeof value !== 'string') return;
  const { inventory } = scope;
  const table = { host: inventory.data.hosts, site: inventory.data.sites, notify: inventory.data.notify, role: inventory.data.people }[
    mark
  ];
  if (!Object.hasOwn(table, value))
    scope.problems.add(
      scope.runbook,
      where,
      `the inventory has no ${words[mark]} "${value}"`,
      didYouMean(value, Object.keys(table), 'it has'),
    );
  else if (mark === 'host') hosts[value] = hostFacts(inventory.data, value)!;
  else if (mark === 'site' && inventory.data.sites[value]!.kind !== 'aws')
    scope.problems.add(scope.runbook, where, `${value} is no AWS site`, 'name a site of `kind: aws`');
  else if (mark === 'notify' && inventory.data.notify[value]!.webhook === undefined)
    scope.problems.add(
      scope.runbook,
      where,
      `${value} has no webhook`,
      'name an entry that has one; others hear of the events in their `on` without any step',
    );
}

const words = { host: 'host', site: 'site', notify: 'entry under `notify`', role: 'role' } as const;

/** Stands for a value of which not even the type is known. */
const unknown = Symbol('unknown');

/** The input with a likely value in place of each that is not known yet. */
function sampled(value: Late, path: Path, scope: Scope, lates: { path: Path; sample: unknown }[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as Late[]).map((item, index) => sampled(item, [...path, index], scope, lates));
  if (isLate(value)) {
    const sample = '$ref' in value ? sampleOf((value as { $ref: readonly string[] }).$ref, scope) : 'text';
    lates.push({ path, sample });
    return sample === unknown ? 'text' : sample;
  }
  return Object.fromEntries(Object.entries(value as Fields).map(([key, item]) => [key, sampled(item, [...path, key], scope, lates)]));
}

function sampleOf(ref: readonly string[], scope: Scope): unknown {
  const types = typesOf(ref, scope);
  const samples: Readonly<Record<string, unknown>> = { string: 'text', number: 1, integer: 1, boolean: true };
  const [type] = types;
  return types.length === 1 && type !== undefined ? (own(samples, type) ?? unknown) : unknown;
}

/** The JSON types that a late reference can have; empty where they are not known. */
export function typesOf(ref: readonly string[], scope: Scope): string[] {
  if (ref[0] === 'run') return ['string'];
  if (ref[0] === 'parameters') return [own(scope.runbook.data.parameters, ref[1]!)?.type ?? []].flat();
  if (ref[0] === 'item') return [];
  const step = scope.runbook.data.steps[scope.ids.get(ref[1]!) ?? -1];
  const type = step && 'uses' in step ? scope.types.get(step.uses) : undefined;
  if (type === undefined || !step || !('uses' in step)) return [];
  // Of a for-each they stand by item: steps.ID.outputs.items.NAME.FIELD.
  const from = step['for-each'] === undefined ? 3 : 5;
  if (ref.length < from + 1) return [];
  return [...new Set(schemaAt(jsonSchema(type.output, 'output'), ref.slice(from)).flatMap((schema) => schema.type ?? []))];
}

function isLate(value: object): boolean {
  return '$ref' in value || '$text' in value;
}

function begins(path: Path, start: Path): boolean {
  return start.length <= path.length && start.every((part, index) => part === path[index]);
}
