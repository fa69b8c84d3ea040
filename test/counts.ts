/** What a run of the tests came to. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** Full titles. */
  readonly skipped: readonly string[];
}
