import type { Provable, Summary, SystemState } from '../wire.ts';

/** A memo is for a few words: the server warns beyond 2 KiB. Bytes. */
const most = 1_900;
const points = 12;
/** How long a text may be, where everything fits, and where it does not. Characters. */
const lengths = [160, 60, 20];

/** What a list of all systems shows of one, in few enough words for a memo. Pure. */
export function summaryOf(state: SystemState): Summary {
  const rooms = lengths.map((length) => briefly(state, length));
  const whole = rooms.find((summary) => bytes(summary) <= most) ?? rooms.at(-1)!;
  let trend = trendOf(state);
  // What is oldest is missed least.
  while (trend.length > 0 && bytes({ ...whole, trend }) > most) trend = trend.slice(1);
  return { ...whole, trend };
}

function briefly(state: SystemState, length: number): Summary {
  const { findings = [], proven = {}, lastRun, holder, stopped } = state;
  const brief = (text: string): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);
  return {
    system: state.system,
    active: state.active,
    epoch: state.epoch,
    holder: holder && brief(holder.workflowId),
    fences: state.fences.length,
    unprotectedSince: state.unprotectedSince,
    proven: Object.fromEntries(Object.entries(proven).map(([what, { at }]) => [what as Provable, at])),
    promised: state.promised ?? {},
    ready: state.ready?.is ?? null,
    because: brief(state.ready?.because[0] ?? ''),
    alarms: (state.alarms ?? []).map(({ what }) => what),
    findings: {
      open: findings.filter((one) => one.state === 'open').length,
      must: findings.filter((one) => one.state === 'open' && one.weight === 'must').length,
      accepted: findings.filter((one) => one.state === 'accepted').length,
    },
    rest: state.rest?.until ?? null,
    stopped: stopped ? brief(`${stopped.by}: ${stopped.reason}`) : null,
    head: state.head ?? null,
    lastRun: lastRun && { run: brief(lastRun.workflowId), verdict: brief(lastRun.verdict), at: lastRun.at },
    trend: [],
  };
}

const bytes = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;

function trendOf({ measured = {} }: SystemState): Summary['trend'] {
  return Object.values(measured)
    .flat()
    .flatMap(({ at, live, good, recovery: { time, point } }) =>
      time === null ? [] : [{ at, live, good, time: Math.round(time), ...(point === null ? {} : { point: Math.round(point) }) }],
    )
    .toSorted((one, other) => one.at.localeCompare(other.at))
    .slice(-points);
}
