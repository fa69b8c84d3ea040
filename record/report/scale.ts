import { type Interval, intersect, subtract, union } from '../interval.ts';

/** A stretch of the time axis that is drawn in one scale. */
export interface Stretch extends Interval {
  /** Pixels. */
  readonly left: number;
  readonly right: number;
  /** Drawn shorter than the scale of the rest: nothing happened in it. */
  readonly folded: boolean;
}

export interface Scale {
  readonly stretches: readonly Stretch[];
  /** Pixel of a time; outside of the axis its nearer end. */
  at(time: number): number;
}

/**
 * A time axis of `width` pixels in which long stretches with nothing at work are folded,
 * so that the seconds of the machine can be seen beside the minutes of people.
 */
export function scale(whole: Interval, busy: readonly Interval[], left: number, width: number): Scale {
  const work = intersect([whole], busy);
  const gaps = subtract([whole], work);
  const working = work.reduce((sum, { from, to }) => sum + to - from, 0);
  const fold = working > 0 ? working * 0.22 : Infinity;
  const pieces = union([...work, ...gaps].length > 0 ? [whole] : []).length > 0 ? [...work, ...gaps].sort((a, b) => a.from - b.from) : [];
  const shown = pieces.map((piece) => ({
    ...piece,
    length: gaps.includes(piece) ? Math.min(piece.to - piece.from, fold) : piece.to - piece.from,
  }));
  const total = shown.reduce((sum, { length }) => sum + length, 0) || 1;
  let x = left;
  const stretches = shown.map(({ from, to, length }) => {
    const start = x;
    x += (length / total) * width;
    return { from, to, left: start, right: x, folded: length < to - from };
  });
  return {
    stretches,
    at(time) {
      const within = stretches.find(({ to }) => time <= to) ?? stretches.at(-1);
      if (!within) return left;
      const share = (time - within.from) / (within.to - within.from);
      return within.left + Math.min(1, Math.max(0, share)) * (within.right - within.left);
    },
  };
}

/** Times to be labelled: multiples of a round step counted from `zero`, none inside a fold, none closer than `room` pixels. */
export function ticks({ stretches }: Scale, zero: number, room: number): number[] {
  const open = stretches.filter(({ folded }) => !folded);
  const first = open[0];
  if (!first) return [];
  const perPixel = (first.to - first.from) / (first.right - first.left);
  const step = round(perPixel * room);
  return open.flatMap(({ from, to }) => {
    const list: number[] = [];
    for (let n = Math.ceil((from - zero) / step); zero + n * step <= to && list.length < 100; n++) list.push(zero + n * step);
    return list;
  });
}

/** The next round number of milliseconds: 1, 2, 5 × 10ⁿ, above a second those of a clock. */
function round(milliseconds: number): number {
  const steps = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 216e5, 432e5, 864e5,
  ];
  return steps.find((step) => step >= milliseconds) ?? 7 * 864e5;
}
