import type { Read } from '../words.ts';

/** Days on which something is done. */
export type Days =
  | { readonly of: 'all' }
  | { readonly of: 'week'; readonly days: readonly Weekday[] }
  /** The first (1) to the fourth, or the last (-1), such day of a month. */
  | { readonly of: 'month'; readonly nth: 1 | 2 | 3 | 4 | -1; readonly day: Weekday }
  /** A day of each month; -1: its last. */
  | { readonly of: 'date'; readonly date: number };

export const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
export type Weekday = (typeof weekdays)[number];
const nths = { first: 1, second: 2, third: 3, fourth: 4, last: -1 } as const;

/** Days in words: `every day`, `monday`, `monday, friday`, `weekdays`, `first sunday`, `last friday`, `day 15`, `last day`. */
export function readDays(text: string): Read<Days> {
  const words = text.trim().toLowerCase().replaceAll(/\s+/g, ' ');
  if (words === 'every day') return { value: { of: 'all' } };
  if (words === 'weekdays') return { value: { of: 'week', days: weekdays.slice(1, 6) } };
  if (words === 'last day') return { value: { of: 'date', date: -1 } };
  const date = /^day (\d{1,2})$/.exec(words)?.[1];
  if (date !== undefined) return readDate(Number(date), text);
  const [nth, day, ...more] = words.split(' ');
  if (nth !== undefined && Object.hasOwn(nths, nth) && isWeekday(day) && more.length === 0)
    return { value: { of: 'month', nth: nths[nth as keyof typeof nths], day } };
  const days = words.split(/ ?, ?/);
  if (days.every(isWeekday)) return { value: { of: 'week', days: [...new Set(days)] } };
  return {
    message: `"${text}" names no days`,
    fix: 'write "every day", "monday, friday", "weekdays", "first sunday", "last friday", "day 15" or "last day"',
  };
}

function readDate(date: number, text: string): Read<Days> {
  if (date >= 1 && date <= 31) return { value: { of: 'date', date } };
  return { message: `no month has a "${text}"`, fix: 'write "day 1" to "day 31", or "last day"' };
}

const isWeekday = (word: string | undefined): word is Weekday => weekdays.includes(word as Weekday);

/** Whether an ISO date is one of these days. */
export function isOn(days: Days, date: string): boolean {
  const at = new Date(`${date}T00:00:00Z`);
  const [day, weekday] = [at.getUTCDate(), weekdays[at.getUTCDay()]!];
  const length = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate();
  if (days.of === 'all') return true;
  if (days.of === 'week') return days.days.includes(weekday);
  if (days.of === 'date') return day === (days.date === -1 ? length : days.date);
  return weekday === days.day && (days.nth === -1 ? day > length - 7 : Math.ceil(day / 7) === days.nth);
}

/** The same days in words. */
export function daysInWords(days: Days): string {
  if (days.of === 'all') return 'every day';
  if (days.of === 'week')
    return days.days.length === 5 && !days.days.includes('sunday') && !days.days.includes('saturday')
      ? 'on weekdays'
      : `every ${days.days.join(', ')}`;
  if (days.of === 'month') return `every ${Object.entries(nths).find(([, nth]) => nth === days.nth)![0]} ${days.day}`;
  return days.date === -1 ? 'on the last day of the month' : `on day ${days.date} of the month`;
}
