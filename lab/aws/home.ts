import { join } from 'node:path';
import { databaseUser, type DatabaseUser } from '../database-user.ts';
import { readFullLab, type FullLab } from '../full/full-lab.ts';
import { readLab, type Lab } from '../lab.ts';
import { freePorts } from '../ports.ts';
import { sizeOf } from '../size.ts';

/** The emulated AWS of a lab, as its lab.json describes it. Ports are of 127.0.0.1. */
export interface CloudPart {
  /** All regions and accounts. */
  readonly port: number;
  /** Of the program that runs what is real behind it. */
  readonly reality: number;
}

/** What a lab of either size is to its cloud. */
export interface CloudHome {
  readonly id: string;
  readonly folder: string;
  /** Folder of PostgreSQL's programs. */
  readonly postgres: string;
  readonly user: DatabaseUser | null;
  /** Folder in which the databases' files lie. */
  readonly disks: string;
  /** Parent folder of the record stores. */
  readonly records: string;
  readonly aws: CloudPart;
  /** The estate around the machines, and the host that an instance is bound to; null where there is none. */
  readonly machines: { readonly control: number; readonly host: string; readonly site: string } | null;
}

/** A cloud of two regions and two accounts. */
export const accounts = { production: '111111111111', vault: '333333333333' } as const;
export const sites = {
  'us-east-1': { region: 'us-east-1', account: accounts.production, role: `arn:aws:iam::${accounts.production}:role/lifeboat` },
  'us-west-2': { region: 'us-west-2', account: accounts.production, role: `arn:aws:iam::${accounts.production}:role/lifeboat` },
  vault: { region: 'us-west-2', account: accounts.vault, role: `arn:aws:iam::${accounts.vault}:role/lifeboat-vault` },
} as const;
export type CloudSite = keyof typeof sites;
export const regions: readonly string[] = ['us-east-1', 'us-west-2'];
/** Where `shop` serves, and where it stands by. */
export type Region = 'us-east-1' | 'us-west-2';
/** The database of `shop`, and its replica. */
export const members: { readonly [region in Region]: string } = { 'us-east-1': 'shop-db', 'us-west-2': 'shop-db-west' };

/** All sites of a small lab, its cloud's too: each has a worker of its own. */
export function sitesOf(lab: Lab): string[] {
  return [...new Set([...Object.keys(lab.sites), ...(lab.aws ? Object.keys(sites) : [])])];
}

/** What whoever calls the emulator needs in its environment: it takes any key, and the sites' roles do the rest. */
export const credentials = { AWS_ACCESS_KEY_ID: 'lab', AWS_SECRET_ACCESS_KEY: 'lab', AWS_EC2_METADATA_DISABLED: 'true' } as const;

export async function cloudPart(): Promise<CloudPart> {
  const [port, reality] = (await freePorts(2)) as [number, number];
  return { port, reality };
}

/** The cloud of a small lab, or null where it has none. */
export function smallHome(lab: Lab): CloudHome | null {
  if (!lab.aws) return null;
  const { id, folder, postgres, user, disks, aws, control } = lab;
  const [host, bound] = Object.entries(lab.hosts).find(([, { controller }]) => controller === undefined) ?? [];
  const machines = host === undefined ? null : { control, host, site: bound!.site };
  return { id, folder, postgres, user, disks, aws, machines, records: join(lab.sites['site-a']!.records, '..') };
}

/** The cloud of a full lab, or null where it has none. */
export function fullHome(lab: FullLab): CloudHome | null {
  if (!lab.aws) return null;
  const { id, folder, postgres, records, aws } = lab;
  return { id, folder, postgres, records, aws, user: databaseUser(), disks: join(folder, 'aws'), machines: null };
}

/** The cloud of the lab in a folder. Throws where there is none. */
export function homeIn(folder: string): CloudHome {
  const home = sizeOf(folder) === 'full' ? fullHome(readFullLab(folder)) : smallHome(readLab(folder));
  if (!home) throw new Error(`The lab in ${folder} has no emulated AWS: "lifeboat lab down", then "lifeboat lab up" without --no-aws.`);
  return home;
}

export const endpointOf = (home: Pick<CloudHome, 'aws'>): string => `http://127.0.0.1:${home.aws.port}`;
/** Folder in which each database has one of its own. */
export const databasesOf = (home: CloudHome): string => join(home.disks, 'rds');
export const recordsOf = (home: CloudHome, site: string): string => join(home.records, site);
