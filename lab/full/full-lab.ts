import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CloudPart } from '../aws/home.ts';
import { machines } from './shape.ts';

/** A full practice estate, as `lab.json` in its folder describes it. */
export interface FullLab {
  readonly format: 1;
  readonly size: 'full';
  /** Tells this lab's processes from another's. */
  readonly id: string;
  /** Its addresses are 10.NET.0.0/16; also in the name of everything of it that has one on this machine. */
  readonly net: number;
  readonly folder: string;
  /** Folder of PostgreSQL's programs, here and on the hosts. */
  readonly postgres: string;
  /** Port of 127.0.0.1: control interface of power and controllers. */
  readonly control: number;
  /** Port of 127.0.0.1 of the Temporal server that the sites' workers reach at hq. It need not run. */
  readonly temporal: number;
  /** Base URL of the Temporal UI, for links. */
  readonly ui?: string;
  /** Parent folder of the record stores of both sites. */
  readonly records: string;
  /** Absent: it has no emulated AWS. */
  readonly aws?: CloudPart;
}

export const defaultNet = 77;
/** Where the database's, the documents' and the stores' files lie on the hosts. */
export const paths = {
  data: '/var/lib/postgresql/orders',
  configuration: '/etc/orders-db',
  passfile: '/var/lib/postgresql/.pgpass',
  documents: '/srv/orders/documents',
  repository: '/var/lib/pgbackrest',
  backrest: '/etc/pgbackrest.conf',
  files: '/srv/restic/files',
  vault: '/srv/vault/orders',
  keys: '/etc/lifeboat',
} as const;
/** Ports of hq's address. */
export const hq = { temporal: 7233, hooks: 8085, probe: 8086 } as const;

export const readFullLab = (folder: string): FullLab => {
  const lab = JSON.parse(readFileSync(labFile(folder), 'utf8')) as FullLab;
  if (lab.format !== 1 || lab.size !== 'full') throw new Error(`${labFile(folder)} does not describe a full lab of this version.`);
  return lab;
};

export const address = (lab: Pick<FullLab, 'net'>, at: string): string => `10.${lab.net}.${at}`;
export const addressOf = (lab: FullLab, host: string): string => address(lab, machineOf(host).at);
export const outsideOf = (lab: FullLab): string => address(lab, '0.1');
/** The network namespace, and the control groups, of a part of the lab. */
export const nameOf = (lab: Pick<FullLab, 'net'>, part: string): string => `lb${lab.net}-${part}`;
export const namespaceOf = (lab: FullLab, part: string): string => `/run/netns/${nameOf(lab, part)}`;

export function machineOf(host: string): (typeof machines)[string] {
  const machine = machines[host];
  if (!machine) throw new Error(`The lab has no host ${host}. It has ${Object.keys(machines).join(', ')}.`);
  return machine;
}

export const labFile = (folder: string): string => join(resolve(folder), 'lab.json');
export const runFile = (lab: FullLab, name: string): string => join(lab.folder, 'run', `${name}.json`);
export const logFile = (lab: FullLab, name: string): string => join(lab.folder, 'logs', `${name}.log`);
export const secretFile = (lab: FullLab, name: string): string => join(lab.folder, 'secrets', name);
export const secret = (lab: FullLab, name: string): string => readFileSync(secretFile(lab, name), 'utf8').trim();
export const keyFile = (lab: FullLab, name: string): string => join(lab.folder, 'keys', name);
export const publicKey = (lab: FullLab, name: string): string => readFileSync(`${keyFile(lab, name)}.pub`, 'utf8').trim();
export const ledgerFile = (lab: FullLab): string => join(lab.folder, 'power-ledger.jsonl');
export const socketOf = (lab: FullLab): string => join(lab.folder, 'run/controllers.sock');
/** The folder of a host: `disk` is its disk, `mnt` what it makes of it while it has power. */
export const diskOf = (lab: FullLab, host: string): string => join(lab.folder, 'hosts', host);
/** What a host has of its own, while it has no power. */
export const upperOf = (lab: FullLab, host: string): string => join(diskOf(lab, host), 'disk/up');
/** All that a host sees, while it has power. */
export const rootOf = (lab: FullLab, host: string): string => join(diskOf(lab, host), 'mnt');
export const labTag = (lab: FullLab): { readonly LIFEBOAT_LAB: string } => ({ LIFEBOAT_LAB: lab.id });
