import type { Alarm } from './expected.ts';
import type { Year } from './play.ts';
import { day, type Trouble } from './story.ts';

/** What stands for a day, the weightiest last: a later one covers an earlier one. */
const marks = [' ', '·', 'u', 'R', 'm', 'F'] as const;
export const legend =
  '· backup proven   R rehearsed   F rehearsal failed   m rehearsal missed   u backup unproven   ! an alarm stands   (blank: nothing)';

/** The year by months: what was done each day, and below it the days on which an alarm stands. Pure. */
export function calendar({ played }: Pick<Year, 'played'>, alarms: readonly Alarm[], from: number, until: number): string[] {
  const days = new Map<string, (typeof marks)[number]>();
  for (const { entry, at, begins, verdict } of played) {
    const date = dateOf(begins ?? at);
    const mark = markOf(entry.kind, verdict);
    if (marks.indexOf(mark) > marks.indexOf(days.get(date) ?? ' ')) days.set(date, mark);
  }
  const lines = [`${' '.repeat(9)}1   5    10   15   20   25   30`];
  const first = new Date(from);
  for (let month = Date.UTC(first.getUTCFullYear(), first.getUTCMonth()); month < until; month = nextMonth(month)) {
    const dates = Array.from({ length: (nextMonth(month) - month) / day }, (_, n) => month + n * day);
    const done = dates.map((date) => days.get(dateOf(date)) ?? ' ').join('');
    const stands = dates.map((date) => (alarms.some((one) => one.from < date + day && (one.until ?? until) >= date) ? '!' : ' ')).join('');
    lines.push(`${new Date(month).toISOString().slice(0, 7)}  ${done}`.trimEnd());
    if (stands.trim() !== '') lines.push(`${' '.repeat(9)}${stands}`.trimEnd());
  }
  return lines;
}

function markOf(kind: string, verdict: string | null): (typeof marks)[number] {
  if (kind === 'rehearsal') return verdict === null ? 'm' : verdict === 'rehearsed' ? 'R' : 'F';
  if (kind === 'backup' && verdict !== null) return verdict === 'proven' ? '·' : 'u';
  return ' ';
}

/** What happened, in order, one line each. Pure. */
export function chronicle(year: Year, troubles: readonly Trouble[], alarms: readonly Alarm[]): string[] {
  const lines = [
    ...troubles.map(({ from, text }) => ({ at: from, text: `trouble: ${text}` })),
    ...year.played.flatMap(({ entry, at, begins, verdict }) => {
      if (entry.kind !== 'rehearsal') return [];
      return [{ at: begins ?? at, text: `${entry.name}: ${verdict ?? 'missed, and too late to be caught up with'}` }];
    }),
    ...alarms.flatMap(({ what, from, until }) => {
      const times = year.told.filter(
        (one) => one.what === what && one.event === 'unproven' && one.at >= from - 1_000 && one.at <= (until ?? Infinity),
      );
      return [
        { at: from, text: `alarm: no ${what} is proven as promised; told ${times.length} times` },
        ...(until === null ? [] : [{ at: until, text: `alarm cleared: ${what} is proven again` }]),
      ];
    }),
    ...year.findings.map(({ at, id, state }) => ({ at, text: `finding ${id}: ${state}` })),
  ];
  return lines
    .toSorted((one, other) => one.at - other.at)
    .map(({ at, text }) => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}  ${text}`);
}

const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
const nextMonth = (at: number): number => Date.UTC(new Date(at).getUTCFullYear(), new Date(at).getUTCMonth() + 1);
