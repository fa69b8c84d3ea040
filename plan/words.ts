const durations: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};
/** The units that a person reads, longest first, with their milliseconds. */
export const unitsOfTime: readonly (readonly [string, number])[] = ['day', 'hour', 'minute', 'second'].map((unit) => [
  unit,
  durations[unit]!,
]);
const sizes: Readonly<Record<string, number>> = {
  byte: 1,
  bytes: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const shortDurations: Readonly<Record<string, string>> = {
  ms: 'milliseconds',
  msec: 'milliseconds',
  millis: 'milliseconds',
  s: 'seconds',
  sec: 'seconds',
  secs: 'seconds',
  m: 'minutes',
  min: 'minutes',
  mins: 'minutes',
  h: 'hours',
  hr: 'hours',
  hrs: 'hours',
  d: 'days',
  w: 'weeks',
};
const shortSizes: Readonly<Record<string, string>> = {
  b: 'bytes',
  k: 'kB',
  kb: 'kB',
  m: 'MB',
  mb: 'MB',
  g: 'GB',
  gb: 'GB',
  t: 'TB',
  tb: 'TB',
};
const longest = 366 * durations['day']!;

export type Read<T = number> = { readonly value: T } | { readonly message: string; readonly fix: string };

/** Milliseconds of a duration in words: `100 milliseconds`, `5 minutes`. */
export function readDuration(text: string): Read {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim()) ?? [];
  const wrong = {
    message: `"${cut(text)}" is not a duration`,
    fix: 'write a number and a unit in words, such as "30 seconds" or "5 minutes"',
  };
  if (amount === '') return wrong;
  const factor = own(durations, unit.replace(/s$/, ''));
  const meant = own(shortDurations, unit.toLowerCase());
  if (factor === undefined || !/^\d+(?:\.\d+)? [a-z]+$/.test(text)) {
    const word = meant ?? (factor === undefined ? undefined : unit);
    return word === undefined ? wrong : { ...wrong, fix: `write "${amount} ${word}"` };
  }
  const value = Number(amount) * factor;
  if (!Number.isInteger(value)) return { ...wrong, fix: 'the least part of time is a millisecond' };
  if (value > longest) return { message: `"${text}" is longer than a year`, fix: 'write at most "366 days"' };
  return { value };
}

/** Bytes of a size in words: `512 bytes`, `1 MB`, `16 MiB`. */
export function readSize(text: string): Read {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim()) ?? [];
  const wrong = { message: `"${cut(text)}" is not a size`, fix: 'write a number and a unit, such as "512 bytes", "1 MB" or "16 MiB"' };
  if (amount === '') return wrong;
  const factor = own(sizes, unit);
  if (factor === undefined || !/^\d+(?:\.\d+)? [A-Za-z]+$/.test(text)) {
    const word = factor === undefined ? own(shortSizes, unit.toLowerCase()) : unit;
    return word === undefined ? wrong : { ...wrong, fix: `write "${amount} ${word}"` };
  }
  const value = Math.round(Number(amount) * factor);
  return Number.isSafeInteger(value) ? { value } : wrong;
}

/** Milliseconds of a duration that is known to be right, such as a step type's timeout. Throws otherwise. */
export function duration(text: string): number {
  const read = readDuration(text);
  if ('value' in read) return read.value;
  throw new Error(`${read.message}: ${read.fix}`);
}

/** `90000` → `1 minute 30 seconds` */
export function inWords(milliseconds: number): string {
  if (milliseconds < 1_000) return count(milliseconds, 'millisecond');
  let rest = Math.round(milliseconds / 1_000) * 1_000;
  const parts: string[] = [];
  for (const [unit, factor] of unitsOfTime) {
    const whole = Math.floor(rest / factor);
    rest -= whole * factor;
    if (whole > 0) parts.push(count(whole, unit));
  }
  return parts.slice(0, 2).join(' ');
}

/** `1 hour`, `2 hours` */
export function count(amount: number, unit: string): string {
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}

function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function cut(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
