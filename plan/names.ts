import { own } from './facts.ts';
import { sort } from './graph.ts';
import type { Inventory } from './grammar/inventory.ts';
import { didYouMean } from './nearest.ts';
import type { Path, Problems, Sourced } from './problem.ts';

const viewpointsOfTheirOwn = ['outside', 'default'];

/** Holds the names in an inventory to each other. */
export function checkNames(source: Sourced<Inventory>, problems: Problems): void {
  const inventory = source.data;
  const sites = Object.keys(inventory.sites);
  const hosts = Object.keys(inventory.hosts);
  const known = (path: Path, name: string, names: readonly string[], what: string, where: 'key' | 'value' = 'value'): boolean => {
    if (names.includes(name)) return true;
    problems.add(source, path, `there is no ${what} "${name}"`, didYouMean(name, names, `${what}s`), where);
    return false;
  };
  const seenFrom = (path: Path, views: object | undefined): void => {
    for (const viewpoint of Object.keys(views ?? {}))
      known([...path, 'seen-from', viewpoint], viewpoint, [...sites, 'outside'], 'viewpoint', 'key');
  };

  const checkBackups = (system: string, written: Inventory['systems'][string]['backups']): void => {
    const at = ['systems', system, 'backups'];
    for (const [kind, tool, kept] of [
      ['postgres', 'pgbackrest', written?.postgres],
      ['files', 'restic', written?.files],
    ] as const) {
      for (const [where, names] of [
        ['stores', kept?.stores],
        ['copies', kept?.copies],
      ] as const)
        for (const [site, name] of Object.entries(names ?? {})) {
          const path = [...at, kind, where, site];
          known(path, site, sites, 'site', 'key');
          if (!known(path, name, Object.keys(inventory.stores), 'store')) continue;
          const store = own(inventory.stores, name)!;
          const wanted = where === 'stores' ? tool : 'restic';
          if (store.tool !== wanted)
            problems.add(source, path, `the store "${name}" is kept by ${store.tool}`, `name one that is kept by ${wanted}`);
          if (where === 'copies' && own(inventory.hosts, store.host)?.site === site)
            problems.add(
              source,
              path,
              `the store "${name}" is at "${site}" itself`,
              'a copy lies in another failure domain: name a store at another site',
            );
        }
    }
    for (const [site, host] of Object.entries(written?.files?.hosts ?? {})) known([...at, 'files', 'hosts', site], host, hosts, 'host');
  };

  for (const [name, site] of Object.entries(inventory.sites)) {
    if (viewpointsOfTheirOwn.includes(name))
      problems.add(source, ['sites', name], `a site cannot be called "${name}"`, 'the word names a viewpoint: use another', 'key');
    seenFrom(['sites', name, 'witness'], site.witness?.['seen-from']);
    if (site.router !== undefined) known(['sites', name, 'router', 'device'], site.router.device, hosts, 'host');
  }
  for (const [name, host] of Object.entries(inventory.hosts)) {
    known(['hosts', name, 'site'], host.site, sites, 'site');
    seenFrom(['hosts', name], host['seen-from']);
    if (host['switch-port'] !== undefined) known(['hosts', name, 'switch-port', 'device'], host['switch-port'].device, hosts, 'host');
    if (host.connection === 'ssh' && host.address === undefined)
      problems.add(
        source,
        ['hosts', name],
        `the host "${name}" has no address`,
        'add `address:`, or `connection: local` where the worker runs on it',
        'key',
      );
  }
  for (const [name, store] of Object.entries(inventory.stores)) known(['stores', name, 'host'], store.host, hosts, 'host');
  for (const [name, { systems = [] }] of Object.entries(inventory.notify))
    for (const [place, system] of systems.entries())
      known(['notify', name, 'systems', place], system, Object.keys(inventory.systems), 'system');
  checkOrder(source, problems);
  for (const [name, system] of Object.entries(inventory.systems)) {
    if (sites.some((site) => name === site || name === `site-${site}`))
      problems.add(
        source,
        ['systems', name],
        `a system cannot be called "${name}"`,
        'runs and the lock of the whole site have the name: use another',
        'key',
      );
    checkBackups(name, system.backups);
    const pair = system.postgres;
    if (pair === undefined) continue;
    const path = ['systems', name, 'postgres'];
    const members = Object.keys(pair.members);
    if (members.length === 0)
      problems.add(source, [...path, 'members'], `the system "${name}" has no members`, 'add `site: host` for each member');
    for (const [site, host] of Object.entries(pair.members)) {
      known([...path, 'members', site], site, sites, 'site', 'key');
      if (!known([...path, 'members', site], host, hosts, 'host')) continue;
      const stands = own(inventory.hosts, host)!.site;
      if (stands !== site)
        problems.add(
          source,
          [...path, 'members', site],
          `the host "${host}" stands at "${stands}", not at "${site}"`,
          'name a host of that site',
        );
    }
    for (const field of ['data', 'bin', 'service'] as const) {
      const value = pair[field];
      if (typeof value !== 'object') continue;
      for (const site of Object.keys(value)) known([...path, field, site], site, members, 'member', 'key');
      const missing = field === 'data' ? members.filter((site) => !Object.hasOwn(value, site)) : [];
      for (const site of missing)
        problems.add(source, [...path, field], `there is no data directory for the member at "${site}"`, `add \`${site}: PATH\``, 'key');
    }
  }
}

/** A whole site is moved tier by tier: what a system depends on comes before it. */
function checkOrder(source: Sourced<Inventory>, problems: Problems): void {
  const { systems } = source.data;
  const names = Object.keys(systems);
  for (const [name, { tier, 'depends-on': others }] of Object.entries(systems))
    for (const [place, other] of others.entries()) {
      const before = own(systems, other);
      if (before !== undefined && before.tier > tier)
        problems.add(
          source,
          ['systems', name, 'depends-on', place],
          `"${name}" of tier ${tier} depends on "${other}" of tier ${before.tier}, which is moved after it`,
          `give "${other}" the tier ${tier} or less`,
        );
    }
  const places = new Map(names.map((name, place) => [name, place]));
  const needs = names.map((name) => systems[name]!['depends-on'].flatMap((other) => places.get(other) ?? []));
  for (const cycle of sort(needs).cycles) {
    const shown = [...cycle, cycle[0]!].map((place) => names[place]!);
    problems.add(
      source,
      ['systems', shown[0]!, 'depends-on'],
      `the systems depend on each other: ${shown.join(' → ')}`,
      'take one of these out of `depends-on`',
    );
  }
}
