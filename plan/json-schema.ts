import { z } from 'zod';

/** As much of JSON Schema as zod writes and we read. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  /** Mark of a field with a meaning of its own: `host`, `notify`, `role`, `duration`, `size`, `secret`. */
  readonly lifeboat?: string;
  readonly properties?: { readonly [name: string]: JsonSchema };
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

const known = new WeakMap<z.ZodType, { [io: string]: JsonSchema }>();

/** JSON Schema of what a person writes (`input`) or of what comes out (`output`). */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output' = 'input'): JsonSchema {
  const made = known.get(schema) ?? {};
  known.set(schema, made);
  return (made[io] ??= z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }) as JsonSchema);
}

/** Every schema that describes the value at a path: more than one where there are alternatives, none where it cannot be. */
export function schemaAt(schema: JsonSchema, path: readonly (string | number)[]): JsonSchema[] {
  let here = alternatives(schema);
  for (const part of path) here = here.flatMap((candidate) => child(candidate, part)).flatMap(alternatives);
  return here;
}

/** A schema and all that it may be instead. */
export function alternatives(schema: JsonSchema): JsonSchema[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...inner.flatMap(alternatives)];
}

/** The schema of one field or item. */
export function child(schema: JsonSchema, part: string | number): JsonSchema[] {
  if (typeof part === 'string' && schema.properties !== undefined && Object.hasOwn(schema.properties, part))
    return [schema.properties[part]!];
  if (/^\d+$/.test(String(part))) {
    const item = schema.prefixItems?.[Number(part)] ?? schema.items;
    if (typeof item === 'object') return [item];
  }
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : [];
}
