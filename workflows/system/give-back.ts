import { learn } from '../known-backups.ts';
import type { Looked, Promised, Provable, SystemState } from '../wire.ts';
import { merged } from './findings.ts';
import { measuredAfter } from './measured.ts';
import { provenAfter } from './proven.ts';
import type { ReturnRequest } from './requests.ts';

/** Runs that are remembered, so that what one tells twice counts once. */
const remembered = 200;

/** Whether this run has given back already: an answer that was lost is asked for again. Pure. */
export function wasHeard({ heard = [] }: SystemState, { runId }: ReturnRequest): boolean {
  return heard.includes(runId);
}

/** A holder that was overtaken gives nothing back: what it knows is older than the loan that stands. Pure. */
export function isHeld({ holder, epoch }: SystemState, request: ReturnRequest): boolean {
  // What acted on copies, or only looked, says nothing of who serves.
  if (request.rehearsed !== undefined || request.looked !== undefined) return false;
  // Without a loan, or with one that it never heard of: what it did is true unless another has the system.
  if (request.epoch === null) return holder === null || holder.runId === request.runId;
  return holder?.workflowId === request.workflowId && epoch === request.epoch;
}

/** Whether one that holds nothing has something to tell. Pure. */
export function tellsAnything({ backups = [], rehearsed, looked, walked }: ReturnRequest): boolean {
  return backups.length > 0 || rehearsed !== undefined || looked !== undefined || walked !== undefined;
}

/** What is known once a loan has ended. Pure. */
export function givenBack(state: SystemState, request: ReturnRequest, at: string): SystemState {
  const { verdict } = request;
  const unprotected = verdict === 'recovered, unprotected';
  const follows = verdict === 'recovered' || (verdict === 'restored' && request.protected === true);
  return {
    ...shared(state, request, at),
    // Higher than the loan: a plan compiled while it stood is as old as one compiled before it.
    epoch: state.epoch + 1,
    holder: null,
    active: request.serving ?? state.active,
    // A fence outlives its run: it stands until the old primary is rewound, or people lift it.
    fences: fencesAfter(state.fences, request),
    unprotectedSince: unprotected ? (state.unprotectedSince ?? at) : follows ? null : state.unprotectedSince,
    rest: restAfter(state, request, at),
  };
}

/** What a run that shared the system leaves. Pure. */
export function shared(state: SystemState, request: ReturnRequest, at: string): SystemState {
  const { workflowId, runId, verdict, promised, notify, looked } = request;
  const backups = learn(state.backups ?? [], request.backups ?? []);
  return {
    ...state,
    ...(backups.length > 0 ? { backups } : {}),
    proven: provenAfter(state, request, backups, at),
    measured: measuredAfter(state.measured, request, at),
    findings: merged(state.findings ?? [], request, at),
    ...(promised === undefined ? {} : promising(state, promisedAfter(state, promised, looked), at)),
    ...(notify === undefined ? {} : { notify }),
    ...(looked === undefined ? {} : { ready: { is: looked.ready, at, because: looked.because } }),
    lastRun: looked === undefined ? { workflowId, runId, verdict, at } : state.lastRun,
    heard: [...(state.heard ?? []), runId].slice(-remembered),
  };
}

/** That looks are scheduled only a look knows: the plans of runs do not. */
function promisedAfter({ promised: before }: SystemState, promised: Promised, looked: Looked | undefined): Promised {
  return looked !== undefined || before?.readiness === undefined ? promised : { readiness: before.readiness, ...promised };
}

function promising({ promisedSince = {} }: SystemState, promised: Promised, at: string): Pick<SystemState, 'promised' | 'promisedSince'> {
  const kinds = Object.keys(promised) as Provable[];
  return { promised, promisedSince: Object.fromEntries(kinds.map((what) => [what, promisedSince[what] ?? at])) };
}

/** One for each host: the newest, unless it was lifted. */
function fencesAfter(standing: SystemState['fences'], { fences, lifted = [] }: ReturnRequest): SystemState['fences'] {
  const again = new Set([...fences.map(({ host }) => host), ...lifted]);
  const newest = fences.filter(({ host, at }) => !fences.some((other) => other.host === host && other.at > at));
  return [...standing.filter(({ host }) => !again.has(host)), ...newest];
}

/** A system that was moved just now is not moved again before it had time to settle. */
function restAfter(
  state: SystemState,
  { rest, verdict, workflowId, serving }: ReturnRequest,
  at: string,
): NonNullable<SystemState['rest']> | null {
  if (rest === undefined || rest <= 0 || !verdict.startsWith('recovered')) return state.rest ?? null;
  const until = new Date(Date.parse(at) + rest).toISOString();
  return { until, why: `${workflowId} moved it to ${serving ?? 'its other site'} just before` };
}
