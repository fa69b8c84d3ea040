import { normal, student, type Random } from './random.ts';

/** How long the steps of a run or rehearsal took, milliseconds by step. */
export interface PastRun {
  readonly durations: { readonly [step: string]: number };
}

/** Draws how long each step will take in one more run, milliseconds by its place. */
export type Draw = (into: Float64Array) => void;

/** From so many runs on, whole runs are drawn: how slow days hang together is then seen, and need not be modelled. */
const enough = 12;
/** Spread of the logarithm, where one sample or none says nothing of it. */
const unknown = { once: 0.5, never: 0.7 };
/** With fewer degrees of freedom the tails of the t distribution are no duration any more. */
const least = 3;
const farthest = 6;

interface Fitted {
  readonly mean: number;
  readonly spread: number;
  readonly count: number;
  readonly own: number;
}

/**
 * Learns from past runs how long steps take: logarithms with a share that all steps of a run have in common (a slow day) and one of
 * their own. `usual`: what is expected of a step that was never measured. Nothing is ever drawn from a run that was not there.
 */
export function fit(steps: readonly string[], runs: readonly PastRun[], usual: (step: string) => number, from: Random): Draw {
  const logs = runs.map(({ durations }) =>
    steps.map((step) => (durations[step] === undefined ? NaN : Math.log(Math.max(1, durations[step])))),
  );
  const fitted = steps.map((step, place) =>
    fitOne(
      logs.map((run) => run[place]!).filter((log) => !Number.isNaN(log)),
      usual(step),
    ),
  );
  const common = commonOf(logs, fitted);
  const one = ({ mean, own, count }: Fitted, shared: number): number => {
    if (count < 2) return Math.exp(mean + shared + own * clamp(normal(from)));
    return Math.exp(mean + shared + own * Math.sqrt(1 + 1 / count) * clamp(student(Math.max(least, count - 1), from)));
  };
  return (into) => {
    const day = runs.length >= enough ? logs[Math.floor(from() * logs.length)] : undefined;
    const shared = day === undefined ? common(from) : 0;
    for (const [place, model] of fitted.entries()) {
      const seen = day?.[place];
      // A little beside what was seen: no two runs take the same time.
      into[place] =
        seen === undefined || Number.isNaN(seen)
          ? one(model, shared)
          : Math.exp(seen + model.spread * bandwidth(model.count) * normal(from));
    }
  };
}

function fitOne(logs: readonly number[], usual: number): Fitted {
  const count = logs.length;
  if (count === 0) return { mean: Math.log(Math.max(1, usual)), spread: unknown.never, own: unknown.never, count };
  const mean = logs.reduce((sum, log) => sum + log, 0) / count;
  if (count === 1) return { mean, spread: unknown.once, own: unknown.once, count };
  const spread = Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (count - 1));
  return { mean, spread, own: spread, count };
}

/** What all steps of a run have in common, as far as it is more than chance; draws it. */
function commonOf(logs: readonly (readonly number[])[], fitted: readonly Fitted[]): (from: Random) => number {
  const measured = fitted.flatMap(({ count }, place) => (count >= 2 ? [place] : []));
  if (measured.length < 2 || logs.length < 3) return () => 0;
  const effects = logs.flatMap((run) => {
    const parts = measured.flatMap((place) => (Number.isNaN(run[place]!) ? [] : [run[place]! - fitted[place]!.mean]));
    return parts.length === 0 ? [] : [parts.reduce((sum, part) => sum + part, 0) / parts.length];
  });
  const between = effects.reduce((sum, effect) => sum + effect ** 2, 0) / Math.max(1, effects.length - 1);
  const within = measured.reduce((sum, place) => sum + fitted[place]!.spread ** 2, 0) / measured.length / measured.length;
  const spread = Math.sqrt(Math.max(0, between - within));
  return (from) => spread * Math.sqrt(1 + 1 / effects.length) * clamp(student(Math.max(least, effects.length - 1), from));
}

/** Silverman's rule, in deviations. */
const bandwidth = (count: number): number => (4 / (3 * Math.max(1, count))) ** 0.2 / 2;
const clamp = (deviations: number): number => Math.min(farthest, Math.max(-farthest, deviations));
