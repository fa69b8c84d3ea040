import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';

/** A kind of resource whose state is read by a Describe call. */
export interface Kind<State> {
  /** Such as `ec2 snapshot`. */
  readonly name: string;
  /** How many one call takes. */
  readonly batch: number;
  /** Reads these; one that is not there is left out. */
  describe(ids: readonly string[], site: string, context: StepContext): Promise<ReadonlyMap<string, State>>;
  /** Percent done, where the state tells it. */
  progress?(state: State): number | undefined;
}

export interface Wait<State> {
  readonly kind: Kind<State>;
  readonly id: string;
  readonly site: string;
  /** How long it usually takes, milliseconds. */
  readonly expected: number;
  /** Whether it is as it should be. Throws a StepError on a state from which it will never be. */
  ready(state: State): boolean;
}

/**
 * Waits until a resource is ready, heartbeating. Waits of one kind at one site share their calls.
 * @throws StepError `aws-gone` where it is not there and stays away.
 */
export async function waitFor<State>(wait: Wait<State>, context: StepContext): Promise<State> {
  const { kind, id, site } = wait;
  const deadline = Date.now() + 10_000;
  for (;;) {
    const state = (await kind.describe([id], site, context)).get(id);
    if (state !== undefined && wait.ready(state)) return state;
    if (state === undefined && Date.now() > deadline) throw new StepError('aws-gone', `${kind.name} ${id} is not at ${site}`, 'person');
    context.heartbeat();
    await context.sleep(Math.min(1_000, Math.max(100, wait.expected / 20)));
  }
}
