import { StepError } from '../error.ts';
import { there } from './directory.ts';
import type { Seat } from './seat.ts';

/** Path of a stopped server's configuration: as its last start named it, else the one in its data directory. */
export async function configOf(seat: Seat): Promise<string> {
  const [opts, inside] = [`${seat.data}/postmaster.opts`, `${seat.data}/postgresql.conf`];
  const files = await there(seat, [opts, inside]);
  const words = files.has(opts) ? [...(await seat.do(['cat', '--', opts])).matchAll(/"([^"]*)"/g)].map(([, word]) => word ?? '') : [];
  for (const [at, word] of words.entries()) {
    const [, file] = /^(?:--)?config[_-]file=(.+)$/.exec(word) ?? [];
    if (file !== undefined) return absolute(file, seat);
    const folder = word === '-D' ? words[at + 1] : undefined;
    if (folder !== undefined && folder.replace(/\/+$/, '') !== seat.data) return `${folder.replace(/\/+$/, '')}/postgresql.conf`;
  }
  if (files.has(inside)) return inside;
  throw new StepError(
    'no-configuration',
    `The configuration of PostgreSQL on ${seat.host.name} is neither in ${seat.data} nor named in ${opts}: start and stop it there once, then retry.`,
    'person',
  );
}

function absolute(file: string, seat: Seat): string {
  return file.startsWith('/') ? file : `${seat.data}/${file}`;
}
