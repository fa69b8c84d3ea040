import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineUpdate,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { now } from './journal.ts';
import { learn } from './known-backups.ts';
import type { BorrowAnswer, BorrowInput, Loan, ReturnInput, SystemState } from './wire.ts';

/** Who asks for the system; `evict` names a holder that is known to run no longer. */
export type BorrowRequest = BorrowInput & { readonly workflowId: string; readonly runId: string; readonly evict?: string };
export type ReturnRequest = ReturnInput & { readonly workflowId: string; readonly runId: string };

/**
 * Stands for one system for as long as it is protected: who holds it, which site serves, which fences stand.
 * Every loan carries an epoch higher than all before.
 */
export async function system(name: string, carried?: SystemState): Promise<void> {
  let state: SystemState = carried ?? {
    system: name,
    active: null,
    epoch: 0,
    holder: null,
    fences: [],
    unprotectedSince: null,
    lastRun: null,
  };
  const become = (next: SystemState): void => {
    const known = state.backups;
    state = next;
    upsertMemo({ loan: { epoch: state.epoch, active: state.active, runId: state.holder?.runId ?? null } satisfies Loan });
    if (next.backups?.length && next.backups !== known) upsertMemo({ backups: next.backups });
  };
  setHandler(defineQuery<SystemState>('state'), () => state);
  setHandler(defineUpdate<BorrowAnswer, [BorrowRequest]>('borrow'), (request) => {
    const { answer, next } = lend(state, request);
    if (next) become(next);
    return answer;
  });
  setHandler(defineUpdate<void, [ReturnRequest]>('return'), (request) => {
    // A holder that was overtaken gives nothing back: what it knows is older than the loan that stands.
    const held =
      request.epoch === null
        ? // It had no loan, or one that it never heard of: what it did is true unless another has the system.
          state.holder === null || state.holder.runId === request.runId
        : state.holder?.workflowId === request.workflowId && state.epoch === request.epoch;
    if (held) become(givenBack(state, request));
    else if (request.backups?.length) become(shared(state, request));
  });
  await condition(() => workflowInfo().continueAsNewSuggested && state.holder === null);
  await condition(allHandlersFinished);
  await continueAsNew<typeof system>(name, state);
}

/** Decides a loan. Pure. */
export function lend(state: SystemState, request: BorrowRequest): { readonly answer: BorrowAnswer; readonly next: SystemState | null } {
  const { holder } = state;
  const fenced = state.fences.map(({ host }) => host);
  if (holder && holder.runId === request.runId)
    return { answer: { granted: true, epoch: state.epoch, note: 'held already', fenced }, next: null };
  const dead = holder !== null && holder.runId === request.evict;
  if (dead && holder.live) {
    // What it changed before it died is not in any plan compiled until now.
    const note = `${holder.workflowId} held ${state.system} and runs no longer`;
    return { answer: { granted: false, stale: true, holder: '', note }, next: { ...state, epoch: state.epoch + 1, holder: null } };
  }
  const free = holder === null || dead || (request.live && !holder.live && !request.shares);
  if (!free) {
    const note = `${state.system} is held by ${holder.kind} ${holder.workflowId} since ${holder.since}: follow it with "lifeboat status ${holder.workflowId}"`;
    return { answer: { granted: false, stale: false, holder: holder.workflowId, note }, next: null };
  }
  if (state.epoch !== request.epoch) {
    return {
      answer: { granted: false, stale: true, holder: '', note: `${state.system} was lent to another run since the plan was compiled` },
      next: null,
    };
  }
  // Those that share hold nothing: a run that takes the system raises the epoch, and their next change is refused.
  if (request.shares) return { answer: { granted: true, epoch: state.epoch, note: `shared at epoch ${state.epoch}`, fenced }, next: null };
  const epoch = state.epoch + 1;
  const taken = holder === null ? '' : `, taken from ${holder.workflowId}`;
  const moved =
    state.active !== null && state.active !== request.active
      ? `; served by ${request.active}, which was last known at ${state.active}`
      : '';
  return {
    answer: { granted: true, epoch, note: `epoch ${epoch}${taken}${moved}`, fenced },
    next: {
      ...state,
      active: request.active,
      epoch,
      holder: { workflowId: request.workflowId, runId: request.runId, kind: request.kind, live: request.live, since: now() },
    },
  };
}

/** What is known once a loan has ended. Pure. */
export function givenBack(state: SystemState, request: ReturnRequest): SystemState {
  const { verdict } = request;
  const unprotected = verdict === 'recovered, unprotected';
  const follows = verdict === 'recovered' || (verdict === 'restored' && request.protected === true);
  return {
    ...state,
    // Higher than the loan: a plan compiled while it stood is as old as one compiled before it.
    epoch: state.epoch + 1,
    holder: null,
    active: request.serving ?? state.active,
    // A fence outlives its run: it stands until the old primary is rewound, or people lift it.
    fences: fencesAfter(state.fences, request),
    ...learnt(state, request),
    unprotectedSince: unprotected ? (state.unprotectedSince ?? now()) : follows ? null : state.unprotectedSince,
    lastRun: { workflowId: request.workflowId, runId: request.runId, verdict: request.verdict, at: now() },
  };
}

/** What a run that shared the system leaves. Pure. */
export function shared(state: SystemState, request: ReturnRequest): SystemState {
  return {
    ...state,
    ...learnt(state, request),
    lastRun: { workflowId: request.workflowId, runId: request.runId, verdict: request.verdict, at: now() },
  };
}

/** One for each host: the newest, unless it was lifted. */
function fencesAfter(standing: SystemState['fences'], { fences, lifted = [] }: ReturnRequest): SystemState['fences'] {
  const again = new Set([...fences.map(({ host }) => host), ...lifted]);
  const newest = fences.filter(({ host, at }) => !fences.some((other) => other.host === host && other.at > at));
  return [...standing.filter(({ host }) => !again.has(host)), ...newest];
}

function learnt(state: SystemState, { backups = [] }: ReturnRequest): Pick<SystemState, 'backups'> {
  const known = learn(state.backups ?? [], backups);
  return known.length > 0 ? { backups: known } : {};
}
