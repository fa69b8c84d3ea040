/** Milliseconds of several rounds, put in order. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Throws where there is nothing to look at: an empty measurement is a failure. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [min, low, high, max] = [sorted[0], sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)], sorted.at(-1)];
  if (min === undefined || low === undefined || high === undefined || max === undefined) throw new Error('nothing was measured');
  return { min, median: (low + high) / 2, max };
}

/** A table as plain text: columns of words (the first one, unless told) to the left, the others to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], words: readonly number[] = [0]): string {
  const widths = head.map((title, n) => Math.max(title.length, ...rows.map((row) => row[n]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, n) => (words.includes(n) ? cell.padEnd(widths[n]!) : cell.padStart(widths[n]!)))
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

export const whole = (milliseconds: number): string => Math.round(milliseconds).toLocaleString('en-GB');
export const shown = ({ min, median, max }: Spread): string[] => [whole(min), whole(median), whole(max)];
