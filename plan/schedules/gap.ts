import type { WrittenSchedule } from '../grammar/schedules.ts';
import { months, type Blackout } from './calendar.ts';
import { isOn } from './days.ts';
import { timesOf } from './timetable.ts';

const dayLong = 86_400_000;
/** A leap year and its neighbours are among these. */
const ahead = 4 * 366;

/** The longest time between two starts in the coming years, milliseconds; infinite where there are no two. Jitter is left out. Pure. */
export function longestGap(written: WrittenSchedule, blackout: readonly Blackout[], from: Date): number {
  if (written.paused !== undefined) return Infinity;
  if (written.every !== undefined) return written.every;
  const first = Math.floor(from.getTime() / dayLong) * dayLong;
  const starts = Array.from({ length: ahead }, (_, n) => first + n * dayLong)
    .filter((day) => isDay(written, blackout, new Date(day).toISOString().slice(0, 10)))
    .flatMap((day) => timesOf(written).map(({ hour, minute }) => day + (hour * 60 + minute) * 60_000))
    .toSorted((one, other) => one - other);
  const gaps = starts.slice(1).map((at, nth) => at - starts[nth]!);
  return gaps.length === 0 ? Infinity : Math.max(...gaps);
}

function isDay(written: WrittenSchedule, blackout: readonly Blackout[], date: string): boolean {
  if (blackout.some(({ from, until }) => date >= from && date <= until)) return false;
  return isDayOf(written, date);
}

/** Whether a schedule with times of day means an ISO date. Pure. */
export function isDayOf({ on = { of: 'all' }, months: among }: WrittenSchedule, date: string): boolean {
  return isOn(on, date) && (among ?? months).includes(months[Number(date.slice(5, 7)) - 1]!);
}
