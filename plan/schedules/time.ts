import type { Read } from '../words.ts';
import type { Blackout } from './calendar.ts';

export interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
}

/** A time of day: `03:00`. */
export function readTime(text: string): Read<TimeOfDay> {
  const [, hour, minute] = /^(\d{2}):(\d{2})$/.exec(text) ?? [];
  if (hour !== undefined && Number(hour) < 24 && Number(minute) < 60) return { value: { hour: Number(hour), minute: Number(minute) } };
  return { message: `"${text}" is no time of day`, fix: 'write hours and minutes in quotes, such as "03:00" or "15:30"' };
}

/** The name of a time zone as this machine knows it: `Europe/Berlin`. */
export function readZone(text: string): Read<string> {
  if ((text === 'UTC' || text.includes('/')) && isZone(text)) return { value: text };
  return { message: `"${text}" is no time zone`, fix: 'write its IANA name, such as "Europe/Berlin", or "UTC"' };
}

function isZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** A day, or a span of days with both its ends: `2026-12-24`, `2026-12-31..2027-01-02`. */
export function readBlackout(text: string): Read<Blackout> {
  const [from = '', until = from, ...more] = text.split('..').map((part) => part.trim());
  const fix = 'write a day such as 2026-12-24, or two with ".." between them';
  if (more.length > 0 || !isDay(from) || !isDay(until)) return { message: `"${text}" is no day and no span of days`, fix };
  if (until < from) return { message: `"${text}" ends before it begins`, fix: `write "${until}..${from}"` };
  return { value: { from, until } };
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

export const timeInWords = ({ hour, minute }: TimeOfDay): string => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
