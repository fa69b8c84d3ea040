import type { Made } from './action.ts';
import { draftGate } from './draft-gate.ts';
import { draftBranch } from './draft-branch.ts';
import type { DraftBranch } from './draft-branch.ts';
import { conditionOf, modeOf, shared } from './draft-shared.ts';
import type { RunbookStep } from './grammar/runbook.ts';
import type { Child, Gate, Mode, PlanNode, Step } from './plan.ts';
import type { Path } from './problem.ts';
import { resolveNow } from './resolve.ts';
import type { LateUse } from './resolve.ts';
import type { Scope } from './scope.ts';
import { waysOfStep } from './ways.ts';

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
  readonly branch: DraftBranch | undefined;
  /** References that the run looks up. */
  readonly late: readonly LateUse[];
  /** Usual duration, milliseconds. */
  readonly expected: number;
}

export function draftNode(index: number, scope: Scope): Draft {
  const raw = scope.runbook.data.steps[index]!;
  if ('gate' in raw) return draftGate(raw, index, scope);
  return raw['for-each'] !== undefined || raw.uses === 'runbook' ? draftBranch(raw, index, scope) : draftStep(raw, index, scope);
}

/** The finished node of a plan; `children` of a branch. */
export function finish(
  draft: Draft,
  remaining: number,
  proofs: readonly string[],
  children: readonly Child[],
  rehearsal?: Step['rehearsal'],
): PlanNode {
  if (draft.gate !== undefined) return { ...draft.gate, remaining };
  const rehearsed = rehearsal === undefined ? {} : { rehearsal };
  if (draft.branch !== undefined) return { ...draft.branch.node, ...rehearsed, children, remaining };
  return { ...draft.step!, ...rehearsed, remaining, proofs };
}

function draftStep(raw: RunbookStep, index: number, scope: Scope): Draft {
  const path: Path = ['steps', index];
  const late: LateUse[] = [];
  const ways = waysOfStep(raw, path, scope, late);
  const [first] = ways;
  const base = {
    index,
    id: raw.id,
    path,
    only: modeOf(raw),
    conditional: raw.if !== undefined,
    ways,
    gate: undefined,
    branch: undefined,
    late,
  };
  const condition = conditionOf(raw, path, scope, late);
  if (first === undefined) return { ...base, step: undefined, expected: 0 };
  const summary = raw.summary === undefined ? summaryOf(first) : resolveNow(raw.summary, [...path, 'summary'], scope);
  const step: Draft['step'] = {
    kind: 'step',
    ...shared(raw, path, condition, scope),
    action: first.action,
    else: ways.filter((made) => made !== first).map(({ action }) => action),
    summary: summary ?? '',
  };
  return { ...base, step, expected: first.type.expected };
}

/** The type, and what it acts on. */
function summaryOf({ action: { uses, hosts, with: input } }: Made): string {
  const named = (field: string): string => (typeof input[field] === 'string' ? input[field] : '');
  const acts = Object.keys(hosts).join(', ') || [named('site'), named('id')].filter((word) => word !== '').join(' ') || named('to');
  return `${uses} ${acts}`.trim();
}
