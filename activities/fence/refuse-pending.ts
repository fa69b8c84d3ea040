import { z } from 'zod';
import { StepError } from '../error.ts';
import type { Proof, StepContext } from '../step.ts';

/** What a pending fence leaves to be done: the input of `fence.pending`. */
const owed = z.object({ site: z.string() });

/** The fences at an AWS site that stand only on paper: its API did not answer when they were due. */
export async function pendingAt(site: string, context: StepContext): Promise<readonly Proof[]> {
  const all = [...(await context.fences()), ...context.proofs];
  const newest = new Map(all.filter(({ kind }) => kind === 'fence').map((fence) => [fence.host, fence]));
  return [...newest.values()].filter((fence) => fence.by === 'fence.pending' && owed.safeParse(fence.with).data?.site === site);
}

/** What a preflight says of them: a step before may be to carry them out (fence.settle). */
export async function sayPending(site: string, context: StepContext): Promise<readonly string[]> {
  const pending = await pendingAt(site, context);
  if (pending.length === 0) return [];
  return [`A fence is pending at ${site} (${pending.map(({ host }) => host).join(', ')}): nothing is started there before fence.settle.`];
}

/**
 * MUST be awaited before anything at an AWS site is trusted or started: what was to be cut off there may still take writes.
 * @throws StepError `fence-pending`.
 */
export async function refusePending(site: string, context: StepContext): Promise<void> {
  const pending = await pendingAt(site, context);
  if (pending.length === 0) return;
  throw new StepError(
    'fence-pending',
    `At ${site} a fence is still pending: ${pending.map(({ host }) => host).join(', ')} could not be cut off, for the API there did not answer, and may still take writes. Nothing there may be trusted or started before: run fence.settle for ${site} first.`,
    'person',
  );
}
