import { StepError } from '../error.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import type { StepContext } from '../step.ts';
import { tag, tagOf } from './tags.ts';

type Tags = Parameters<typeof tagOf>[0];

export const isRehearsals = (tags: Tags): boolean => tagOf(tags, tag.purpose) === 'rehearsal';

/** In a rehearsal only what bears its tag may be touched. `advice`: what may be done about it, a sentence. */
export function mustBeRehearsals(what: string, tags: Tags, context: StepContext, advice?: string): void {
  rehearsalOnly(context);
  if (isRehearsals(tags)) return;
  const text = `${what} has no tag ${tag.purpose}=rehearsal: a rehearsal leaves it alone.`;
  throw new StepError('not-a-copy', advice === undefined ? text : `${text} ${advice}`, 'mistake');
}
