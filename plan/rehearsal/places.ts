import { hostFacts, own, pairOf, siteFacts } from '../facts.ts';
import type { Inventory, InventorySystem } from '../grammar/inventory.ts';
import type { InventoryFile } from '../load.ts';
import type { SweepPlace } from '../plan.ts';
import { copyName } from './copy-name.ts';
import { placeOf, rehearsalInventory } from './inventory.ts';

type Folder = SweepPlace['folders'][number];

/**
 * Where rehearsals of a system may leave something, by site. `to`: only those in which this site would serve. `also`: sites at which
 * steps of the runbook are carried out, beside those of its pair. Pure.
 */
export function placesOf(
  inventory: InventoryFile,
  system: string,
  to?: string,
  also: ReadonlySet<string> = new Set(),
): { readonly [site: string]: SweepPlace } {
  const sites = siteFacts(inventory.data);
  const pair = pairOf(inventory.data, system);
  const places = Object.entries(sites).flatMap(([site, { aws }]): [string, SweepPlace][] => {
    const folders = to === undefined || to === site ? foldersAt(inventory, system, site) : [];
    const ours = aws !== undefined && (pair.includes(site) || site === to || also.has(site));
    if (folders.length === 0 && !ours) return [];
    return [[site, { folders, ...(ours ? { aws } : {}) }]];
  });
  return Object.fromEntries(places);
}

/** The hosts there that hold its data, or keep what was saved of it, as their copies are called in a rehearsal. */
function foldersAt(inventory: InventoryFile, name: string, site: string): readonly Folder[] {
  const system = own(inventory.data.systems, name);
  if (system === undefined) return [];
  const { root } = placeOf(system, site);
  const { data } = rehearsalInventory(inventory, name, site);
  const member = own(system.postgres?.members ?? {}, site);
  return [
    ...(member === undefined ? [] : folder(member, system.postgres?.owner)),
    ...savingHosts(inventory.data, system, site).flatMap((host) => folder(host, system.backups?.files?.user, 'root')),
  ];

  /** `otherwise`: as whom, where it is not said and the login is another's. */
  function folder(name: string, as: string | undefined, otherwise?: string): Folder[] {
    const host = hostFacts(data, copyName(name));
    if (host === undefined) return [];
    const user = as ?? (host.connection === 'ssh' && host.ssh?.user !== otherwise ? otherwise : undefined);
    return [{ host, root, ...(user === undefined ? {} : { user }) }];
  }
}

/** Hosts at a site whose files are saved, or that keep what was saved of the system: what is restored of it lies there. */
export function savingHosts({ hosts, stores }: Inventory, { backups }: InventorySystem, site: string): readonly string[] {
  const { files, postgres } = backups ?? {};
  const kept = [files?.stores, files?.copies, postgres?.copies].flatMap((one) => Object.values(one ?? {}));
  const keepers = kept.flatMap((store) => own(stores, store)?.host ?? []);
  return [...new Set([...Object.values(files?.hosts ?? {}), ...keepers])].filter((host) => own(hosts, host)?.site === site);
}
