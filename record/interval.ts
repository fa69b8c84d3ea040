/** A stretch of time, `from` ≤ `to`, both milliseconds since 1970. Its end does not belong to it. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** The same time as disjoint stretches in order, with no empty ones. */
export function union(list: readonly Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const next of list.filter(({ from, to }) => to > from).sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && next.from <= last.to) merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, next.to) };
    else merged.push(next);
  }
  return merged;
}

/** What lies in `a` and in `b`. */
export function intersect(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const right = union(b);
  return union(a).flatMap((x) =>
    right.map((y) => ({ from: Math.max(x.from, y.from), to: Math.min(x.to, y.to) })).filter(({ from, to }) => to > from),
  );
}

/** What lies in `a` and not in `b`. */
export function subtract(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  let left = union(a);
  for (const hole of union(b)) {
    left = left.flatMap(({ from, to }) =>
      [
        { from, to: Math.min(to, hole.from) },
        { from: Math.max(from, hole.to), to },
      ].filter((part) => part.to > part.from),
    );
  }
  return left;
}

/** Milliseconds that a list covers; what overlaps counts once. */
export function length(list: readonly Interval[]): number {
  return union(list).reduce((sum, { from, to }) => sum + to - from, 0);
}

/**
 * Cuts `whole` into named parts. Where layers overlap the first one has it; what no layer covers is the last part's, `rest`.
 * The parts are disjoint and their lengths sum to the whole's.
 */
export function partition<Name extends string>(
  whole: Interval,
  layers: readonly (readonly [Name, readonly Interval[]])[],
  rest: Name,
): { readonly part: Name; readonly covers: Interval[] }[] {
  let left = union([whole]);
  const parts = layers.map(([part, covered]) => {
    const covers = intersect(left, covered);
    left = subtract(left, covers);
    return { part, covers };
  });
  return [...parts, { part: rest, covers: left }];
}
