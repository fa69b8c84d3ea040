import type { Days } from './days.ts';

/**
 * Times of a schedule in Temporal's own terms: a time counts where every field matches. Absent: any; second, minute and hour: 0.
 * Shape: `CalendarSpec` of `@temporalio/client`.
 */
export interface Calendar {
  readonly comment?: string;
  readonly second?: '*';
  readonly minute?: number | '*';
  readonly hour?: number | '*';
  readonly dayOfMonth?: Range | number;
  readonly dayOfWeek?: readonly string[];
  readonly month?: readonly string[];
  readonly year?: readonly Range[];
}
interface Range {
  readonly start: number;
  readonly end: number;
  readonly step?: number;
}

// prettier-ignore
export const months = [
  'january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december',
] as const;
export type Month = (typeof months)[number];
/** Days of each month; of February in a year that is no leap year. */
export const lengths: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Temporal's calendars end in 2100, which is no leap year. */
const leapYears: readonly Range[] = [{ start: 2024, end: 2096, step: 4 }];
const otherYears: readonly Range[] = [1, 2, 3].map((after) => ({ start: 2024 + after, end: 2096 + after, step: 4 }));

/** Calendars of these days in these months at a time of day. */
export function calendarsOf(
  days: Days,
  among: readonly Month[],
  { hour, minute }: { readonly hour: number; readonly minute: number },
): Calendar[] {
  const base = { hour, minute };
  const some = among.length < months.length ? { month: upper(among) } : {};
  if (days.of === 'all') return [{ ...base, ...some }];
  if (days.of === 'week') return [{ ...base, ...some, dayOfWeek: upper(days.days) }];
  if (days.of === 'month' && days.nth > 0) return [{ ...base, ...some, dayOfWeek: upper([days.day]), dayOfMonth: weekOf(days.nth) }];
  if (days.of === 'date' && days.date > 0) return [{ ...base, ...some, dayOfMonth: days.date }];
  const weekday = days.of === 'month' ? { dayOfWeek: upper([days.day]) } : {};
  return lastDays(among).map(({ last, ...which }) => ({
    ...base,
    ...which,
    ...weekday,
    dayOfMonth: days.of === 'month' ? { start: last - 6, end: last } : last,
  }));
}

/** Months by how many days they have. */
function lastDays(
  among: readonly Month[],
): { readonly last: number; readonly month: readonly string[]; readonly year?: readonly Range[] }[] {
  const of = (length: number): Month[] => among.filter((month) => lengths[months.indexOf(month)] === length);
  const february = upper(of(28));
  const all = [
    { last: 31, month: upper(of(31)) },
    { last: 30, month: upper(of(30)) },
    { last: 28, month: february, year: otherYears },
    { last: 29, month: february, year: leapYears },
  ];
  return all.filter(({ month }) => month.length > 0);
}

const weekOf = (nth: number): Range => ({ start: 7 * nth - 6, end: 7 * nth });
const upper = (words: readonly string[]): string[] => words.map((word) => word.toUpperCase());

/** A span of days on which nothing is done, both included. ISO dates. */
export interface Blackout {
  readonly from: string;
  readonly until: string;
}

/** Calendars that match every second of these days. */
export function blackoutCalendars(spans: readonly Blackout[]): Calendar[] {
  return spans.flatMap(({ from, until }) => {
    const all: Calendar[] = [];
    for (let at = day(from); at <= day(until);) {
      const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
      const end = new Date(Math.min(day(until).getTime(), Date.UTC(year, month + 1, 0)));
      all.push({
        comment: 'blackout',
        year: [{ start: year, end: year }],
        month: upper([months[month]!]),
        dayOfMonth: { start: at.getUTCDate(), end: end.getUTCDate() },
        hour: '*',
        minute: '*',
        second: '*',
      });
      at = new Date(Date.UTC(year, month + 1, 1));
    }
    return all;
  });
}

const day = (date: string): Date => new Date(`${date}T00:00:00Z`);
