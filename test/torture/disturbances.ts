import type { Mode } from '../../plan/plan.ts';
import type { Random } from './random.ts';
import type { Theatre } from './theatre.ts';

/** Who is where when a round begins. */
export interface Cast {
  readonly source: { readonly site: string; readonly host: string };
  readonly target: { readonly site: string; readonly host: string };
}

/** Something that goes wrong. `act` does it and returns at once; what can be ended is ended by the healing after the round. */
export interface Disturbance {
  readonly name: string;
  /** Modes in which it is thrown; default: both. */
  readonly only?: Mode;
  act(theatre: Theatre, cast: Cast): Promise<unknown>;
}

const fault = (name: string, words: (cast: Cast) => readonly string[], only?: Mode): Disturbance => ({
  name,
  ...(only === undefined ? {} : { only }),
  act: (theatre, cast) => theatre.fault(name, ...words(cast)),
});

const disturbances: readonly Disturbance[] = [
  fault('kill-primary', ({ source }) => [source.host]),
  fault('freeze-primary', ({ source }) => [source.host], 'unplanned'),
  fault('power-cut', ({ source }) => [source.host]),
  fault('cut-between', () => []),
  fault('cut-site', ({ source }) => [source.site]),
  fault('loss', ({ source }) => [source.site, '20']),
  fault('thin', ({ target }) => [target.site, '256']),
  fault('controller-dead', ({ source }) => [source.host], 'unplanned'),
  fault('controller-lies', ({ source }) => [source.host], 'unplanned'),
  fault('controller-hangs', ({ source }) => [source.host], 'unplanned'),
  { name: 'kill-standby', act: (theatre, { target }) => theatre.fault('kill-primary', target.host) },
  { name: 'kill-worker-at-target', act: (theatre, { target }) => theatre.killWorker(target.site) },
  { name: 'kill-worker-at-source', act: (theatre, { source }) => theatre.killWorker(source.site) },
  { name: 'freeze-worker-at-target', act: (theatre, { target }) => theatre.freezeWorker(target.site) },
];

/** A disturbance, and when it is thrown: milliseconds after the run was started; negative, before it. */
export interface Throw {
  readonly disturbance: Disturbance;
  readonly after: number;
}

/** What goes wrong in a round: up to three things. An unplanned run has a cause, which stands before it. */
export function draw(random: Random, mode: Mode): readonly Throw[] {
  const some = disturbances.filter(({ only }) => only === undefined || only === mode);
  const causes = some.filter(({ name }) => ['kill-primary', 'power-cut', 'cut-between', 'cut-site', 'freeze-primary'].includes(name));
  const thrown: Throw[] = mode === 'unplanned' ? [{ disturbance: random.pick(causes), after: -random.between(200, 1_500) }] : [];
  for (let left = random.between(0, 2); left > 0; left -= 1)
    thrown.push({ disturbance: random.pick(some), after: random.between(0, 4_000) });
  return thrown.toSorted((one, other) => one.after - other.after);
}
