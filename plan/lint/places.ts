import { posix } from 'node:path';
import { own } from '../facts.ts';
import type { Inventory, InventorySystem } from '../grammar/inventory.ts';
import type { InventoryFile } from '../load.ts';
import { didYouMean, listed } from '../nearest.ts';
import type { Path, Problems } from '../problem.ts';
import { placeOf, portOf, type Place } from '../rehearsal/inventory.ts';
import { savingHosts } from '../rehearsal/places.ts';
import { pathsInService, portsInService, sitesOf } from './in-service.ts';

/**
 * Where the copies of a system's rehearsals lie: at a site and on a host of its own, at a port and in a directory that nothing in service
 * has. Only rehearsals are refused for it: a live run does not read where copies lie.
 */
export function checkPlaces(inventory: InventoryFile, name: string, problems: Problems): void {
  const system = own(inventory.data.systems, name);
  if (system === undefined) return;
  const theirs = sitesOf(inventory.data, system);
  for (const [site, place] of Object.entries(system.rehearsal.at)) {
    const at = ['systems', name, 'rehearsal', 'at', site];
    const refuse = (path: Path, message: string, fix: string, what: 'key' | 'value' = 'value'): void =>
      problems.add(inventory, [...at, ...path], message, fix, what);
    checkSite(inventory.data, { name, site, theirs }, refuse);
    if (theirs.has(site)) checkHost(inventory.data, { name, site, system, place }, refuse);
    checkForm(place.root, refuse);
  }
  for (const site of theirs) {
    const there = { name, site, system, place: placeOf(system, site) };
    const host = hostOfCopy(inventory.data, there);
    if (host !== undefined) checkPort(inventory, host, there, problems);
    checkRoot(inventory, [...(host === undefined ? [] : [host]), ...savingHosts(inventory.data, system, site)], there, problems);
  }
}

interface There {
  readonly name: string;
  readonly site: string;
  readonly system: InventorySystem;
  readonly place: Place;
}
/** Refuses something of the place. */
type Refuse = (path: Path, message: string, fix: string, what?: 'key' | 'value') => void;

function checkSite(
  { sites }: Inventory,
  { name, site, theirs }: { readonly name: string; readonly site: string; readonly theirs: ReadonlySet<string> },
  refuse: Refuse,
): void {
  const known = Object.keys(sites);
  if (!known.includes(site)) return refuse([], `there is no site "${site}"`, didYouMean(site, known, 'sites'), 'key');
  if (theirs.has(site)) return;
  const fix = theirs.size === 0 ? 'take it out' : `take it out, or name one of its sites: ${listed([...theirs])}`;
  refuse([], `"${name}" has nothing at "${site}", so no copy of it lies there`, fix, 'key');
}

/** A copy of a database lies where the member that it is of is, and there must be one. */
function checkHost({ hosts }: Inventory, { name, site, system, place }: There, refuse: Refuse): void {
  const { host, port, from } = place.postgres;
  const written = host !== undefined ? 'host' : port !== undefined ? 'port' : from === 'backup' ? 'from' : undefined;
  const none = (field: Path, what: string): void =>
    refuse(field, `"${name}" has no ${what} at "${site}" of which there could be a copy`, 'take it out, or add the member to the system');
  if (written !== undefined && own(system.postgres?.members ?? {}, site) === undefined) return none(['postgres', written], 'PostgreSQL');
  if (place.rds !== undefined && own(system.rds?.members ?? {}, site) === undefined) none(['rds'], 'database of RDS');
  if (host === undefined) return;
  const stands = own(hosts, host)?.site;
  const path = ['postgres', 'host'];
  if (stands === undefined) refuse(path, `there is no host "${host}"`, didYouMean(host, Object.keys(hosts), 'hosts'));
  else if (stands !== site) refuse(path, `the host "${host}" stands at "${stands}", not at "${site}"`, 'name a host of that site');
}

function checkForm(root: string, refuse: Refuse): void {
  const path = ['root'];
  if (!posix.isAbsolute(root)) refuse(path, `the root of copies, "${root}", is no absolute path`, 'write it from the first "/"');
  else if (root.split('/').includes('..'))
    refuse(path, `the root of copies, ${root}, has ".." in it`, 'write where it lies without going back up');
  else if (plain(root) === '/')
    refuse(path, 'the root of copies is "/", in which everything lies', 'name a directory that is there for copies alone');
}

/** The host that holds the copy of the database; undefined where there is none, or it is refused anyway. */
function hostOfCopy({ hosts }: Inventory, { site, system, place }: There): string | undefined {
  const member = own(system.postgres?.members ?? {}, site);
  const host = member && (place.postgres.host ?? member);
  return host !== undefined && own(hosts, host)?.site === site ? host : undefined;
}

function checkPort(inventory: InventoryFile, host: string, { name, site, system, place }: There, problems: Problems): void {
  const port = portOf(system.postgres!, place);
  const other = portsInService(inventory.data, host).find((one) => one.port === port);
  if (other === undefined) return;
  problems.add(
    inventory,
    ['systems', name, 'rehearsal', 'at', site, 'postgres', 'port'],
    `the copy of "${name}" at "${site}" would have port ${port} of "${host}", which ${other.what} has`,
    `name another under \`rehearsal.at.${site}.postgres.port\``,
  );
}

/** What is swept must hold nothing of production, and what production saves or clears away no copy. */
function checkRoot(inventory: InventoryFile, hosts: readonly string[], { name, site, place }: There, problems: Problems): void {
  const root = plain(place.root);
  if (!posix.isAbsolute(root) || root === '/' || place.root.split('/').includes('..')) return;
  for (const host of new Set(hosts))
    for (const { path, what } of pathsInService(inventory.data, host)) {
      const how = related(root, plain(path));
      if (how === undefined) continue;
      problems.add(
        inventory,
        ['systems', name, 'rehearsal', 'at', site, 'root'],
        `the root of copies of "${name}" at "${site}", ${root}, ${how} ${what} on "${host}"${how === 'is' ? '' : ` (${path})`}`,
        `name a directory apart from what is in service, under \`rehearsal.at.${site}.root\``,
      );
    }
}

function related(root: string, path: string): string | undefined {
  if (root === path) return 'is';
  if (root.startsWith(path === '/' ? path : `${path}/`)) return 'lies in';
  return path.startsWith(`${root}/`) ? 'contains' : undefined;
}

/** Without a slash at its end, and without what says nothing. */
function plain(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}
