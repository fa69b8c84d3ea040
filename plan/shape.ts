import type { z } from 'zod';
import { didYouMean, listed } from './nearest.ts';
import type { Path, Problems, Sourced } from './problem.ts';
import { jsonSchema, schemaAt } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

/** Holds data to a grammar. Undefined where there are problems. */
export function shape<T extends z.ZodType>(grammar: T, source: Sourced<unknown>, problems: Problems): Sourced<z.output<T>> | undefined {
  const result = grammar.safeParse(source.data);
  if (result.success) return { ...source, data: result.data };
  const schema = jsonSchema(grammar);
  for (const issue of result.error.issues) if (!problems.full) report(issue, [], { schema, root: [], data: source.data, source, problems });
  return undefined;
}

/** What an issue is about: `data`, which stands at `root` of the source and is described by `schema`. */
export interface Surroundings {
  readonly schema: JsonSchema;
  readonly root: Path;
  readonly data: unknown;
  readonly source: Sourced<unknown>;
  readonly problems: Problems;
}

/** Says an issue of zod in words that help, where it stands. */
export function report(issue: z.core.$ZodIssue, before: Path, around: Surroundings): void {
  const { source, problems } = around;
  const inside = [...before, ...(issue.path as (string | number)[])];
  const path = [...around.root, ...inside];
  const value = valueAt(around.data, inside);
  const schemas = schemaAt(around.schema, inside);
  const about = described(schemas);
  const name = path.length === 0 ? 'the file' : typeof path.at(-1) === 'number' ? `item ${Number(path.at(-1)) + 1}` : `"${path.at(-1)}"`;
  switch (issue.code) {
    case 'invalid_union':
      for (const inner of closest(issue.errors, value))
        report(inner, [], { ...around, schema: chosen(schemas, issue.errors, value), root: path, data: value });
      if (issue.errors.length === 0) problems.add(source, path, `${name} is not understood`, about);
      return;
    case 'unrecognized_keys': {
      const known = fieldsBeside(issue.keys, value, schemas);
      for (const key of issue.keys.slice(0, 100))
        problems.add(source, [...path, key], `unknown field "${key}"`, key === '<<' ? mergeFix : fieldFix(key, known, value), 'key');
      return;
    }
    case 'invalid_key':
      problems.add(source, path, `${name} is not a name: ${issue.issues[0]?.message ?? 'not allowed here'}`, 'use another name', 'key');
      return;
    case 'invalid_value': {
      const options = issue.values.map(String);
      const fix = typeof value === 'string' ? didYouMean(value, options, 'one of') : `one of: ${listed(options)}`;
      if (value === undefined) problems.add(source, path, `missing field ${name}`, `add it; ${fix}`);
      else problems.add(source, path, `${name} is ${shown(value)}, which it cannot be`, fix);
      return;
    }
    case 'invalid_type':
      if (value === undefined) problems.add(source, path, `missing field ${name}`, `add it: ${about}`);
      else problems.add(source, path, `${name} must be ${expected(schemas, issue.expected)}, not ${kindOf(value)}`, about);
      return;
    case 'custom':
      problems.add(source, path, `${name}: ${issue.message}`, (issue.params?.['fix'] as string | undefined) ?? about);
      return;
    case 'too_small':
    case 'too_big':
    case 'invalid_format':
    default:
      problems.add(source, path, `${name}: ${issue.message}`, about);
  }
}

/** The fields of those alternatives that have all the other fields that were written. */
function fieldsBeside(unknown: readonly string[], value: unknown, schemas: readonly JsonSchema[]): string[] {
  const others = Object.keys((value as object | undefined) ?? {}).filter((key) => !unknown.includes(key));
  const fits = schemas.filter(({ properties = {} }) => others.every((key) => Object.hasOwn(properties, key)));
  return [...new Set((fits.length > 0 ? fits : schemas).flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

const mergeFix = 'merge keys are not supported: write the fields out';

function fieldFix(key: string, known: readonly string[], parent: unknown): string {
  const given = Object.keys((parent as object | undefined) ?? {});
  return didYouMean(
    key,
    known.filter((name) => !given.includes(name)),
    'fields that can stand here',
  );
}

/** The problems of the alternative that was most likely meant. */
function closest(alternatives: readonly (readonly z.core.$ZodIssue[])[], value: unknown): readonly z.core.$ZodIssue[] {
  const weigh = (issues: readonly z.core.$ZodIssue[]): number =>
    issues.reduce(
      (sum, issue) => sum + (issue.path.length === 0 && issue.code !== 'unrecognized_keys' ? 100 : 1) + weightOf(issue, value),
      0,
    );
  return alternatives.toSorted((a, b) => weigh(a) - weigh(b))[0] ?? [];
}

/** The schema of that alternative, so that only its own fields are proposed. */
function chosen(schemas: readonly JsonSchema[], errors: readonly (readonly z.core.$ZodIssue[])[], value: unknown): JsonSchema {
  const index = errors.indexOf(closest(errors, value));
  return schemas.find(({ anyOf }) => anyOf?.length === errors.length)?.anyOf?.[index] ?? schemas[0] ?? {};
}

/** The words `uses` and `gate` tell a step from a gate, whatever else is wrong with it. */
function weightOf(issue: z.core.$ZodIssue, value: unknown): number {
  if (issue.code === 'unrecognized_keys') return issue.keys.includes('uses') || issue.keys.includes('gate') ? 50 : issue.keys.length;
  return issue.path.at(-1) === 'gate' && valueAt(value, issue.path as Path) === undefined ? 20 : 0;
}

function described(schemas: readonly JsonSchema[]): string {
  return schemas.find(({ description }) => description !== undefined)?.description ?? 'see the grammar of this file';
}

function expected(schemas: readonly JsonSchema[], fallback: string): string {
  const mark = schemas.find(({ lifeboat }) => lifeboat !== undefined)?.lifeboat;
  if (mark === 'duration') return 'a duration in words, such as "30 seconds"';
  if (mark === 'size') return 'a size in words, such as "1 MB"';
  const names: Readonly<Record<string, string>> = {
    string: 'text',
    object: 'a map',
    record: 'a map',
    array: 'a list',
    int: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
  };
  return names[fallback] ?? fallback;
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : typeof value === 'string' ? 'text' : `${typeof value} ${JSON.stringify(value)}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}
