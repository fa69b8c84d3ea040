import { z } from 'zod';
import type { Json } from '../../plan/plan.ts';

type Schema = z.core.JSONSchema.BaseSchema;

/** A value of this shape, the plainest one. Throws where there is none to be thought of. */
export function sample(shape: z.ZodType): Json {
  return plainest(z.toJSONSchema(shape, { io: 'output', unrepresentable: 'any' }));
}

function plainest(schema: Schema): Json {
  if (schema.const !== undefined) return schema.const as Json;
  if (schema.enum !== undefined) return schema.enum[0] as Json;
  const [one] = schema.anyOf ?? schema.oneOf ?? [];
  if (one !== undefined) return plainest(one as Schema);
  const kind = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (kind === 'object')
    return Object.fromEntries((schema.required ?? []).map((name) => [name, plainest(schema.properties![name] as Schema)]));
  if (kind === 'array') return [];
  if (kind === 'number' || kind === 'integer') return Math.max(1, schema.minimum ?? 1);
  if (kind === 'boolean') return true;
  return kind === 'null' ? null : 'played';
}
