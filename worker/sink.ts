import type { InjectedSinks } from '@temporalio/worker';
import type { Entry } from '../record/journal.ts';
import type { JournalSinks } from '../workflows/journal.ts';

/** Hands each journal entry on, with the run it belongs to. */
export function journalSink(hear: (entry: Entry, runId: string) => void = () => undefined, onReplay = false): InjectedSinks<JournalSinks> {
  return { journal: { entry: { fn: ({ runId }, entry) => hear(entry, runId), callDuringReplay: onReplay } } };
}
