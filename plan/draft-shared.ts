import type { RunbookGate, RunbookStep } from './grammar/runbook.ts';
import { typesOf } from './input.ts';
import type { Mode, Reference } from './plan.ts';
import type { Path } from './problem.ts';
import { resolveReference } from './resolve.ts';
import type { LateUse } from './resolve.ts';
import type { Scope } from './scope.ts';

/** The `if` of a step: one boolean, looked up while the run goes on. */
export function conditionOf(raw: RunbookStep | RunbookGate, path: Path, scope: Scope, late: LateUse[]): Reference | undefined {
  if (raw.if === undefined) return undefined;
  const where = [...path, 'if'];
  const reference = resolveReference(raw.if, where, scope, late);
  const types = reference === undefined ? [] : typesOf(reference.$ref, scope);
  if (types.length > 0 && !types.includes('boolean'))
    scope.problems.add(
      scope.runbook,
      where,
      `"${reference!.$ref.join('.')}" is ${types.join(' or ')}, not boolean`,
      'name a boolean parameter or output',
    );
  return reference;
}

/** The one mode in which it runs. A step of rehearsals alone runs there in both. */
export function modeOf({ only }: RunbookStep | RunbookGate): Mode | undefined {
  return only === 'rehearsal' ? undefined : only;
}

/** What steps and gates have alike. */
export function shared(raw: RunbookStep | RunbookGate, path: Path, condition: Reference | undefined, scope: Scope) {
  return {
    id: raw.id,
    needs: [...new Set(raw.needs)],
    ...(modeOf(raw) === undefined ? {} : { only: modeOf(raw)! }),
    ...(condition === undefined ? {} : { if: condition }),
    line: scope.runbook.at(path).line,
  };
}
