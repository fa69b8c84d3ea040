import { StepError } from '../activities/error.ts';
import { locate, membersOf } from '../activities/facts/locate.ts';
import { hostFacts, pairOf, siteFacts, systemFacts, waysOf } from '../plan/facts.ts';
import type { InventoryFile, RunbookFile } from '../plan/load.ts';
import type { HostFacts } from '../plan/plan.ts';
import { awsSites, cloudOf } from '../worker/cloud.ts';
import { findSource as decide } from '../worker/run/find-source.ts';
import { secret } from '../worker/secret.ts';
import { exit } from './exit.ts';
import { Failure, usage } from './failure.ts';
import { plain } from './print.ts';
import { didYouMean } from './suggest.ts';

export interface Direction {
  readonly source: string;
  readonly target: string;
  /** How it is known, one sentence an item. */
  readonly evidence: readonly string[];
}

/** The site that serves and the one that shall: `from` where it is given, else by asking every member who is primary. */
export async function findSource(inventory: InventoryFile, runbook: RunbookFile, from: string | undefined): Promise<Direction> {
  const { system } = runbook.data;
  if (from === undefined) return await directionOf(inventory, system);
  const all = sitesOf(inventory, system);
  if (!all.includes(from)) throw usage(`"${plain(from)}" is no site of ${system}.${didYouMean(from, all)}`, `Its sites: ${all.join(', ')}`);
  return { source: from, target: other(all, from), evidence: [`${from} is taken to serve, as --from says.`] };
}

/** The same, by asking every member who is primary. */
export async function directionOf(inventory: InventoryFile, system: string): Promise<Direction> {
  const all = sitesOf(inventory, system);
  const facts = systemFacts(inventory.data, system);
  const ways = facts ? waysOf(facts) : [];
  if (facts === undefined || ways.length === 1 || Object.keys(membersOf(facts)).length < 2) {
    const [source, target] = ways[0] ?? [all[0] ?? '', other(all, all[0] ?? '')];
    return { source, target, evidence: [] };
  }
  const members = Object.values(facts.postgres?.members ?? {});
  const hosts = Object.fromEntries(
    members.map((name) => [name, hostFacts(inventory.data, name)]).filter((entry): entry is [string, HostFacts] => entry[1] !== undefined),
  );
  const cloud = cloudOf(awsSites(siteFacts(inventory.data)), 'plan');
  const found = await locate(facts, hosts, 'outside', { ...cloud, secret: (reference) => secret(reference, cloud) });
  try {
    return { ...decide(facts, found, null), evidence: found.evidence };
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    throw new Failure(
      exit.unreachable,
      `It cannot be told from here which site serves ${system}.\n${found.evidence.join('\n')}`,
      `Say it: --from ${all.join(' or --from ')}`,
    );
  }
}

function sitesOf(inventory: InventoryFile, system: string): readonly string[] {
  const sites = pairOf(inventory.data, system);
  return sites.length > 0 ? sites : Object.keys(inventory.data.sites);
}

const other = (sites: readonly string[], site: string): string => sites.find((one) => one !== site) ?? site;
