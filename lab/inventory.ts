import { stringify } from 'yaml';
import { cloudEntries, type CloudEntries } from './aws/inventory.ts';
import { smallHome } from './aws/home.ts';
import { copiesOf, dataOf, passfileOf, secretFile, type Host, type Lab } from './lab.ts';
import { program } from './launch.ts';
import { told } from './told.ts';

const address = '127.0.0.1';

/** The lab as an inventory: the same grammar as any other's. */
export function inventory(lab: Lab): string {
  const home = smallHome(lab);
  const cloud = home && cloudEntries(home);
  const cloudSites = cloud?.sites ?? {};
  const bySite = <T>(value: (name: string, host: Host) => T): { [site: string]: T } =>
    Object.fromEntries(Object.entries(lab.hosts).map(([name, host]) => [host.site, value(name, host)]));
  const each = <In, Out>(all: { readonly [name: string]: In }, value: (one: In, name: string) => Out): { [name: string]: Out } =>
    Object.fromEntries(Object.entries(all).map(([name, one]) => [name, value(one, name)]));
  return stringify(
    {
      decisions: 'anonymous',
      probe: `http://${address}:${lab.probe}`,
      ...(lab.ui === undefined ? {} : { temporal: { ui: lab.ui } }),
      sites: {
        ...cloudSites,
        ...each(lab.sites, ({ records, witness }, name) => ({
          ...(cloudSites[name] ?? { kind: 'physical', limits: { steps: 20 } }),
          records,
          witness: { port: 22, address, ...seen(witness, name, (port) => ({ 22: port })) },
        })),
      },
      people: { 'dr-leads': ['demo-approver', 'alice@example.com', 'bob@example.com'], dbas: ['carol@example.com', 'dan@example.com'] },
      hosts: each(lab.hosts, (host, name) => ({
        site: host.site,
        connection: 'local',
        address,
        ...seen(host.seenFrom, host.site, (ports) => ({ ...ports })),
        alive: 22,
        ...(host.controller === undefined ? instance(cloud) : { power: power(lab, name, host.controller.port) }),
      })),
      systems: {
        orders: {
          tier: 1,
          postgres: {
            members: bySite((name) => name),
            port: 5432,
            data: bySite((name) => dataOf(lab, name)),
            bin: bySite(() => lab.postgres),
            database: 'orders',
            login: { user: 'lifeboat', password: `file:${secretFile(lab, 'lifeboat')}` },
            ...(lab.user === null ? {} : { owner: lab.user.name }),
            replication: { user: 'repl', 'rewind-user': 'rewinder', passfile: passfileOf(lab) },
            service: bySite((name) => service(lab, name)),
          },
          probe: { every: '100 milliseconds', good: 5 },
          rehearsal: {
            at: bySite((name, { copy, site }) => ({ postgres: { port: copy }, root: copiesOf(lab, name), ...cloud?.standIns[site] })),
          },
          promised: { backup: '2 days', rehearsal: '36 days' },
          // People practise: to and fro, without a pause.
          rest: '0 seconds',
          ...cloud?.orders,
        },
        ...cloud?.systems,
      },
      ...(cloud ? { values: cloud.values } : {}),
      notify: told(`http://${address}:${lab.hooks}`, secretFile(lab, 'hooks')),
      evidence: { key: `file:${secretFile(lab, 'record.key')}` },
    },
    { lineWidth: 140, aliasDuplicateObjects: false },
  );
}

function power(lab: Lab, host: string, port: number): object {
  return {
    driver: 'redfish',
    address: `https://${address}:${port}`,
    user: 'lifeboat',
    password: `file:${secretFile(lab, `controller-${host}`)}`,
    certificate: secretFile(lab, 'controllers.pem'),
  };
}

function instance(cloud: CloudEntries | null): object {
  return cloud?.instance === undefined ? {} : { instance: cloud.instance };
}

/** Ports as the site itself sees them, and as every other viewpoint does. */
function seen<T, Ports>(from: { readonly [viewpoint: string]: T }, site: string, ports: (value: T) => Ports): object {
  const others = Object.entries(from).filter(([viewpoint]) => viewpoint !== site);
  return {
    ports: ports(from[site]!),
    'seen-from': Object.fromEntries(others.map(([viewpoint, value]) => [viewpoint, { ports: ports(value) }])),
  };
}

function service(lab: Lab, host: string): { [act: string]: string[] } {
  const control = (act: string): string[] => [...program('lab/machine-control'), lab.folder, host, act];
  return { start: control('start'), stop: control('stop'), enabled: control('enabled') };
}
