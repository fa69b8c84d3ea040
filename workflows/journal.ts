import { proxySinks, type Sinks } from '@temporalio/workflow';
import type { Entry } from '../record/journal.ts';

/** Hears each entry as it is written; on a replay too, which is how a record is made again from a history alone. */
export interface JournalSinks extends Sinks {
  journal: { entry(entry: Entry): void };
}

/** An entry without its time, which the journal adds. */
export type Note = Entry extends infer E ? (E extends { readonly at: string } ? Omit<E, 'at'> : never) : never;

export class Journal {
  readonly entries: Entry[] = [];
  readonly #sink = proxySinks<JournalSinks>().journal;

  write(note: Note): void {
    const entry = { at: now(), ...note } as Entry;
    this.entries.push(entry);
    this.#sink.entry(entry);
  }
}

export const now = (): string => new Date().toISOString();
