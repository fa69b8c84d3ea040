import { z } from 'zod';
import { beating, noteAlso, noted } from '../note.ts';
import type { StepContext } from '../step.ts';
import type { Caller } from './client.ts';
import { watch } from './watch.ts';

/** A kind of resource whose state is read by a Describe call. */
export interface Kind<State> {
  /** Such as `ec2 snapshot`. */
  readonly name: string;
  /** How many one call takes. */
  readonly batch: number;
  /** Reads these; one that is not there is left out. */
  describe(ids: readonly string[], site: string, context: Caller): Promise<ReadonlyMap<string, State>>;
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

/** When each wait of the step began, milliseconds since 1970: a later attempt, also of another worker, goes on with it. */
const begun = z.object({ waiting: z.record(z.string(), z.number()) });

/**
 * Waits until a resource is ready, heartbeating, and notices it within the larger of one second and 5 % of the wait. Waits of one kind at
 * one site share their calls. A call that is throttled, lost or fails at AWS does not end it.
 * @throws StepError `aws-gone` where it is not there and stays away; what AWS answered where it has not answered for a minute.
 */
export async function waitFor<State>(wait: Wait<State>, context: StepContext): Promise<State> {
  const { kind, id, site } = wait;
  const name = `${kind.name} ${id} ${site}`;
  const since = waiting(context)[name] ?? Date.now();
  noteAlso(context, { waiting: { ...waiting(context), [name]: since } });
  let percent: number | undefined;
  const told = (state: State): void => void (percent = kind.progress?.(state));
  const state = await beating(context, watch({ ...wait, context, since, told }), () => saying(kind.name, id, percent));
  const { [name]: _, ...others } = waiting(context);
  noteAlso(context, { waiting: others });
  return state;
}

function waiting(context: StepContext): { readonly [name: string]: number } {
  return noted(context, begun)?.waiting ?? {};
}

function saying(kind: string, id: string, percent: number | undefined): string | undefined {
  return percent === undefined ? undefined : `${kind} ${id}: ${percent} %.`;
}
