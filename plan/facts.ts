import type { Inventory, InventoryHost } from './grammar/inventory.ts';
import { isCopy, originalName } from './rehearsal/copy-name.ts';
import type {
  AwsFacts,
  BackedUp,
  BackupFacts,
  HostFacts,
  LineFacts,
  PlanHeader,
  PostgresFacts,
  RdsFacts,
  SshFacts,
  StoreFacts,
  SystemFacts,
  View,
} from './plan.ts';

/** Facts of a host, or undefined where the inventory has none of that name. */
export function hostFacts(inventory: Inventory, name: string): HostFacts | undefined {
  const host = own(inventory.hosts, name);
  if (host === undefined) return undefined;
  const site = own(inventory.sites, host.site);
  const { witness, router } = site ?? {};
  const { 'switch-port': port } = host;
  return {
    name,
    site: host.site,
    connection: host.connection,
    ...(isCopy(name) ? { copyOf: originalName(name) } : {}),
    views: views({ ...host, address: host.address ?? (host.connection === 'local' ? '127.0.0.1' : name) }),
    alive: host.alive,
    ...(host.power === undefined ? {} : { power: powerFacts(host.power) }),
    ...(host.instance === undefined ? {} : { instance: host.instance }),
    ...(host.connection === 'ssh' ? { ssh: sshFacts(inventory, host) } : {}),
    ...(port === undefined ? {} : { port: lineFacts(inventory, port) }),
    ...(router === undefined || router.device === name
      ? {}
      : { router: { ...lineFacts(inventory, router), nothingWritesInside: router['nothing-writes-inside'] } }),
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
    rest: system.rest,
    ...(system.postgres === undefined ? {} : { postgres: postgresFacts(system.postgres) }),
    ...(system.rds === undefined ? {} : { rds: rdsFacts(system.rds) }),
    ...(system.traffic === undefined ? {} : { traffic: system.traffic }),
    ...(system.resources === undefined ? {} : { resources: system.resources }),
    ...(system.backups === undefined ? {} : { backups: backupFacts(inventory, system.backups) }),
    ...(system.promised === undefined ? {} : { promised: promisedFacts(system.promised) }),
    ...(system.probe === undefined
      ? {}
      : {
          probe: { ...(inventory.probe === undefined ? {} : { url: inventory.probe }), every: system.probe.every, good: system.probe.good },
        }),
  };
}

function promisedFacts(written: NonNullable<Inventory['systems'][string]['promised']>): NonNullable<SystemFacts['promised']> {
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
}

export function siteFacts(inventory: Inventory): PlanHeader['sites'] {
  return mapped(inventory.sites, (site) => ({
    kind: site.kind,
    steps: site.limits.steps,
    ...(site.records === undefined ? {} : { records: site.records }),
    ...(site.kind === 'aws' ? { aws: awsFacts(site) } : {}),
  }));
}

