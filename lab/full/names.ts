import { Resolver } from 'node:dns/promises';
import { addressOf, type FullLab } from './full-lab.ts';
import { inside } from './inside.ts';
import { appOf, pair } from './shape.ts';
import { until } from './until.ts';

/** How long a name server at a site has to follow the edge by itself, milliseconds. */
const patience = 3_000;

/**
 * Waits until every name server of the lab leads to the first member. One at a site that asked the edge before that listened would
 * ask again a minute later, whatever its zone's timers say (it has no zone yet): it is started anew.
 */
export async function namesLeadHome(lab: FullLab): Promise<void> {
  await until('the edge to serve names', () => leadsHome(lab, 'edge'));
  await Promise.all(Object.values(appOf).map((host) => follow(lab, host)));
}

async function follow(lab: FullLab, host: string): Promise<void> {
  const what = `${host} to serve names`;
  await until(what, () => leadsHome(lab, host), patience).catch(async () => {
    await inside(lab, host, ['systemctl', 'restart', 'named']);
    await until(what, () => leadsHome(lab, host));
  });
}

async function leadsHome(lab: FullLab, server: string): Promise<boolean> {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([addressOf(lab, server)]);
  const found = await resolver.resolve4('db.orders.test').catch(() => []);
  return found[0] === addressOf(lab, pair[0]);
}
