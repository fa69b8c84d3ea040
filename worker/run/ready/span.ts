import { count, unitsOfTime } from '../../../plan/words.ts';

/** Milliseconds in the largest unit of which there are two, or in seconds. */
export function span(milliseconds: number): string {
  const [unit, size] = unitsOfTime.find(([, length]) => milliseconds >= 2 * length) ?? unitsOfTime.at(-1)!;
  return count(Math.round(milliseconds / size), unit);
}
