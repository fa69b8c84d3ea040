const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** Milliseconds in the largest unit of which there are two, or in seconds. */
export function span(milliseconds: number): string {
  const [unit, size] = units.find(([, length]) => milliseconds >= 2 * length) ?? units[3];
  const count = Math.round(milliseconds / size);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
