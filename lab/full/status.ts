import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readIdentity } from '../launch.ts';
import { isAlive } from '../process.ts';
import type { ControllerFault } from './buttons.ts';
import { fullHome } from '../aws/home.ts';
import { cloudStatus, type CloudStatus } from '../aws/status.ts';
import { cuts } from './cuts.ts';
import { estate } from './estate-client.ts';
import { machineOf, outsideOf, paths, readFullLab, rootOf, runFile, upperOf, type FullLab } from './full-lab.ts';
import { inside, leaderOf } from './inside.ts';
import type { Power } from './machine.ts';
import { devices, machines, pair } from './shape.ts';

export interface FullStatus {
  readonly size: 'full';
  readonly folder: string;
  readonly inventory: string;
  /** Address of hq, where server, probe and people are. */
  readonly hq: string;
  readonly hosts: { readonly [name: string]: FullHostStatus };
  /** Lines that do not carry everything, a phrase each. */
  readonly cuts: readonly string[];
  /** Whether each process beside the hosts runs. */
  readonly running: { readonly [name: string]: boolean };
  /** Absent: it has no emulated AWS. */
  readonly cloud?: CloudStatus;
}
export interface FullHostStatus {
  readonly site: string;
  readonly power: Power;
  /** Of the members of the pair. What its data folder says; a running primary takes writes. */
  readonly database?: { readonly state: 'running' | 'stopped'; readonly role: 'primary' | 'standby' | 'none'; readonly autostart: boolean };
  readonly controller?: 'truthful' | ControllerFault;
}

/** What is the case in a full lab, by looking. */
export async function statusFull(folder: string): Promise<FullStatus> {
  const lab = readFullLab(folder);
  const state = (await estate(lab, 'GET', '/state').catch(() => null)) as { controllers: { [host: string]: ControllerFault } } | null;
  const home = fullHome(lab);
  const runs = (name: string): boolean => {
    const identity = readIdentity(runFile(lab, name));
    return identity !== null && isAlive(identity);
  };
  const hosts = await Promise.all(
    Object.keys(machines).map(async (name): Promise<[string, FullHostStatus]> => {
      const { site, controller } = machineOf(name);
      return [
        name,
        {
          site,
          power: leaderOf(lab, name) === null ? 'Off' : 'On',
          ...(isMember(name) ? { database: await databaseOf(lab, name) } : {}),
          ...(controller ? { controller: state?.controllers[name] ?? 'truthful' } : {}),
        },
      ];
    }),
  );
  return {
    size: 'full',
    folder: lab.folder,
    inventory: join(lab.folder, 'runbooks/inventory.yaml'),
    hq: outsideOf(lab),
    hosts: Object.fromEntries(hosts),
    cuts: await cuts(lab),
    running: Object.fromEntries(
      ['estate', 'probe', ...(home ? ['emulator', 'databases'] : []), ...Object.keys(devices).map((name) => `device-${name}`)].map(
        (name) => [name, runs(name)],
      ),
    ),
    ...(home ? { cloud: await cloudStatus(home) } : {}),
  };
}

/** The member on which a primary runs now. Throws where there is none, or two. */
export async function primaryOf(lab: FullLab): Promise<string> {
  const all = await Promise.all(pair.map(async (name) => ({ name, ...(await databaseOf(lab, name)) })));
  const found = all.filter(({ state, role }) => state === 'running' && role === 'primary').map(({ name }) => name);
  if (found.length === 1) return found[0]!;
  throw new Error(found.length === 0 ? 'No primary runs in the lab.' : `${found.join(' and ')} both run as primaries: name the host.`);
}

async function databaseOf(lab: FullLab, host: string): Promise<NonNullable<FullHostStatus['database']>> {
  const root = leaderOf(lab, host) === null ? upperOf(lab, host) : rootOf(lab, host);
  const data = join(root, paths.data);
  const role = !existsSync(join(data, 'PG_VERSION')) ? 'none' : existsSync(join(data, 'standby.signal')) ? 'standby' : 'primary';
  const ask = (...words: string[]): Promise<string> => inside(lab, host, ['systemctl', ...words], { within: 5000 }).catch(() => '');
  const [active, enabled] =
    leaderOf(lab, host) === null
      ? ['', existsSync(join(root, autostartLink)) ? 'enabled' : '']
      : await Promise.all([ask('show', '--property=ActiveState', 'orders-db'), ask('is-enabled', 'orders-db')]);
  return { state: /=(active|reloading|deactivating)/.test(active) ? 'running' : 'stopped', role, autostart: enabled.trim() === 'enabled' };
}

export const autostartLink = 'etc/systemd/system/lifeboat.target.wants/orders-db.service';
const isMember = (name: string): boolean => pair.some((one) => one === name);
