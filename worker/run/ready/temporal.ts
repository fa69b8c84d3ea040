import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { Context } from '@temporalio/activity';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Inventory } from '../../../plan/grammar/inventory.ts';
import type { Shortfall, Way } from '../../../workflows/wire.ts';
import type { Answer, Question } from './ask.ts';

/** Where Temporal itself stands: what falls with a site cannot recover it. */
export function temporalQuestions(inventory: Inventory, ways: readonly Way[]): Question[] {
  return [
    { subject: 'Temporal', ask: () => placeOf(addressOfTemporal(), inventory, ways) },
    { subject: 'Temporal server', ask: serverKind },
  ];
}

/** Whether this worker reaches Temporal on its own machine. */
export async function isTemporalHere(): Promise<boolean> {
  return (await addressesOf(nameIn(addressOfTemporal())).catch(() => [])).some(isLoopback);
}

export async function placeOf(address: string, inventory: Inventory, ways: readonly Way[]): Promise<Answer> {
  const found = await addressesOf(nameIn(address));
  const recovered = new Set(ways.flatMap(({ source, target }) => [source, target]));
  const inside = [...recovered].flatMap((site) => found.flatMap((one) => within(one, site, inventory)));
  const seen = [`Temporal is reached at ${address} (${found.join(', ')}).`];
  if (inside.length > 0) return { seen, problems: [red(`Temporal at ${address} stands inside ${inside[0]}. ${move}`)] };
  // What is on the worker's own machine the sites tell: each has another one.
  const here = await onHosts(
    found.filter((one) => !isLoopback(one)),
    recovered,
    inventory,
  );
  return { seen, problems: here.slice(0, 1).map((host) => red(`Temporal at ${address} runs on ${host}. ${move}`)) };
}

const addressOfTemporal = (): string => loadClientConnectConfig().connectionOptions.address ?? 'localhost:7233';
const nameIn = (address: string): string => /^(?:dns:\/*)?\[?([^\]]*?)\]?(?::\d+)?$/u.exec(address)?.[1] ?? address;
const move = 'It would fall with what it is to recover: run it outside every site of this system.';
const red = (text: string): Shortfall => ({ code: 'temporal-inside', weight: 'must', text });

function within(address: string, site: string, { sites }: Inventory): string[] {
  const networks = sites[site]?.networks ?? [];
  return networks
    .filter((network) => {
      const [base = '', length = ''] = network.split('/');
      const list = new BlockList();
      list.addSubnet(base, Number(length), isIP(base) === 6 ? 'ipv6' : 'ipv4');
      return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
    })
    .map((network) => `${site} (${network})`);
}

/** Hosts of these sites at one of the addresses. */
async function onHosts(found: readonly string[], sites: ReadonlySet<string>, { hosts }: Inventory): Promise<string[]> {
  const there = Object.entries(hosts).filter(([, { site }]) => sites.has(site));
  const named = await Promise.all(
    there.map(async ([name, host]) => {
      const views = [host.address, ...Object.values(host['seen-from'] ?? {}).map((view) => view.address)];
      const all = await Promise.all(views.flatMap((view) => (view === undefined ? [] : [addressesOf(view).catch(() => [])])));
      return all.flat().some((one) => found.includes(one)) ? [name] : [];
    }),
  );
  return named.flat();
}

const isLoopback = (address: string): boolean => /^127\.|^::1$/u.test(address);

async function addressesOf(name: string): Promise<string[]> {
  if (isIP(name)) return [name];
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

async function serverKind(): Promise<Answer> {
  const { serverVersion, persistenceStore } = await Context.current().client.workflowService.getClusterInfo({});
  const seen = [`Temporal ${serverVersion ?? 'of an unknown version'} keeps its state in ${persistenceStore ?? 'an unknown store'}.`];
  if (persistenceStore !== 'sqlite') return { seen };
  const text =
    'Temporal is a development server: one process with a file, or nothing but memory. In earnest use a cluster or Temporal Cloud.';
  return { seen, problems: [{ code: 'development-server', weight: 'should', text }] };
}
