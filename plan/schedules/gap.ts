import type { WrittenSchedule } from '../grammar/schedules.ts';
import { months, type Blackout } from './calendar.ts';
import { isOn } from './days.ts';
import { timesOf } from './timetable.ts';

const dayLong = 86_400_000;
/** A leap year and its neighbours are among these. */
const ahead = 4 * 366 * dayLong;
/** Of an interval so many starts are looked at, at the most. */
const many = 20_000;

/**
 * The longest time between two starts of any of the schedules in the coming years, milliseconds; infinite where there are no two.
 * Jitter is left out. Pure.
 */
export function longestGap(all: readonly WrittenSchedule[], blackout: readonly Blackout[], from: Date): number {
  const going = all.filter(({ paused }) => paused === undefined);
  const first = Math.floor(from.getTime() / dayLong) * dayLong;
  const until = first + Math.min(ahead, ...going.flatMap(({ every }) => (every === undefined ? [] : [many * every])));
  const starts = going
    .flatMap((written) => (written.every === undefined ? timed(written, first, until) : repeated(written.every, first, until)))
    .filter((at) => !blackout.some((days) => isDuring(days, new Date(at).toISOString().slice(0, 10))))
    .toSorted((one, other) => one - other);
  return starts.length < 2 ? Infinity : starts.slice(1).reduce((most, at, nth) => Math.max(most, at - starts[nth]!), 0);
}

/** Intervals count from midnight UTC on 1 January 1970. */
function repeated(every: number, first: number, until: number): number[] {
  const from = Math.ceil(first / every);
  return Array.from({ length: Math.max(0, Math.ceil(until / every) - from) }, (_, n) => (from + n) * every);
}

function timed(written: WrittenSchedule, first: number, until: number): number[] {
  const days = Array.from({ length: Math.ceil((until - first) / dayLong) }, (_, n) => first + n * dayLong);
  return days
    .filter((day) => isDayOf(written, new Date(day).toISOString().slice(0, 10)))
    .flatMap((day) => timesOf(written).map(({ hour, minute }) => day + (hour * 60 + minute) * 60_000));
}

const isDuring = ({ from, until }: Blackout, date: string): boolean => date >= from && date <= until;

/** Whether a schedule with times of day means an ISO date. Pure. */
export function isDayOf({ on = { of: 'all' }, months: among }: WrittenSchedule, date: string): boolean {
  return isOn(on, date) && (among ?? months).includes(months[Number(date.slice(5, 7)) - 1]!);
}
