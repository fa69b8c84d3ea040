import type { BorrowAnswer, SystemState } from '../wire.ts';
import type { BorrowRequest } from './requests.ts';

/** Decides a loan. Pure. */
export function lend(
  state: SystemState,
  request: BorrowRequest,
  at: string,
): { readonly answer: BorrowAnswer; readonly next: SystemState | null } {
  const { holder } = state;
  const granted = (epoch: number, note: string): BorrowAnswer => ({ granted: true, epoch, note, ...knownTo(state, request) });
  if (holder && holder.runId === request.runId) return { answer: granted(state.epoch, 'held already'), next: null };
  const why = forbidden(state, request, at);
  if (why !== null) return { answer: { granted: false, stale: false, holder: '', note: why }, next: null };
  const dead = holder !== null && holder.runId === request.evict;
  if (dead && holder.live) {
    // What it changed before it died is not in any plan compiled until now.
    const note = `${holder.workflowId} held ${state.system} and runs no longer`;
    return { answer: { granted: false, stale: true, holder: '', note }, next: { ...state, epoch: state.epoch + 1, holder: null } };
  }
  if (holder !== null && !dead && !goesBefore(request, holder)) {
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
  if (request.shares) return { answer: granted(state.epoch, `shared at epoch ${state.epoch}`), next: null };
  const epoch = state.epoch + 1;
  const taken = holder === null ? '' : `, taken from ${holder.workflowId}`;
  const moved =
    state.active !== null && state.active !== request.active
      ? `; served by ${request.active}, which was last known at ${state.active}`
      : '';
  return {
    answer: granted(epoch, `epoch ${epoch}${taken}${moved}${rebuiltOf(state)}`),
    next: {
      ...state,
      active: request.active,
      epoch,
      holder: { workflowId: request.workflowId, runId: request.runId, kind: request.kind, live: request.live, since: at },
    },
  };
}

/** Nothing is known of it: ask again with what the record stores remember. */
export const lost = (system: string): BorrowAnswer => ({
  granted: false,
  stale: false,
  holder: '',
  note: `nothing is known of ${system}`,
  lost: true,
});

/** Runs whose durations a borrower is told, and findings. */
const [told, toldOf] = [5, 40];

function knownTo(
  { fences, measured, findings }: SystemState,
  { runbook }: BorrowRequest,
): Pick<BorrowAnswer & { granted: true }, 'fenced' | 'measured' | 'known'> {
  const runs = runbook === undefined ? undefined : measured?.[runbook]?.slice(-told);
  const known = findings
    ?.filter((finding) => finding.runbook === runbook && finding.state !== 'closed')
    .slice(0, toldOf)
    .map(({ id, weight, state, firstSeen, times, owner, due, word }) => ({ id, weight, state, firstSeen, times, owner, due, word }));
  return {
    fenced: fences.map(({ host }) => host),
    ...(runs === undefined ? {} : { measured: runs }),
    ...(known === undefined || known.length === 0 ? {} : { known }),
  };
}

function rebuiltOf({ epoch, rebuilt }: SystemState): string {
  return rebuilt?.epoch === epoch ? `; what was known had been lost, and was made again from: ${rebuilt.from.join('; ')}` : '';
}

type Claim = Pick<BorrowRequest, 'kind' | 'live' | 'shares'>;

/** A live failover goes before everything but another, a live failback or restore before what is not live. Those that share wait for all. */
function goesBefore(claim: Claim, holder: Claim): boolean {
  return rank(claim) > rank(holder);
}

function rank({ kind, live, shares }: Claim): number {
  if (!live || shares) return 0;
  return kind === 'failover' ? 2 : 1;
}

/** Why nobody gets the system now; null: somebody may. */
function forbidden({ system, stopped, rest }: SystemState, { kind, live }: Claim, at: string): string | null {
  if (stopped)
    return `${system} was stopped by ${stopped.by} at ${stopped.at}: ${stopped.reason}. When effects are allowed again: lifeboat resume ${system}`;
  if (live && kind === 'failover' && rest && rest.until > at)
    return `${system} rests until ${rest.until}: ${rest.why}. Where it has to be moved again all the same: lifeboat resume ${system} --lift-rest`;
  return null;
}
