import { StepError } from './error.ts';
import type { StepContext } from './step.ts';

/** @throws StepError `rehearsal-only` in a live run. */
export function rehearsalOnly({ run }: Pick<StepContext, 'run'>): void {
  if (run.live) throw new StepError('rehearsal-only', 'A live run does not rehearse.', 'mistake');
}
