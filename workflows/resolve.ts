import type { Json, Late, Reference, Template } from '../plan/plan.ts';

/** Looks a path up; undefined where there is nothing. */
export type Lookup = (path: readonly string[]) => Json | undefined;

/** A reference that leads nowhere: the step that should have filled it was skipped, or left the output out. */
export class Unresolved extends Error {
  override readonly name = 'Unresolved';
  constructor(path: readonly string[]) {
    super(`nothing stands at \${{ ${path.join('.')} }}`);
  }
}

/** Puts the value in place of every reference. Nothing is evaluated. */
export function resolve(value: Late, lookup: Lookup): Json {
  if (isReference(value)) return found(value, lookup);
  if (isTemplate(value)) return value.$text.map((part) => (typeof part === 'string' ? part : worded(found(part, lookup)))).join('');
  if (Array.isArray(value)) return value.map((item: Late) => resolve(item, lookup));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value as { [key: string]: Late }).map(([key, item]) => [key, resolve(item, lookup)]));
  }
  return value as Json;
}

/** Whether a value holds a reference that only the run can fill. */
export function isLate(value: Late): boolean {
  if (isReference(value) || isTemplate(value)) return true;
  if (Array.isArray(value)) return value.some((item: Late) => isLate(item));
  return typeof value === 'object' && value !== null && Object.values(value as { [key: string]: Late }).some(isLate);
}

export function worded(value: Json): string {
  if (value === null) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function found(reference: Reference, lookup: Lookup): Json {
  const value = lookup(reference.$ref);
  if (value === undefined) throw new Unresolved(reference.$ref);
  return value;
}

function isReference(value: Late): value is Reference {
  return typeof value === 'object' && value !== null && '$ref' in value;
}

function isTemplate(value: Late): value is Template {
  return typeof value === 'object' && value !== null && '$text' in value;
}
