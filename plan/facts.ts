import type { Inventory, InventoryHost } from './grammar/inventory.ts';
import type { HostFacts, PlanHeader, PostgresFacts, SystemFacts, View } from './plan.ts';

/** Facts of a host, or undefined where the inventory has none of that name. */
export function hostFacts(inventory: Inventory, name: string): HostFacts | undefined {
  const host = own(inventory.hosts, name);
  if (host === undefined) return undefined;
  const witness = own(inventory.sites, host.site)?.witness;
  return {
    name,
    site: host.site,
    connection: host.connection,
    views: views({ ...host, address: host.address ?? (host.connection === 'local' ? '127.0.0.1' : name) }),
    alive: host.alive,
    ...(host.power === undefined ? {} : { power: powerFacts(host.power) }),
    ...(witness === undefined ? {} : { witness: { port: witness.port, views: views(witness) } }),
  };
}

/** Facts of a system, or undefined where the inventory has none of that name. */
export function systemFacts(inventory: Inventory, name: string): SystemFacts | undefined {
  const system = own(inventory.systems, name);
  if (system === undefined) return undefined;
  return {
    name,
    tier: system.tier,
    ...(system.postgres === undefined ? {} : { postgres: postgresFacts(system.postgres) }),
    ...(system.probe === undefined
      ? {}
      : {
          probe: { ...(inventory.probe === undefined ? {} : { url: inventory.probe }), every: system.probe.every, good: system.probe.good },
        }),
  };
}

export function siteFacts(inventory: Inventory): PlanHeader['sites'] {
  return mapped(inventory.sites, ({ kind, limits, records }) => ({
    kind,
    steps: limits.steps,
    ...(records === undefined ? {} : { records }),
  }));
}

export function notifyFacts(inventory: Inventory): PlanHeader['notify'] {
  return mapped(inventory.notify, ({ webhook, secret }) => ({ webhook, ...(secret === undefined ? {} : { secret }) }));
}

/** The sites between which a system moves; empty where it has no pair. */
export function pairOf(inventory: Inventory, system: string): readonly string[] {
  return Object.keys(own(inventory.systems, system)?.postgres?.members ?? {});
}

/** A property of its own, never one that every object inherits. */
export function own<T>(table: { readonly [key: string]: T }, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

interface Seen {
  readonly address: string;
  readonly ports?: { readonly [port: string]: number } | undefined;
  readonly 'seen-from'?: InventoryHost['seen-from'];
}

function views(thing: Seen): { [viewpoint: string]: View } {
  const ports = thing.ports ?? {};
  const elsewhere = mapped(thing['seen-from'] ?? {}, (view) => ({
    address: view.address ?? thing.address,
    ports: { ...ports, ...view.ports },
  }));
  return { default: { address: thing.address, ports }, ...elsewhere };
}

function powerFacts({
  driver,
  address,
  user,
  password,
  certificate,
  system,
}: NonNullable<InventoryHost['power']>): NonNullable<HostFacts['power']> {
  return {
    driver,
    address,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(system === undefined ? {} : { system }),
  };
}

function postgresFacts(pair: NonNullable<Inventory['systems'][string]['postgres']>): PostgresFacts {
  const everywhere = <T>(value: T): { [site: string]: T } => mapped(pair.members, () => value);
  const { unit } = pair;
  return {
    members: pair.members,
    port: pair.port,
    data: typeof pair.data === 'string' ? everywhere(pair.data) : pair.data,
    bin: pair.bin === undefined ? {} : typeof pair.bin === 'string' ? everywhere(pair.bin) : pair.bin,
    database: pair.database,
    user: pair.login.user,
    ...(pair.login.password === undefined ? {} : { password: pair.login.password }),
    service: {
      ...(unit === undefined
        ? {}
        : everywhere({
            start: ['systemctl', 'start', unit],
            stop: ['systemctl', 'stop', unit],
            enabled: ['systemctl', 'is-enabled', unit],
          })),
      ...pair.service,
    },
  };
}

function mapped<T, U>(table: { readonly [key: string]: T }, change: (value: T) => U): { [key: string]: U } {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, change(value)]));
}
