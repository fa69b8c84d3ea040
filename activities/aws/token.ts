import { createHash } from 'node:crypto';
import type { StepContext } from '../step.ts';

/**
 * Idempotency token of a call, ≤ 64 ASCII characters: the same for every attempt of the step. `variant`: what tells apart the calls
 * of one step, and calls whose parameters differ, such as the instance type that is tried.
 */
export function clientToken(context: Pick<StepContext, 'key'>, ...variant: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([context.key, ...variant]))
    .digest('hex');
}

/** A name that only this step of this run gives: where a name is the only key that an API has. Letters, digits and dashes. */
export function nameFor(context: Pick<StepContext, 'key'>, stem: string, most = 60): string {
  return `${stem.slice(0, most - 13)}-${context.key
    .replace(/[^0-9a-z]/giu, '')
    .slice(0, 12)
    .toLowerCase()}`;
}
