import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { smallHome } from './aws/home.ts';
import { cloudStatus, type CloudStatus } from './aws/status.ts';
import { call } from './call.ts';
import type { ControllerFault } from './controllers.ts';
import { autostartOf, dataOf, readLab, runFile, secret, type Lab } from './lab.ts';
import { readIdentity } from './launch.ts';
import type { Cut } from './lines.ts';
import { powerOf, type Power } from './power.ts';
import { isAlive, isFrozen, members } from './process.ts';

export interface LabStatus {
  readonly folder: string;
  readonly inventory: string;
  readonly hosts: { readonly [name: string]: HostStatus };
  readonly cuts: readonly Cut[];
  /** Whether each process beside the machines runs. */
  readonly running: { readonly [name: string]: boolean };
  /** Absent: it has no emulated AWS. */
  readonly cloud?: CloudStatus;
}
export interface HostStatus {
  readonly site: string;
  readonly power: Power;
  readonly database: 'running' | 'frozen' | 'stopped';
  /** What its data folder says; a running primary takes writes. */
  readonly role: 'primary' | 'standby' | 'none';
  readonly autostart: boolean;
  /** Absent: the host is an instance of the cloud. */
  readonly controller?: 'truthful' | ControllerFault;
}

/** What is the case in a lab, by looking. */
export async function status(folder: string): Promise<LabStatus> {
  const lab = readLab(folder);
  const state = (await call(lab.control, secret(lab, 'token'), 'GET', '/state', undefined, 5000).catch(() => null)) as State | null;
  const home = smallHome(lab);
  const runs = (name: string): boolean => {
    const identity = readIdentity(runFile(lab, name));
    return identity !== null && isAlive(identity);
  };
  return {
    folder: lab.folder,
    inventory: join(lab.folder, 'runbooks/inventory.yaml'),
    hosts: Object.fromEntries(Object.keys(lab.hosts).map((name) => [name, hostStatus(lab, name, state)])),
    cuts: state?.cuts ?? [],
    running: Object.fromEntries(
      ['estate', 'controllers', 'probe', ...(home ? ['emulator', 'databases'] : [])].map((name) => [name, runs(name)]),
    ),
    ...(home ? { cloud: await cloudStatus(home) } : {}),
  };
}

/** The host on which a primary runs now. Throws where there is none, or two. */
export function primaryOf(lab: Lab): string {
  const found = Object.keys(lab.hosts).filter((name) => databaseOf(lab, name) !== 'stopped' && roleOf(lab, name) === 'primary');
  if (found.length === 1) return found[0]!;
  throw new Error(found.length === 0 ? 'No primary runs in the lab.' : `${found.join(' and ')} both run as primaries: name the host.`);
}

export function databaseOf(lab: Lab, host: string): 'running' | 'frozen' | 'stopped' {
  const all = members({ data: dataOf(lab, host) });
  if (all.length === 0) return 'stopped';
  return all.every(isFrozen) ? 'frozen' : 'running';
}

export function roleOf(lab: Lab, host: string): HostStatus['role'] {
  if (!existsSync(join(dataOf(lab, host), 'PG_VERSION'))) return 'none';
  return existsSync(join(dataOf(lab, host), 'standby.signal')) ? 'standby' : 'primary';
}

interface State {
  readonly cuts: readonly Cut[];
  readonly controllers: { readonly [host: string]: ControllerFault };
}

function hostStatus(lab: Lab, name: string, state: State | null): HostStatus {
  const autostart = autostartOf(lab, name);
  return {
    site: lab.hosts[name]!.site,
    power: powerOf(lab, name),
    database: databaseOf(lab, name),
    role: roleOf(lab, name),
    autostart: existsSync(autostart) && readFileSync(autostart, 'utf8').trim() === 'enabled',
    ...(lab.hosts[name]!.controller ? { controller: state?.controllers[name] ?? 'truthful' } : {}),
  };
}
