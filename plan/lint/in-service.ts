import { own } from '../facts.ts';
import type { Inventory, InventorySystem } from '../grammar/inventory.ts';

/** Sites at which a system has anything: a member, a resource, files that are saved, or a store of its backups. */
export function sitesOf({ hosts, stores }: Inventory, { postgres, rds, resources, backups }: InventorySystem): ReadonlySet<string> {
  const standing = (host: string | undefined) => (host === undefined ? [] : (own(hosts, host)?.site ?? []));
  const saved = [backups?.files, backups?.postgres].flatMap((kept) => [kept?.stores, kept?.copies]);
  return new Set([
    ...[postgres?.members, rds?.members, resources, backups?.files?.hosts].flatMap((table) => Object.keys(table ?? {})),
    ...Object.values(backups?.files?.hosts ?? {}).flatMap(standing),
    ...saved.flatMap((table) => Object.values(table ?? {})).flatMap((store) => standing(own(stores, store)?.host)),
  ]);
}

/** Ports of a host that something in service has, as far as the inventory knows. */
export function portsInService(
  { hosts, ssh, systems }: Inventory,
  host: string,
): readonly { readonly port: number; readonly what: string }[] {
  const machine = own(hosts, host);
  const databases = Object.entries(systems).flatMap(([name, { postgres }]) =>
    postgres !== undefined && Object.values(postgres.members).includes(host)
      ? [{ port: postgres.port, what: `PostgreSQL of "${name}"` }]
      : [],
  );
  if (machine === undefined) return databases;
  const login = machine.connection === 'ssh' ? [{ port: machine.ssh?.port ?? ssh?.port ?? 22, what: 'its ssh server' }] : [];
  return [...databases, ...login, { port: machine.alive, what: 'its sign of life (`alive`)' }];
}

/** Directories and files of a host that are in service, or keep what was saved. */
export function pathsInService({ systems, stores }: Inventory, host: string): readonly { readonly path: string; readonly what: string }[] {
  return [
    ...Object.entries(systems).flatMap(([name, { postgres, backups }]) => [
      ...Object.entries(postgres?.members ?? {}).flatMap(([site, member]) => {
        const path = member !== host ? undefined : typeof postgres!.data === 'string' ? postgres!.data : own(postgres!.data, site);
        return path === undefined ? [] : [{ path, what: `the data directory of "${name}"` }];
      }),
      ...(Object.values(backups?.files?.hosts ?? {}).includes(host) ? backups!.files!.paths : []).map((path) => ({
        path,
        what: `what is saved of the files of "${name}"`,
      })),
    ]),
    ...Object.entries(stores).flatMap(([name, store]) => (store.host === host ? [{ path: store.path, what: `the store "${name}"` }] : [])),
  ];
}
