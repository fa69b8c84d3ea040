/**
 * How a failure is to be met; decided where the knowledge is, in the type's own folder.
 * `again`: at once. `later`: after a delay. `person`: no retry helps (quota, permission, capacity, a broken proof).
 * `mistake`: the plan itself is wrong.
 */
export type Remedy = 'again' | 'later' | 'person' | 'mistake';

/** A failure of a step: a sentence an operator can act on, a stable cause, and how it is to be met. */
export class StepError extends Error {
  override readonly name = 'StepError';
  /** Stable identifier, such as `fence-not-proven`. */
  readonly code: string;
  readonly remedy: Remedy;
  /** Milliseconds, for `later`. */
  readonly delay: number | undefined;

  /** @param code stable identifier, such as `fence-not-proven`. */
  constructor(code: string, message: string, remedy: Remedy = 'again', delay?: number) {
    super(message);
    this.code = code;
    this.remedy = remedy;
    this.delay = delay;
  }
}
