import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CloudPart } from './aws/home.ts';
import type { DatabaseUser } from './database-user.ts';

/** A practice estate, as `lab.json` in its folder describes it. Ports are of 127.0.0.1. */
export interface Lab {
  readonly format: 1;
  /** Tells this lab's processes from another's. */
  readonly id: string;
  readonly folder: string;
  /** Folder of PostgreSQL's programs. */
  readonly postgres: string;
  readonly python: string;
  /** Who runs PostgreSQL; null: whoever runs the lab. */
  readonly user: DatabaseUser | null;
  /** Folder that holds the hosts' disks. */
  readonly disks: string;
  /** Control interface of the estate's lines and power. */
  readonly control: number;
  readonly hooks: number;
  readonly probe: number;
  /** Base URL of the Temporal UI, for links. */
  readonly ui?: string;
  readonly sites: { readonly [name: string]: Site };
  readonly hosts: { readonly [name: string]: Host };
  /** Absent: it has no emulated AWS. */
  readonly aws?: CloudPart;
}
export interface Site {
  /** Folder of the record store there. */
  readonly records: string;
  /** Port at which each viewpoint reaches the site's witness. */
  readonly witness: { readonly [viewpoint: string]: number };
}
export interface Host {
  readonly site: string;
  /** Ports of the machine itself: nobody but the lines of the lab uses them. */
  readonly ssh: number;
  readonly database: number;
  readonly control: number;
  /** Port at which each viewpoint reaches each service. */
  readonly seenFrom: { readonly [viewpoint: string]: { readonly 22: number; readonly 5432: number } };
  /** Port at which the other member's standby reaches this host's database. */
  readonly replication: number;
  /** Port of the copy that a rehearsal makes of its database. */
  readonly copy: number;
  /** The power controller as people reach it, and behind its line. Absent: the host is an instance of the cloud. */
  readonly controller?: { readonly port: number; readonly inside: number };
}

export const outside = 'outside';

/** Reads a lab's description. Throws where the folder holds none. */
export function readLab(folder: string): Lab {
  const file = labFile(folder);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new Error(`There is no lab in ${resolve(folder)}: lab.json is missing. Start one with "lifeboat lab up".`);
  }
  const lab = JSON.parse(text) as Lab;
  if (lab.format !== 1 || typeof lab.id !== 'string') throw new Error(`${file} does not describe a lab of this version.`);
  return lab;
}

export function hostOf(lab: Lab, name: string): Host {
  const host = lab.hosts[name];
  if (!host) throw new Error(`The lab has no host ${name}. It has ${Object.keys(lab.hosts).join(' and ')}.`);
  return host;
}

/** The other member of the pair. */
export function peerOf(lab: Lab, name: string): string {
  return Object.keys(lab.hosts).find((other) => other !== name)!;
}

export const labFile = (folder: string): string => join(resolve(folder), 'lab.json');
export const runFile = (lab: Lab, name: string): string => join(lab.folder, 'run', `${name}.json`);
export const logFile = (lab: Lab, name: string): string => join(lab.folder, 'logs', `${name}.log`);
export const secretFile = (lab: Lab, name: string): string => join(lab.folder, 'secrets', name);
export const secret = (lab: Lab, name: string): string => secretIn(lab.folder, name);
/** A secret of the lab in a folder, of whichever size. */
export const secretIn = (folder: string, name: string): string => readFileSync(join(folder, 'secrets', name), 'utf8').trim();
export const ledgerFile = (lab: Lab): string => join(lab.folder, 'power-ledger.jsonl');
export const hooksFile = (lab: Pick<Lab, 'folder'>): string => join(lab.folder, 'hooks.jsonl');
/** What people were told by itself: questions, failures, ends. */
export const eventsFile = (lab: Pick<Lab, 'folder'>): string => join(lab.folder, 'events.jsonl');
export const diskOf = (lab: Lab, host: string): string => join(lab.disks, host);
export const dataOf = (lab: Lab, host: string): string => join(lab.disks, host, 'data');
/** Where copies of a host's data lie that a rehearsal makes. */
export const copiesOf = (lab: Lab, host: string): string => join(lab.disks, host, 'copies');
/** The password file of the user who runs PostgreSQL, on every host. */
export const passfileOf = (lab: Lab): string => join(lab.disks, 'pgpass');
export const autostartOf = (lab: Lab, host: string): string => join(lab.disks, host, 'autostart');

/** In the environment of every process of the lab, and of those of one machine. */
export const labTag = (lab: Lab): { readonly LIFEBOAT_LAB: string } => ({ LIFEBOAT_LAB: lab.id });
export const machineTag = (lab: Lab, host: string): { readonly LIFEBOAT_MACHINE: string } => ({ LIFEBOAT_MACHINE: `${lab.id}/${host}` });
