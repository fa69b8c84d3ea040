import { tagsFor, type Tag } from '../aws/tags.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';

const day = 86_400_000;

/** Tags of what is kept for so many days; what a rehearsal makes, for one, unless it is said otherwise. */
export function keptTags(context: StepContext, days: number | undefined, more: { readonly [key: string]: string } = {}): Tag[] {
  const kept = days ?? (context.run.live ? undefined : 1);
  return tagsFor(context, kept === undefined ? undefined : kept * day, more);
}

export function rehearsalOnly(context: StepContext): void {
  if (context.run.live) throw new StepError('rehearsal-only', 'A live run does not rehearse.', 'mistake');
}
