import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { cloudPart } from '../aws/home.ts';
import { reachableByOthers } from '../database-user.ts';
import { findPostgres } from '../installed.ts';
import { freePort } from '../ports.ts';
import type { Progress } from '../progress.ts';
import { writeRecordKey } from '../record-key.ts';
import { defaultNet, hq, labFile, secretFile, type FullLab } from './full-lab.ts';
import { takeNet } from './lock.ts';
import { machines } from './shape.ts';

export interface FullOptions {
  /** Absent or empty; all state lies in it. */
  readonly folder: string;
  /** Its addresses are 10.NET.0.0/16. Default: 77. */
  readonly net?: number;
  /** Port of 127.0.0.1 of the Temporal server that the sites' workers reach at hq's 7233. Default: 7233. */
  readonly temporal?: number;
  /** Base URL of the Temporal UI, for links. */
  readonly ui?: string;
  /** Parent folder of the record stores of both sites. Default: in the lab's folder, and removed with it. */
  readonly records?: string;
  /** Whether the probe is started. Default: yes. */
  readonly probe?: boolean;
  /** Whether missing Debian packages are installed. Default: no, they are named. */
  readonly install?: boolean;
  /** Whether an emulated AWS stands beside the sites. Default: no. */
  readonly aws?: boolean;
  readonly progress?: Progress;
}

/** Decides on everything that stays as it is as long as the lab lives, takes the net, and writes it down before anything starts. */
export async function describeFull(options: FullOptions): Promise<FullLab> {
  const folder = resolve(options.folder);
  refuse(folder);
  const net = options.net ?? defaultNet;
  if (!Number.isInteger(net) || net < 1 || net > 254) throw new Error(`${net} is no net: it is a number from 1 to 254.`);
  const postgres = await findPostgres();
  if (!postgres) throw new Error('There is no PostgreSQL 15 or later on this machine: apt-get install postgresql.');
  const lab: FullLab = {
    format: 1,
    size: 'full',
    id: randomBytes(6).toString('hex'),
    net,
    folder,
    postgres,
    control: await freePort(),
    temporal: options.temporal ?? hq.temporal,
    ...(options.ui === undefined ? {} : { ui: options.ui }),
    records: resolve(options.records ?? join(folder, 'records')),
    ...(options.aws ? { aws: await cloudPart() } : {}),
  };
  takeNet(lab);
  mkdirSync(folder, { recursive: true });
  // The database's own user works in it, before there are hosts.
  chmodSync(folder, 0o711);
  writeFileSync(labFile(folder), JSON.stringify(lab, null, 2), { mode: 0o600 });
  for (const part of ['logs', 'run', 'secrets', 'probe', 'hosts', 'devices', 'controllers']) mkdirSync(join(folder, part), { mode: 0o700 });
  writeSecrets(lab);
  return lab;
}

function refuse(folder: string): void {
  if (!/^[A-Za-z0-9_./-]{1,70}$/.test(folder)) {
    throw new Error(`${folder} will not do: name a folder by letters, digits, ".", "_" and "-", at most 70 in all.`);
  }
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new Error(
      existsSync(labFile(folder))
        ? `There is a lab in ${folder} already. End it with "lifeboat lab down --folder ${folder}".`
        : `${folder} is not empty: name a folder of its own for the lab.`,
    );
  }
  let above = dirname(folder);
  while (!existsSync(above)) above = dirname(above);
  if (!reachableByOthers(above))
    throw new Error(`Others than root cannot pass through ${above}, and PostgreSQL refuses root: name another folder.`);
}

function writeSecrets(lab: FullLab): void {
  const roles = ['postgres', 'lifeboat', 'app', 'repl', 'rewinder'];
  const names = ['token', 'hooks', 'restic-files', 'restic-vault', ...roles, ...Object.keys(machines).map((host) => `controller-${host}`)];
  // IPMI passwords have at most 16 bytes.
  for (const name of names) writeFileSync(secretFile(lab, name), randomBytes(12).toString('hex').slice(0, 16), { mode: 0o600 });
  writeFileSync(secretFile(lab, 'tsig'), randomBytes(32).toString('base64'), { mode: 0o600 });
  writeRecordKey(secretFile(lab, 'record.key'));
}
