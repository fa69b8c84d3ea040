/** Numbers from 0 to 1 that look random, and are the same for the same seed. Mulberry32; good enough to estimate with, and for nothing secret. */
export type Random = () => number;

export function random(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One number of the normal distribution. Box and Muller. */
export function normal(from: Random): number {
  return Math.sqrt(-2 * Math.log(1 - from())) * Math.cos(2 * Math.PI * from());
}

/** One number of Student's t distribution: what a mean and a deviation of few samples leave open. Bailey 1994. */
export function student(degrees: number, from: Random): number {
  const u = 1 - from();
  return Math.sqrt(degrees * (u ** (-2 / degrees) - 1)) * Math.cos(2 * Math.PI * from());
}