function awsFacts(site: Inventory['sites'][string]): AwsFacts {
  const { region, account, profile, role, endpoint, fips, 'dual-stack': dualStack, 'api-share': apiShare = 0.5 } = site;
  return {
    region: region!,
    apiShare,
    ...(account === undefined ? {} : { account }),
    ...(profile === undefined ? {} : { profile }),
    ...(role === undefined
      ? {}
      : { role: { arn: role.arn, ...(role['external-id'] === undefined ? {} : { externalId: role['external-id'] }) } }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(fips === undefined ? {} : { fips }),
    ...(dualStack === undefined ? {} : { dualStack }),
  };
}

function rdsFacts({
  members,
  global,
  port,
  database,
  login,
  connect = {},
  certificates,
}: NonNullable<Inventory['systems'][string]['rds']>): RdsFacts {
  return {
    members,
    port,
    database,
    connect: mapped(connect, ({ address, port: at }) => ({ address, ...(at === undefined ? {} : { port: at }) })),
    ...(global === undefined ? {} : { global }),
    ...(certificates === undefined ? {} : { certificates }),
    ...(login === undefined ? {} : { login: { user: login.user, ...(login.password === undefined ? {} : { password: login.password }) } }),
  };
}

/** The sites between which a system moves; empty where it has no pair. */
export function pairOf(inventory: Inventory, system: string): readonly string[] {
  const written = own(inventory.systems, system);
  return Object.keys(written?.postgres?.members ?? written?.rds?.members ?? written?.resources ?? {});
}

/**
 * Every way in which a system can be worked on, as [source, target]: a pair, of databases or of resources, between its sites; one that stays, whose files are saved,
 * from the site of those to the site of their copies. Empty where the inventory says neither. `to`: only those to this site.
 */
export function waysOf(system: SystemFacts, to?: string): readonly Way[] {
  return everyWayOf(system).filter(([, target]) => to === undefined || target === to);
}

type Way = readonly [source: string, target: string];

function everyWayOf({ postgres, rds, resources, backups }: SystemFacts): readonly Way[] {
  const members = Object.keys(postgres?.members ?? rds?.members ?? resources ?? {});
  if (members.length === 1) return [[members[0]!, members[0]!]];
  if (members.length > 1) return members.flatMap((one) => members.filter((other) => other !== one).map((other) => [one, other] as const));
  const { hosts = {}, copies = {} } = backups?.files ?? {};
  return Object.keys(hosts).map((site) => [site, copies[site]?.site ?? site] as const);
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

function sshFacts(inventory: Inventory, host: InventoryHost): SshFacts {
  const { user, port, key, 'known-hosts': knownHosts } = { ...inventory.ssh, ...host.ssh };
  return {
    user: user ?? 'root',
    port: port ?? 22,
    ...(key === undefined ? {} : { key }),
    ...(knownHosts === undefined ? {} : { knownHosts }),
  };
}

/** A device that the inventory does not have is refused where the inventory is loaded. */
function lineFacts(inventory: Inventory, { device, cut, heal, state }: NonNullable<InventoryHost['switch-port']>): LineFacts {
  const host = own(inventory.hosts, device)!;
  const { 'switch-port': _, ...plain } = host;
  // Of the device only how it is reached: its own lines are not followed.
  const facts = hostFacts({ ...inventory, sites: {}, hosts: { [device]: plain } }, device)!;
  return { device: facts, cut, heal, state };
}

function backupFacts(inventory: Inventory, written: NonNullable<Inventory['systems'][string]['backups']>): BackupFacts {
  const kept = ({ stores, copies }: { stores: { [site: string]: string }; copies: { [site: string]: string } }): BackedUp => ({
    stores: mapped(stores, (name) => storeFacts(inventory, name)),
    copies: mapped(copies, (name) => storeFacts(inventory, name)),
  });
  const { postgres, files } = written;
  return {
    ...(postgres === undefined ? {} : { postgres: { ...kept(postgres), stanza: postgres.stanza, config: postgres.config } }),
    ...(files === undefined
      ? {}
      : {
          files: {
            ...kept(files),
            hosts: files.hosts,
            paths: files.paths,
            ...(files.user === undefined ? {} : { user: files.user }),
          },
        }),
  };
}

/** Facts of a store. The inventory MUST have it, and its host: that is checked where it is loaded. */
export function storeFacts(inventory: Inventory, name: string): StoreFacts {
  const {
    tool,
    host: hostName,
    path,
    owner,
    url,
    'password-file': passwordFile,
    options,
    'append-only': appendOnly,
  } = own(inventory.stores, name)!;
  const host = hostFacts(inventory, hostName)!;
  return {
    name,
    site: host.site,
    tool,
    host,
    path,
    appendOnly,
    ...(owner === undefined ? {} : { owner }),
    ...(url === undefined ? {} : { url }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
    ...(options === undefined ? {} : { options }),
  };
}

function powerFacts({
  driver,
  address,
  user,
  password,
  certificate,
  system,
  options,
}: NonNullable<InventoryHost['power']>): NonNullable<HostFacts['power']> {
  return {
    driver,
    address,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(system === undefined ? {} : { system }),
    ...(options === undefined ? {} : { options: mapped(options, String) }),
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
    ...(pair.owner === undefined ? {} : { owner: pair.owner }),
    ...(pair.replication === undefined
      ? {}
      : {
          replication: {
            user: pair.replication.user,
            rewindUser: pair.replication['rewind-user'] ?? pair.replication.user,
            ...(pair.replication.passfile === undefined ? {} : { passfile: pair.replication.passfile }),
          },
        }),
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
