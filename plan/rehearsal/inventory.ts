import { own } from '../facts.ts';
import type { Inventory, InventoryHost, InventorySystem } from '../grammar/inventory.ts';
import { place } from '../grammar/rehearsal.ts';
import type { InventoryFile } from '../load.ts';
import { copyName, databaseCopyName } from './copy-name.ts';

/** Where the copies of a system lie at a site. */
export type Place = InventorySystem['rehearsal']['at'][string];
export function placeOf(system: InventorySystem, target: string): Place {
  return own(system.rehearsal.at, target) ?? place.parse({});
}

/**
 * The inventory that a rehearsal is compiled against: at the target site every host is its copy, with a name, a port and a directory
 * of its own, and resources, values and records are those that the inventory names for rehearsals. Pure.
 */
export function rehearsalInventory(inventory: InventoryFile, name: string, target: string): InventoryFile {
  const { data } = inventory;
  const system = own(data.systems, name);
  if (system === undefined) return inventory;
  const there = placeOf(system, target);
  const member = system.postgres && own(system.postgres.members, target);
  const copies = Object.entries(data.hosts)
    .filter(([, { site }]) => site === target)
    .map(
      ([host, facts]) =>
        [copyName(host), copyOf(host === member ? (own(data.hosts, there.postgres.host ?? host) ?? facts) : facts)] as const,
    );
  return {
    ...inventory,
    data: {
      ...data,
      hosts: { ...data.hosts, ...Object.fromEntries(copies) },
      values: { ...data.values, ...there.values } as Inventory['values'],
      systems: { ...data.systems, [name]: rehearsed(system, name, target, there) },
    },
  };
}

/** Nothing switches a copy's power or cuts its line: they are those of the machine that it shares with production. */
function copyOf({ power: _, 'switch-port': __, instance: ___, ...host }: InventoryHost): InventoryHost {
  return host;
}

function rehearsed(system: InventorySystem, name: string, target: string, there: Place): InventorySystem {
  const { postgres, rds, resources, traffic, backups } = system;
  const here = <T>(table: { [site: string]: T }, change: (value: T) => T): { [site: string]: T } =>
    Object.hasOwn(table, target) ? { ...table, [target]: change(table[target]!) } : table;
  return {
    ...system,
    ...(postgres === undefined ? {} : { postgres: copiedDatabase(postgres, name, target, there) }),
    ...(rds === undefined || there.rds === undefined ? {} : { rds: copiedRds(rds, target) }),
    ...(resources === undefined ? {} : { resources: standIns(resources, system.rehearsal.at) }),
    ...(traffic === undefined || there.traffic === undefined ? {} : { traffic: { ...traffic, record: there.traffic.record } }),
    ...(backups?.files === undefined
      ? {}
      : { backups: { ...backups, files: { ...backups.files, hosts: here(backups.files.hosts, copyName) } } }),
  };
}

type Resources = NonNullable<InventorySystem['resources']>;

/** A runbook changes what is at either site: what stands in for it is at either. */
function standIns(resources: Resources, at: InventorySystem['rehearsal']['at']): Resources {
  return Object.fromEntries(Object.entries(resources).map(([site, written]) => [site, { ...written, ...own(at, site)?.resources }]));
}

/** The copy is reached where AWS says, and never where its member is. */
function copiedRds(rds: NonNullable<InventorySystem['rds']>, target: string): NonNullable<InventorySystem['rds']> {
  const member = own(rds.members, target);
  if (member === undefined) return rds;
  const { [target]: _, ...connect } = rds.connect ?? {};
  return { ...rds, members: { ...rds.members, [target]: databaseCopyName(member) }, connect };
}

type Pair = NonNullable<InventorySystem['postgres']>;

/** The member of the target site is a copy; a unit or a service of production is none of its own. */
function copiedDatabase({ unit: _, service: __, ...pair }: Pair, name: string, target: string, there: Place): Pair {
  const member = own(pair.members, target);
  if (member === undefined) return pair;
  const everywhere = Object.fromEntries(
    Object.keys(pair.members).map((site) => [site, typeof pair.data === 'string' ? pair.data : pair.data[site]!]),
  );
  return {
    ...pair,
    members: { ...pair.members, [target]: copyName(member) },
    port: portOf(pair, there),
    data: { ...everywhere, [target]: `${there.root}/${name}/database` },
  };
}

/** Port of the copy. */
export function portOf(pair: Pair, there: Place): number {
  const far = 10_000;
  return there.postgres.port ?? (pair.port + far <= 65_535 ? pair.port + far : pair.port - far);
}
