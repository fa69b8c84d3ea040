import { randomUUID } from 'node:crypto';
import { locate } from '../activities/facts.ts';
import { StepError } from '../activities/error.ts';
import { hostFacts, siteFacts, systemFacts } from '../plan/facts.ts';
import { loadFolder, type InventoryFile, type RunbookFile } from '../plan/load.ts';
import { PlanError } from '../plan/problem.ts';
import type { Direction } from '../plan/scope.ts';
import { awsSites, cloudOf } from './cloud.ts';
import { directionOf } from './run/find-source.ts';
import { missing, plannedIn, wholeOf, type Planned } from './run/ready/planned.ts';
import { preflightOf } from './run/ready/preflight-of.ts';
import { secret } from './secret.ts';

/** What the preflights of one runbook found. */
export interface Preflights {
  readonly runbook: string;
  readonly ok: boolean;
  /** One sentence an item. */
  readonly lines: readonly string[];
}

/** Each is given this long, milliseconds. */
const within = 8_000;

/** Every preflight of every runbook of these systems (default: all), from this machine, in the direction in which each would be carried out now. Only reads. */
export async function preflightFolder(folder: string, wanted?: readonly string[]): Promise<readonly Preflights[]> {
  const { inventory, runbooks, problems } = await loadFolder(folder);
  if (inventory === undefined) throw new PlanError(problems);
  const mine = runbooks.filter(({ data }) => wanted === undefined || wanted.includes(data.system));
  const systems = [...new Set(mine.map(({ data }) => data.system))];
  const found = await Promise.all(
    systems.map(async (name) => [name, await directionNow(inventory, name).catch((error: Error) => error)] as const),
  );
  const around = { inventory, runbooks, directions: new Map(found) };
  return Promise.all(mine.map((runbook) => preflightRunbook(around, runbook)));
}

interface Around {
  readonly inventory: InventoryFile;
  readonly runbooks: readonly RunbookFile[];
  /** By system, or why it is not known. */
  readonly directions: ReadonlyMap<string, Direction | Error>;
}

async function preflightRunbook({ directions, ...shelf }: Around, runbook: RunbookFile): Promise<Preflights> {
  const name = runbook.data.runbook;
  try {
    const direction = directions.get(runbook.data.system)!;
    if (direction instanceof Error) throw direction;
    const unknown = missing(runbook);
    if (unknown.length > 0) return { runbook: name, ok: true, lines: [`Not looked at: what ${unknown.join(', ')} will be is not known.`] };
    const known = new Map([...directions].flatMap(([system, one]) => (one instanceof Error ? [] : [[system, one]])));
    const whole = wholeOf(runbook, direction, { ...shelf, directions: known });
    if (whole === undefined)
      return { runbook: name, ok: true, lines: [`${runbook.data.target} serves now, so there is no way to it to look at.`] };
    const id = randomUUID();
    const answers = await Promise.all(plannedIn(whole, true).map((planned) => told(planned, id)));
    return { runbook: name, ok: answers.every(({ ok }) => ok), lines: answers.flatMap(({ lines }) => lines) };
  } catch (error) {
    return { runbook: name, ok: false, lines: [error instanceof Error ? error.message : String(error)] };
  }
}

async function told(planned: Planned, id: string): Promise<{ readonly ok: boolean; readonly lines: readonly string[] }> {
  const { node, action } = planned;
  const label = `${node.id} (${action.uses}, as seen from ${action.at})`;
  const unknown = async (): Promise<readonly never[]> => [];
  const seen = await preflightOf(planned, { id, signal: AbortSignal.timeout(within), backups: unknown, fences: unknown });
  return seen.ok
    ? { ok: true, lines: seen.lines.map((line) => `${label}: ${line}`) }
    : { ok: false, lines: [`${label} NOT READY: ${seen.text}`] };
}

async function directionNow(inventory: InventoryFile, name: string): Promise<Direction> {
  const system = systemFacts(inventory.data, name);
  if (system === undefined) throw new StepError('no-system', `the inventory has no system "${name}"`, 'mistake');
  const members = Object.values(system.postgres?.members ?? {});
  const hosts = Object.fromEntries(members.map((host) => [host, hostFacts(inventory.data, host)!]));
  const cloud = cloudOf(awsSites(siteFacts(inventory.data)), 'preflight');
  return directionOf(system, () => locate(system, hosts, 'outside', { ...cloud, secret: (reference) => secret(reference, cloud) }), null);
}
