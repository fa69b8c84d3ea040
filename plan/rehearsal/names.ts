import type { StepType } from '../../activities/step.ts';
import { alternatives, child, jsonSchema, type JsonSchema } from '../json-schema.ts';
import type { Late } from '../plan.ts';
import type { Scope } from '../scope.ts';
import { copyName, originalName } from './copy-name.ts';

type Fields = { readonly [field: string]: Late };

/** A step's input with the names that a rehearsal has for its hosts: their copies, or themselves where the type only proves something of them. */
export function rehearsalNames(type: StepType, input: Fields, scope: Scope): Fields {
  const { hosts } = scope.inventory.data;
  const named = (name: string): string => {
    if (type.proves) return originalName(name);
    return Object.hasOwn(hosts, copyName(name)) ? copyName(name) : name;
  };
  return renamed(input, [jsonSchema(type.input)], named) as Fields;
}

function renamed(value: Late, schemas: readonly JsonSchema[], named: (name: string) => string): Late {
  const here = schemas.flatMap(alternatives);
  if (typeof value === 'string') return here.some(({ lifeboat }) => lifeboat === 'host') ? named(value) : value;
  if (typeof value !== 'object' || value === null || '$ref' in value || '$text' in value) return value;
  const inside = (key: string | number): JsonSchema[] => here.flatMap((schema) => child(schema, key));
  if (Array.isArray(value)) return (value as Late[]).map((item, index) => renamed(item, inside(index), named));
  return Object.fromEntries(Object.entries(value as Fields).map(([key, item]) => [key, renamed(item, inside(key), named)]));
}
