import type { Recalled, Remembered, SystemState } from '../wire.ts';
import { givenBack, isHeld, shared, wasHeard } from './give-back.ts';
import type { ReturnRequest } from './requests.ts';

/** What ended so long before the last known state may have been heard already, and forgotten that it was. Milliseconds. */
const day = 86_400_000;

/**
 * The state of a system whose workflow somebody had ended: what it knew last, and what the record stores remember of runs that it did
 * not hear of. Pure.
 */
export function resumed(known: SystemState, recalled: Recalled, at: string): SystemState {
  const state = told(known, recalled);
  return { ...state, rebuilt: { at, epoch: state.epoch, from: ['its own workflow, which somebody had ended', ...recalled.from] } };
}

/**
 * The state of a system of which the server knows nothing: of what the record stores remember, and of where the world says that it
 * serves. What nothing remembers is gone: findings with their owners, and a stop. Pure.
 * @param blank what has been said of it since.
 * @param active the site that serves.
 */
export function rebuilt(blank: SystemState, recalled: Recalled, active: string, at: string): SystemState {
  const { fences, ...state } = told(blank, recalled);
  // Whoever lifted the fence against what serves, it stands no longer.
  const contradicted = fences.filter(({ host }) => recalled.serving.includes(host));
  const from = [
    `${active} serves, as the world was asked`,
    ...recalled.from,
    ...contradicted.map(({ host }) => `${host} serves, against which a fence stood`),
  ];
  return {
    ...state,
    active,
    // Plans that are compiled while nothing is known have this epoch.
    epoch: 0,
    holder: null,
    head: recalled.head,
    fences: fences.filter((fence) => !contradicted.includes(fence)),
    // Of what nobody ever knew, nothing was lost.
    ...(recalled.from.length === 0 ? {} : { rebuilt: { at, epoch: 0, from } }),
  };
}

export function unknown(system: string): SystemState {
  return { system, active: null, epoch: 0, holder: null, fences: [], unprotectedSince: null, lastRun: null };
}

/** Whether nothing is known of the system, but perhaps what people said of it. Pure. */
export function isBlank({ active, epoch, lastRun }: SystemState): boolean {
  return active === null && epoch === 0 && lastRun === null;
}

/** With what the records of its runs tell, oldest first; a run that is recorded at several sites counts once. */
function told(base: SystemState, { runs }: Recalled): SystemState {
  const since = base.lastRun === null ? 0 : Date.parse(base.lastRun.at) - day;
  const once = new Map(runs.map((run) => [run.runId, run]));
  return [...once.values()]
    .filter((run) => Date.parse(run.at) > since)
    .toSorted((one, other) => one.at.localeCompare(other.at))
    .reduce(learnt, base);
}

function learnt(state: SystemState, { at, shared: isShared, ...run }: Remembered): SystemState {
  const request: ReturnRequest = { ...run, epoch: null };
  if (wasHeard(state, request)) return state;
  return !isShared && isHeld(state, request) ? givenBack(state, request, at) : shared(state, request, at);
}
