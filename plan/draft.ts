import { makeAction } from './action.ts';
import type { Made, Way } from './action.ts';
import { draftGate } from './draft-gate.ts';
import { conditionOf, shared } from './draft-shared.ts';
import type { RunbookStep } from './grammar/runbook.ts';
import { jsonSchema } from './json-schema.ts';
import type { Gate, Mode, PlanNode, Step } from './plan.ts';
import type { Path } from './problem.ts';
import { resolveNow } from './resolve.ts';
import type { LateUse } from './resolve.ts';
import type { Scope } from './scope.ts';

/** A step of the runbook with its names looked up, before it is seen among the others. */
export interface Draft {
  readonly index: number;
  readonly id: string;
  readonly path: Path;
  readonly only: Mode | undefined;
  readonly conditional: boolean;
  /** The ways to carry it out, the first one first; empty for a gate, and where no type is known. */
  readonly ways: readonly Made[];
  readonly gate: Omit<Gate, 'remaining'> | undefined;
  readonly step: Omit<Step, 'remaining' | 'proofs'> | undefined;
  /** References that the run looks up. */
  readonly late: readonly LateUse[];
  /** Usual duration, milliseconds. */
  readonly expected: number;
}

export function draftNode(index: number, scope: Scope): Draft {
  const raw = scope.runbook.data.steps[index]!;
  return 'gate' in raw ? draftGate(raw, index, scope) : draftStep(raw, index, scope);
}

/** The finished node of a plan. */
export function finish(draft: Draft, remaining: number, proofs: readonly string[]): PlanNode {
  return draft.gate === undefined ? { ...draft.step!, remaining, proofs } : { ...draft.gate, remaining };
}

function draftStep(raw: RunbookStep, index: number, scope: Scope): Draft {
  const path: Path = ['steps', index];
  const late: LateUse[] = [];
  if (raw['for-each'] !== undefined)
    scope.problems.add(scope.runbook, [...path, 'for-each'], '"for-each" is not supported yet', 'write a step for each of them', 'key');
  const main: Way = { ...raw, path, usesPath: [...path, 'uses'], withPath: [...path, 'with'] };
  const first = makeAction(main, scope, late);
  const others = raw.else.map((_, place) => makeAction(otherWay(raw, place, main, scope), scope, late));
  const ways = [first, ...others].filter((made) => made !== undefined);
  const base = { index, id: raw.id, path, only: raw.only, conditional: raw.if !== undefined, ways, gate: undefined, late };
  const condition = conditionOf(raw, path, scope, late);
  if (first === undefined) return { ...base, step: undefined, expected: 0 };
  const acts = Object.keys(first.action.hosts).join(', ') || (typeof raw.with['to'] === 'string' ? raw.with['to'] : '');
  const summary = raw.summary === undefined ? `${first.action.uses} ${acts}`.trim() : resolveNow(raw.summary, [...path, 'summary'], scope);
  const step: Draft['step'] = {
    kind: 'step',
    ...shared(raw, path, condition, scope),
    action: first.action,
    else: ways.filter((made) => made !== first).map(({ action }) => action),
    summary: summary ?? '',
  };
  return { ...base, step, expected: first.type.expected };
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
