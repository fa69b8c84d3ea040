/** A position in the write-ahead log, `16/B374D848`, in bytes. */
export function position(lsn: string): bigint {
  const [high, low] = lsn.split('/');
  return (BigInt(`0x${high ?? '0'}`) << 32n) | BigInt(`0x${low ?? '0'}`);
}

/** Bytes by which one position is behind another; 0 where it is not. */
export function behind(lsn: string, other: string): number {
  const difference = position(other) - position(lsn);
  return difference > 0n ? Number(difference) : 0;
}

/** Bytes for people: `7,768 bytes`, `12.3 MB`. */
export function bytes(count: number): string {
  if (count < 10_000) return `${count.toLocaleString('en')} bytes`;
  const [size, unit] = count < 1e6 ? [1e3, 'kB'] : count < 1e9 ? [1e6, 'MB'] : [1e9, 'GB'];
  return `${(count / size).toFixed(1)} ${unit}`;
}
