import type { Analysis } from '../analysis.ts';
import type { Path } from '../problem.ts';

/** The server holds at most so many activities of one run at a time, and a history grows with each. */
export const mostSteps = 2_000;
/** Bytes of one step's input; of one page of steps, and of the header; of all pages. */
export const largestInput = 128 * 1024;
export const largestPage = 256 * 1024;
export const largestPlan = 8 * 1024 * 1024;

/** What would outgrow what a Temporal server accepts, known before anything runs. */
export function checkLimits({ scope, drafts }: Analysis): void {
  const { runbook, problems } = scope;
  const tooLarge = (path: Path, what: string, most: number): void =>
    problems.add(
      runbook,
      path,
      `${what} is larger than ${most / 1024} KiB, which a run cannot carry`,
      'put the value in a file that the step reads, and name the file',
    );
  let all = 0;
  for (const draft of drafts) {
    for (const { action } of draft.ways)
      if (bytes(action.with) > largestInput) tooLarge([...draft.path, 'with'], `the input of "${draft.id}"`, largestInput);
    const size = bytes(draft.step ?? draft.gate ?? draft.branch?.node ?? null);
    if (size > largestPage - 64 * 1024) tooLarge(draft.path, `"${draft.id}" with all its ways and hosts`, largestPage - 64 * 1024);
    all += size;
  }
  if (all > largestPlan) tooLarge(['steps'], 'the plan', largestPlan);
}

/** Bytes of a value as JSON. */
export function bytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
