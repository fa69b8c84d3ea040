/** A small generator of repeatable numbers in [0, 1): mulberry32, so that a failing share can be run again by its seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` of the items, in their order, the same for the same seed. */
export function share<T>(items: readonly T[], count: number, seed: number): T[] {
  const next = seeded(seed);
  const drawn = items.map((item, index) => ({ item, index, rank: next() })).toSorted((a, b) => a.rank - b.rank);
  return drawn
    .slice(0, count)
    .toSorted((a, b) => a.index - b.index)
    .map(({ item }) => item);
}

/** True where the long matrices are run whole. */
export const deep = process.env['LIFEBOAT_TEST_DEEP'] === '1';
export const seed = Number(process.env['LIFEBOAT_TEST_SEED'] ?? 20_261_122);
