import { readFile } from 'node:fs/promises';

/** A world with the probe of `orders`, and its databases asked directly. */
interface Probed {
  readonly lab: { readonly folder: string };
  sql(host: string, text: string): Promise<object[]>;
}

export interface Marker {
  /** When the probe had it acknowledged. Milliseconds. */
  readonly at: number;
  readonly there: boolean;
}

/** The markers of `orders` that the probe's own ledger has as acknowledged, and whether they are on that host. */
export async function markersAt(world: Probed, host: string): Promise<Marker[]> {
  // The ledger first: what is acknowledged after it was read would else look lost.
  const ledger = await readFile(`${world.lab.folder}/probe/orders.log`, 'utf8');
  const there = new Set(((await world.sql(host, 'select id from lifeboat_markers')) as { id: string }[]).map(({ id }) => id));
  return ledger.split('\n').flatMap((line) => {
    const [kind, , id, at] = line.split(' ');
    return kind === 'a' ? [{ at: Number(at), there: there.has(id!) }] : [];
  });
}

/** How many of those that were acknowledged since then are not there. `since`: milliseconds. */
export async function lostAt(world: Probed, host: string, since = 0): Promise<number> {
  return (await markersAt(world, host)).filter(({ at, there }) => !there && at >= since).length;
}
