import { basename } from 'node:path';
import { siteFacts } from '../plan/facts.ts';
import type { Inventory } from '../plan/grammar/inventory.ts';
import { loadInventory } from '../plan/load.ts';
import { printProblem } from '../plan/problem.ts';
import { readStatement, recordType } from '../record/evidence/statement.ts';
import { awsSites, cloudOf } from '../worker/cloud.ts';
import { contentOf, type Envelope } from '../worker/evidence/dsse.ts';
import { openStore } from '../worker/stores/open.ts';
import type { RecordStore } from '../worker/stores/store.ts';
import { exit } from './exit.ts';
import { Failure, usage } from './failure.ts';
import { paint, plain, say, sayJson, table } from './print.ts';
import { ending } from './signed-files.ts';
import { didYouMean } from './suggest.ts';

interface Listed {
  readonly name: string;
  readonly system: string;
  /** Null: it stands in no chain. */
  readonly number: number | null;
  readonly at: string;
  readonly what: string;
  readonly verdict: string;
  readonly signed: boolean;
  /** How many have signed it off. */
  readonly signOffs: number;
  readonly sites: readonly string[];
}
interface Held {
  readonly site: string;
  readonly store: RecordStore;
  /** Null: it cannot be read from here. */
  readonly names: readonly string[] | null;
}

const newest = 40;

/** Lists what the stores of all sites hold. Returns 0, or 1 where none could be read. */
export async function listRecords(
  folder: string,
  system: string | undefined,
  { all, json }: { readonly all: boolean; readonly json: boolean },
): Promise<number> {
  const inventory = await inventoryOf(folder);
  const systems = Object.keys(inventory.systems);
  if (system !== undefined && !systems.includes(system))
    throw usage(`There is no system "${plain(system)}" in ${folder}.${didYouMean(system, systems)}`, `There are: ${systems.join(', ')}.`);
  const held = await storesOf(inventory);
  const files = [...new Set(held.flatMap(({ names }) => names ?? []))]
    .filter((name) => name.endsWith(ending) && !name.includes('.sign-off-'))
    .filter((name) => system === undefined || name.includes(`-${system}-`))
    .toSorted();
  const listed = (await Promise.all(files.slice(all ? 0 : -newest).map((name) => read(name, held)))).filter((one) => one !== null);
  const shown = listed.filter((one) => system === undefined || one.system === system);
  if (json) sayJson({ records: shown, stores: held.map(({ site, store, names }) => ({ site, where: store.where, read: names !== null })) });
  else show(shown, held, files.length - listed.length);
  return held.some(({ names }) => names !== null) ? exit.done : exit.otherwise;
}

async function inventoryOf(folder: string): Promise<Inventory> {
  const { inventory, problems } = await loadInventory(`${folder}/inventory.yaml`);
  if (inventory !== undefined) return inventory.data;
  throw new Failure(exit.otherwise, `The inventory cannot be used.\n${problems.map(printProblem).join('\n')}`, 'Mend it first.');
}

async function storesOf(inventory: Inventory): Promise<Held[]> {
  const sites = siteFacts(inventory);
  const caller = { ...cloudOf(awsSites(sites), 'lifeboat-records'), signal: AbortSignal.timeout(20_000) };
  const named = Object.entries(sites).flatMap(([site, { records }]) => (records === undefined ? [] : [{ site, records }]));
  if (named.length === 0)
    throw usage(
      'No site of the inventory has a record store.',
      'Name one at two sites: sites: { site-a: { records: /var/lib/lifeboat/records } }',
    );
  return await Promise.all(
    named.map(async ({ site, records }) => {
      const store = openStore(records, caller);
      const names = await store.list('').catch(() => null);
      // A folder of another machine looks like one that is empty.
      return { site, store, names: names?.length === 0 ? null : names };
    }),
  );
}

async function read(name: string, held: readonly Held[]): Promise<Listed | null> {
  const at = held.filter(({ names }) => names?.includes(name));
  try {
    const envelope = JSON.parse((await at[0]!.store.read(name)) ?? '') as Envelope;
    const statement = envelope.payloadType === recordType ? readStatement(contentOf(envelope).toString()) : null;
    if (statement === null) return null;
    const { place, record } = statement;
    return {
      name,
      system: place.system,
      number: place.number,
      at: record.startedAt,
      what: [record.scenario?.test === 'rehearsal' ? 'rehearsal of' : '', record.runbook ?? record.kind ?? 'run'].filter(Boolean).join(' '),
      verdict: record.verdict ?? 'under way',
      signed: envelope.signatures.length > 0,
      signOffs: (at[0]!.names ?? []).filter((one) => one.startsWith(`${basename(name, ending)}.sign-off-`)).length,
      sites: at.map(({ site }) => site),
    };
  } catch {
    return null;
  }
}

function show(records: readonly Listed[], held: readonly Held[], more: number): void {
  const readable = held.filter(({ names }) => names !== null).length;
  const rows = records.map(({ name, system, number, at, what, verdict, signed, signOffs, sites }) => [
    plain(system),
    number === null ? 'unchained' : String(number),
    at.slice(0, 16).replace('T', ' '),
    plain(what),
    plain(verdict),
    signed ? (signOffs > 0 ? `signed, ${signOffs}× signed off` : 'signed') : 'not signed',
    sites.length < readable ? `only ${sites.join(', ')}` : sites.join(', '),
    plain(basename(name, ending)),
  ]);
  if (rows.length === 0) say('No record is here.');
  else for (const row of table([['system', 'number', 'started', 'what', 'verdict', 'signature', 'at', 'name'], ...rows])) say(row);
  if (more > 0) say(paint('dim', `… and ${more} more: --all`));
  for (const { site, store, names } of held)
    say(paint('dim', names === null ? `${site}: nothing can be read from here at ${store.where}` : `${site}: ${store.where}`));
}
