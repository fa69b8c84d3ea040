/** `820 ms`, `4.2 s`, `30 s`, `1 min 12 s`, `5 min`, `2 h 03 min`, `3 d 4 h`. */
export function duration(milliseconds: number): string {
  const sign = milliseconds < 0 ? '−' : '';
  const value = Math.abs(milliseconds);
  if (value < 999.5) return `${sign}${Math.round(value)} ms`;
  if (value < 59_950) return `${sign}${(value / 1000).toFixed(1).replace(/\.0$/, '')} s`;
  const seconds = Math.round(value / 1000);
  if (seconds < 3600) return `${sign}${Math.floor(seconds / 60)} min${rest(seconds % 60, 's')}`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${sign}${Math.floor(minutes / 60)} h${rest(minutes % 60, 'min')}`;
  const hours = Math.round(minutes / 60);
  return `${sign}${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `15:53:04.120`, UTC. */
export function clockTime(iso: string): string {
  return new Date(iso).toISOString().slice(11, 23);
}

/** `22 November 2026`, UTC. */
export function day(iso: string): string {
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }).format(new Date(iso));
}

/** `1 person`, `2 people`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${new Intl.NumberFormat('en-GB').format(count)} ${count === 1 ? one : many}`;
}

function rest(value: number, unit: string): string {
  return value === 0 ? '' : ` ${String(value).padStart(2, '0')} ${unit}`;
}
