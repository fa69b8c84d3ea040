import type { ChainAnswer, ChainRequest, SystemState } from '../wire.ts';

/** Links that are remembered: one asked again gets the same answer, and a store that was away gets what it lacks. */
const most = 100;

type Chained = Pick<SystemState, 'head' | 'links'>;

/** Puts a record behind the head of the system's chain; compare and swap. A run has one place, however often it asks. Pure. */
export function chain(
  { head = null, links = [] }: Chained,
  { previous, digest, runId, workflowId, signature }: ChainRequest,
  at: string,
): { readonly answer: ChainAnswer; readonly next: Chained | null } {
  const known = links.find((link) => link.runId === runId);
  if (known) return { answer: { taken: true, link: known }, next: null };
  if ((head?.digest ?? null) !== previous) return { answer: { taken: false, head }, next: null };
  const count = (head?.count ?? 0) + 1;
  const link = { runId, count, digest, previous, ...(workflowId === undefined ? {} : { workflowId }) };
  const next = { count, digest, at, ...(signature === undefined ? {} : { signature }) };
  return { answer: { taken: true, link }, next: { head: next, links: [...links, link].slice(-most) } };
}
