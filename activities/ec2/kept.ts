import { tagsFor, type Tag } from '../aws/tags.ts';
import type { Outcome, StepContext } from '../step.ts';

const day = 86_400_000;

/** Tags of what is kept for so many days. What a rehearsal makes is kept as long as all that it makes, however many a step names. */
export function keptTags(context: StepContext, days: number | undefined, more: { readonly [key: string]: string } = {}): Tag[] {
  if (!context.run.live) return tagsFor(context, context.system.copies?.expires ?? day, more);
  return tagsFor(context, days === undefined ? undefined : days * day, more);
}

/** What a rehearsal saves is taken away again: it is no backup of the system. */
export function noBackup<Output>({ backups: _, ...outcome }: Outcome<Output>): Outcome<Output> {
  return outcome;
}
