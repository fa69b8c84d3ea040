import type { Head } from '../../workflows/wire.ts';

export const headType = 'application/vnd.lifeboat.head+json';

/** The newest record of a system, as it is known from elsewhere. */
export interface KnownHead {
  readonly system: string;
  readonly count: number;
  /** SHA-256 of the newest record's statement, hex. */
  readonly digest: string;
  /** Of these three, Ed25519, base64. Absent: whoever tells it vouches for it. */
  readonly signature?: string;
}

/** A head in one line: `SYSTEM:COUNT:DIGEST`, and `:SIGNATURE` where it is signed. Kept outside, it shows a truncation later. */
export const headLine = (system: string, { count, digest, signature }: Head): string =>
  [system, count, digest, ...(signature === undefined ? [] : [signature])].join(':');

/** Reads a line of {@link headLine}; null: it is none. */
export function readHead(line: string): KnownHead | null {
  const [, system, count, digest, signature] = /^([^:\s]+):(\d+):([0-9a-f]{64})(?::([A-Za-z0-9+/]{86}==))?$/u.exec(line.trim()) ?? [];
  if (system === undefined || digest === undefined) return null;
  return { system, count: Number(count), digest, ...(signature === undefined ? {} : { signature }) };
}

/** What of a head is signed. */
export const headText = ({ system, count, digest }: KnownHead): string => JSON.stringify({ format: 1, system, count, digest });
