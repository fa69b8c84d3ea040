import type { Interval } from './interval.ts';

/** Milliseconds since 1970. Throws where the text is no time: a record MUST NOT hold figures made of nothing. */
export function ms(iso: string): number {
  const value = Date.parse(iso);
  if (Number.isNaN(value)) throw new Error(`"${iso}" is no ISO time; the journal and the history hold nothing else`);
  return value;
}

export function latest(times: readonly string[]): number {
  return times.map(ms).reduce((a, b) => Math.max(a, b));
}

/** The stretch between two times; empty where the second is the earlier. */
export function between(from: string, to: string): Interval {
  return { from: ms(from), to: Math.max(ms(from), ms(to)) };
}

/** When the last thing in a list happened. */
export function lastAt(list: readonly { readonly at: string }[]): string {
  return new Date(latest(list.map(({ at }) => at))).toISOString();
}
