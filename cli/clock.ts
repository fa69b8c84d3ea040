/** A span that is redrawn as it passes, in whole seconds: `0:42`, `12:05`, `1:02:33`. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Time of day of an ISO time, where the reader is. */
export const timeOfDay = (iso: string): string => new Date(iso).toTimeString().slice(0, 8);
