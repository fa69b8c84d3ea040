import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { HostFacts } from '../../plan/plan.ts';

/** Where a job of a step lies on its host, and what carries it there. */
export interface JobPlace {
  readonly host: HostFacts;
  /** Name of its unit and of its folder. */
  readonly unit: string;
  readonly folder: string;
  /** A file for its input, which it removes as soon as it has opened it. */
  readonly inputFile: string;
  /** Who makes it outlive the worker and the line: systemd, or a session of its own. */
  readonly carrier: 'systemd' | 'session';
  /** Whether its script runs as root, and so can give up rights. */
  readonly root: boolean;
}

/** @param key of the run and step: a later attempt finds the same place. */
export function jobPlace(host: HostFacts, key: string, name: string): JobPlace {
  // Hosts of a practice estate may share one machine.
  const cut = createHash('sha256')
    .update(JSON.stringify([key, host.name]))
    .digest('hex')
    .slice(0, 20);
  const unit = `lifeboat-${cut}-${name.replace(/[^a-zA-Z0-9]+/g, '-').slice(0, 60)}`;
  const far = host.connection === 'ssh';
  const root = far || process.getuid?.() === 0;
  const carrier = far || (root && existsSync('/run/systemd/system')) ? 'systemd' : 'session';
  const folder = join(far ? '/var/lib/lifeboat/jobs' : ownJobs(), unit);
  const inputFile = carrier === 'systemd' ? `/run/lifeboat/${unit}.input` : `${folder}.input`;
  return { host, unit, folder, inputFile, carrier, root };
}

function ownJobs(): string {
  const state = process.env['XDG_STATE_HOME'] ?? (process.getuid?.() === 0 ? '/var/lib' : join(homedir(), '.local', 'state'));
  return join(state, 'lifeboat', 'jobs');
}
