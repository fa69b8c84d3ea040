/** What a run may not be faster than, seconds: its slowest chain, its slots, and what AWS lets an account call. */
export interface Bound {
  readonly what: string;
  readonly seconds: number;
}

/** A token bucket: `calls` through a bucket of `burst` that fills by `rate` a second. */
export function throttled(what: string, calls: number, burst: number, rate: number): Bound {
  return { what: `${what}: ${calls} at ${burst} + ${rate}/s`, seconds: Math.max(0, (calls - burst) / rate) };
}

/** Work that goes through so many slots. */
export function slots(what: string, count: number, each: number, width: number): Bound {
  return { what: `${what}: ${count} of ${each} s, ${width} at once`, seconds: (count * each) / width };
}

export function chain(what: string, ...each: readonly number[]): Bound {
  return { what: `chain ${what}`, seconds: each.reduce((sum, one) => sum + one, 0) };
}

/** The largest counts. Source: the lower bounds of list scheduling (Graham), with token buckets as machines. */
export const largest = (bounds: readonly Bound[]): Bound => bounds.toSorted((a, b) => b.seconds - a.seconds)[0]!;
