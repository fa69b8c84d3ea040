import type { Start } from './times.ts';

export const hour = 3_600_000;
export const day = 24 * hour;

/** Something that goes wrong in the year. Times are milliseconds since 1970. */
export interface Trouble {
  readonly text: string;
  readonly from: number;
  readonly until: number;
  /** `down`: Temporal itself. Else what is started by schedules of this kind finds something that does not work. */
  readonly what: 'down' | Start['entry']['kind'];
}
/** What becomes of one start. */
export interface Scene extends Start {
  /** When it really is started; null: it is missed for good. */
  readonly begins: number | null;
  readonly fails: boolean;
  /** Nothing is special about it: the system is told how the one before it ended, and no run is played. */
  readonly ordinary: boolean;
}

/** What goes wrong in the year: a rehearsal is missed, backups are not proven for some nights, a rehearsal fails. */
export function troubles(starts: readonly Start[]): readonly Trouble[] {
  const rehearsals = starts.filter(({ entry }) => entry.kind === 'rehearsal').map(({ at }) => at);
  const [, , , missed, , , , failed] = rehearsals;
  if (missed === undefined || failed === undefined) throw new Error('the schedules have no eight rehearsals in the year: it has no story');
  const nights = (missed + failed) / 2;
  return [
    { text: 'Temporal is down, longer than is caught up with', what: 'down', from: missed - 12 * hour, until: missed + 12 * hour },
    { text: 'what is backed up cannot be restored', what: 'backup', from: nights, until: nights + 4 * day },
    { text: 'the copy of the database does not come up', what: 'rehearsal', from: failed - hour, until: failed + hour },
  ];
}

/** Each start, with what becomes of it: late by an outage that is short enough, or missed. Pure. */
export function scenes(starts: readonly Start[], all: readonly Trouble[]): readonly Scene[] {
  const during = (at: number, what: Trouble['what']): Trouble | undefined =>
    all.find((one) => one.what === what && at >= one.from && at < one.until);
  const troubled = (at: number): boolean => all.some(({ from, until }) => at > from - day && at < until + 2 * day);
  const months = new Set<string>();
  return starts
    .map(({ entry, at }) => {
      const outage = during(at, 'down');
      const begins = outage === undefined ? at : outage.until - at <= entry.catchUp ? outage.until : null;
      const month = `${entry.name} ${new Date(at).toISOString().slice(0, 7)}`;
      const ordinary = entry.kind !== 'rehearsal' && !troubled(at) && months.has(month);
      months.add(month);
      return { entry, at, begins, ordinary, fails: during(begins ?? at, entry.kind) !== undefined };
    })
    .toSorted((one, other) => (one.begins ?? one.at) - (other.begins ?? other.at));
}
