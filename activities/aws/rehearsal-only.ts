import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { tag, tagOf } from './tags.ts';

/** In a rehearsal only what bears its tag may be touched. `advice`: what may be done about it, a sentence. */
export function mustBeRehearsals(what: string, tags: Parameters<typeof tagOf>[0], { run }: StepContext, advice?: string): void {
  if (run.live) throw new StepError('rehearsal-only', 'A live run does not rehearse.', 'mistake');
  if (tagOf(tags, tag.purpose) === 'rehearsal') return;
  const text = `${what} has no tag ${tag.purpose}=rehearsal: a rehearsal leaves it alone.`;
  throw new StepError('not-a-copy', advice === undefined ? text : `${text} ${advice}`, 'mistake');
}
