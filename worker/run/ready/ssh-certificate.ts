import { access } from 'node:fs/promises';
import type { Endpoint } from '../../../activities/endpoint.ts';
import { tool } from '../../../activities/tool/spawn.ts';

/** Until when a certificate is good; null: there is none. */
export type Until = Date | 'for ever' | null;

/** How long a host may take to show what it has, seconds. */
const patience = 3;

/** Until when the certificate of a host's key is good. Of several, the one that ends first. */
export async function hostCertificate({ address, port }: Endpoint, name: string, signal: AbortSignal): Promise<Until> {
  const scan = ['ssh-keyscan', '-c', '-T', String(patience), '-p', String(port), address];
  const { stdout } = await tool(scan, { deadline: (patience + 2) * 1_000, signal, where: name, name: 'ssh-keyscan' });
  const keys = stdout.split('\n').flatMap((line) => /^\S+ (\S+-cert-v01@openssh\.com \S+)/u.exec(line)?.[1] ?? []);
  const ends = await Promise.all(keys.map((key) => endOf(['-f', '-'], name, signal, `${key}\n`)));
  return ends.filter((end) => end instanceof Date).toSorted((a, b) => a.getTime() - b.getTime())[0] ?? ends[0] ?? null;
}

/** Until when the certificate beside a private key of this machine is good. */
export async function userCertificate(key: string, signal: AbortSignal): Promise<Until> {
  const file = `${key}-cert.pub`;
  const is = await access(file).then(
    () => true,
    () => false,
  );
  return is ? endOf(['-f', file], 'this machine', signal) : null;
}

async function endOf(from: readonly string[], where: string, signal: AbortSignal, input = ''): Promise<Until> {
  const { stdout } = await tool(['ssh-keygen', '-L', ...from], { deadline: 5_000, signal, input, where, name: 'ssh-keygen' });
  const valid = /^\s*Valid: (?:forever|(?:from \S+|before \S+|after \S+)(?: to (\S+))?)/mu.exec(stdout);
  if (valid === null) return null;
  const until = valid[1] ?? /^\s*Valid: before (\S+)/mu.exec(stdout)?.[1];
  // ssh-keygen tells times of this machine, without their zone.
  return until === undefined ? 'for ever' : new Date(until);
}
