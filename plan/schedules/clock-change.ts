import type { TimeOfDay } from './time.ts';

const dayLong = 86_400_000;
const minuteLong = 60_000;

/** A day on which a clock is changed so that a time of day is not there, or there twice. */
export interface ClockChange {
  /** ISO date, in the zone. */
  readonly date: string;
  readonly how: 'skipped' | 'twice';
}

/** The days of the coming `days` on which this time of day is skipped or comes twice in the zone. Pure. */
export function clockChanges(zone: string, time: TimeOfDay, from: Date, days = 366): ClockChange[] {
  const offset = offsetIn(zone);
  const found: ClockChange[] = [];
  for (let n = 0; n < days; n += 1) {
    const [start, end] = [from.getTime() + n * dayLong, from.getTime() + (n + 1) * dayLong];
    if (offset(start) === offset(end)) continue;
    const at = changeBetween(start, end, offset);
    const [before, after] = [offset(at - minuteLong), offset(at)];
    // Clock times that are skipped, or come twice: between the change by the old offset and by the new one.
    const [first, last] = [at + Math.min(before, after), at + Math.max(before, after)];
    const date = new Date(first).toISOString().slice(0, 10);
    const wanted = Date.parse(`${date}T00:00:00Z`) + (time.hour * 60 + time.minute) * minuteLong;
    if (wanted >= first && wanted < last) found.push({ date, how: after > before ? 'skipped' : 'twice' });
  }
  return found;
}

/** The first minute that has the later offset. */
function changeBetween(start: number, end: number, offset: (at: number) => number): number {
  let [low, high] = [Math.floor(start / minuteLong), Math.ceil(end / minuteLong)];
  const before = offset(start);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offset(middle * minuteLong) === before) low = middle;
    else high = middle;
  }
  return high * minuteLong;
}

/** How far the zone's clock is ahead of UTC, milliseconds. */
function offsetIn(zone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  return (at) => {
    const { year, month, day, hour, minute, second } = Object.fromEntries(
      format.formatToParts(at).map(({ type, value }) => [type, Number(value)]),
    );
    return Date.UTC(year!, month! - 1, day, hour, minute, second) - Math.floor(at / 1_000) * 1_000;
  };
}
