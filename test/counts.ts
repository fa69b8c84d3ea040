/** What a run of tests came to. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** Full titles. */
  readonly skipped: readonly string[];
}

/** By the test's file, its path relative to the root; what belongs to no file stands under the empty name. */
export type CountsByFile = Readonly<Record<string, Counts>>;

export function sum(all: readonly Counts[]): Counts {
  return {
    passed: all.reduce((n, { passed }) => n + passed, 0),
    failed: all.reduce((n, { failed }) => n + failed, 0),
    skipped: all.flatMap(({ skipped }) => skipped),
  };
}
