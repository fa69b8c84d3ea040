import { random } from '../../plan/estimate/random.ts';

/** `count` of the items, in their order, the same for the same seed. */
export function share<T>(items: readonly T[], count: number, seed: number): T[] {
  const next = random(seed);
  const drawn = items.map((item, index) => ({ item, index, rank: next() })).toSorted((a, b) => a.rank - b.rank);
  return drawn
    .slice(0, count)
    .toSorted((a, b) => a.index - b.index)
    .map(({ item }) => item);
}

/** True where the long matrices are run whole. */
export const deep = process.env['LIFEBOAT_TEST_DEEP'] === '1';
export const seed = Number(process.env['LIFEBOAT_TEST_SEED'] ?? 20_261_122);
