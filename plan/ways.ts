import { makeAction } from './action.ts';
import type { Made, Way } from './action.ts';
import type { RunbookStep } from './grammar/runbook.ts';
import { jsonSchema } from './json-schema.ts';
import type { Path } from './problem.ts';
import type { LateUse } from './resolve.ts';
import type { Scope } from './scope.ts';

/** The ways to carry a step out, its own first; none where its type is not known. */
export function waysOfStep(raw: RunbookStep, path: Path, scope: Scope, late: LateUse[]): readonly Made[] {
  const main: Way = { ...raw, path, usesPath: [...path, 'uses'], withPath: [...path, 'with'] };
  const first = makeAction(main, scope, late);
  const others = raw.else.map((_, place) => makeAction(otherWay(raw, place, main, scope), scope, late));
  return first === undefined ? [] : [first, ...others.filter((made) => made !== undefined)];
}

/** A bare type takes those fields of the step's input that it knows. */
function otherWay(raw: RunbookStep, place: number, main: Way, scope: Scope): Way {
  const other = raw.else[place]!;
  const path: Path = [...main.path, 'else', place];
  if (typeof other !== 'string')
    return {
      ...other,
      at: other.at,
      with: other.with ?? known(other.uses, main.with, scope),
      approvers: raw.approvers,
      path,
      usesPath: [...path, 'uses'],
      withPath: other.with === undefined ? main.withPath : [...path, 'with'],
    };
  return {
    uses: other,
    with: known(other, main.with, scope),
    approvers: raw.approvers,
    path: main.path,
    usesPath: path,
    withPath: main.withPath,
  };
}

function known(uses: string, input: Way['with'], scope: Scope): Way['with'] {
  const type = scope.types.get(uses);
  const fields = type && jsonSchema(type.input).properties;
  return fields === undefined ? input : Object.fromEntries(Object.entries(input).filter(([field]) => Object.hasOwn(fields, field)));
}
