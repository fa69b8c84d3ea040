import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cloudPart } from './aws/home.ts';
import { selfSigned } from './certificate.ts';
import { databaseUser, reachableByOthers } from './database-user.ts';
import { labFile, outside, secretFile, type Host, type Lab, type Site } from './lab.ts';
import { freePorts } from './ports.ts';
import type { Progress } from './progress.ts';
import { publicFolder } from './readable.ts';
import { writeRecordKey } from './record-key.ts';
import { tools, type Tools } from './tools.ts';

export interface UpOptions {
  /** Absent or empty; all state lies in it. */
  readonly folder: string;
  readonly tools?: Tools;
  /** Base URL of the Temporal UI, for links. */
  readonly ui?: string;
  /** Parent folder of the record stores of both sites. Default: in the lab's folder, and removed with it. */
  readonly records?: string;
  /** Whether the probe is started. Default: yes. */
  readonly probe?: boolean;
  /** Whether an emulated AWS stands beside the sites. Default: no, unless `hybrid`. */
  readonly aws?: boolean;
  /** Whether the standby of `orders` is an instance of that AWS, c-db at us-east-1, in place of b-db at site-b. Default: no. */
  readonly hybrid?: boolean;
  readonly progress?: Progress;
}

/** Decides on everything that stays as it is as long as the lab lives, and writes it down before anything starts. */
export async function describe(options: UpOptions): Promise<Lab> {
  const folder = resolve(options.folder);
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new Error(
      existsSync(labFile(folder))
        ? `There is a lab in ${folder} already. End it with "lifeboat lab down".`
        : `${folder} is not empty: name a folder of its own for the lab.`,
    );
  }
  const found = options.tools ?? (await tools(options.progress));
  const id = randomBytes(6).toString('hex');
  const user = databaseUser();
  mkdirSync(folder, { recursive: true });
  if (user) chmodSync(folder, 0o755);
  const disks = !user || reachableByOthers(folder) ? join(folder, 'disks') : join(publicFolder(), `lab-${id}`);
  const lab: Lab = {
    format: 1,
    id,
    folder,
    postgres: found.postgres,
    python: found.python,
    user,
    disks,
    ...(options.ui === undefined ? {} : { ui: options.ui }),
    ...shape(await freePorts(37), resolve(options.records ?? join(folder, 'records')), options.hybrid ?? false),
    ...((options.aws ?? options.hybrid ?? false) ? { aws: await cloudPart() } : {}),
  };
  writeFileSync(labFile(folder), JSON.stringify(lab, null, 2));
  for (const part of ['logs', 'run', 'secrets', 'probe']) mkdirSync(join(folder, part), { mode: 0o700 });
  mkdirSync(disks, { recursive: true, mode: 0o755 });
  writeSecrets(lab);
  return lab;
}

function shape(ports: number[], records: string, hybrid: boolean): Pick<Lab, 'control' | 'hooks' | 'probe' | 'sites' | 'hosts'> {
  const next = (): number => ports.pop()!;
  const second = hybrid ? 'us-east-1' : 'site-b';
  const viewpoints = ['site-a', second, outside];
  const seen = <T>(value: () => T): { [viewpoint: string]: T } => Object.fromEntries(viewpoints.map((viewpoint) => [viewpoint, value()]));
  const site = (name: string): Site => ({ records: join(records, name), witness: seen(next) });
  const host = (name: string, controlled = true): Host => ({
    site: name,
    ssh: next(),
    database: next(),
    control: next(),
    seenFrom: seen(() => ({ 22: next(), 5432: next() })),
    replication: next(),
    copy: next(),
    ...(controlled ? { controller: { port: next(), inside: next() } } : {}),
  });
  return {
    control: next(),
    hooks: next(),
    probe: next(),
    sites: { 'site-a': site('site-a'), [second]: site(second) },
    hosts: { 'a-db': host('site-a'), [hybrid ? 'c-db' : 'b-db']: host(second, !hybrid) },
  };
}

function writeSecrets(lab: Lab): void {
  const write = (name: string, text: string): void => writeFileSync(secretFile(lab, name), text, { mode: 0o600 });
  const names = [
    'token',
    'postgres',
    'lifeboat',
    'app',
    'repl',
    'rewinder',
    'hooks',
    ...Object.keys(lab.hosts).map((host) => `controller-${host}`),
  ];
  for (const name of names) write(name, randomBytes(18).toString('base64url'));
  const { key, certificate } = selfSigned('Lifeboat practice lab');
  writeRecordKey(secretFile(lab, 'record.key'));
  write('controllers.key', key);
  write('controllers.pem', certificate);
}
