import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { StepError } from '../../activities/error.ts';
import { locate, type Located } from '../../activities/facts/locate.ts';
import { hostFacts, siteFacts, systemFacts } from '../../plan/facts.ts';
import type { InventoryFile } from '../../plan/load.ts';
import type { HostFacts, SystemFacts } from '../../plan/plan.ts';
import type { Direction } from '../../plan/scope.ts';
import { awsSites, cloudOf } from '../cloud.ts';
import { loanOf } from '../ours.ts';
import { secret } from '../secret.ts';
import type { Site } from '../site.ts';
import { directionOf } from './find-source.ts';
import { courseOf } from './site-course.ts';
import type { Course, Wanted } from './whole.ts';

export interface Found {
  readonly course: Course;
  readonly epoch: number;
  readonly evidence: readonly string[];
}

/** Systems that are asked about at once: each asks two sites. */
const width = 20;

/** Where a run goes, as the world has it now. */
export async function findCourse(site: Site, inventory: InventoryFile, input: Wanted, signal: AbortSignal): Promise<Found> {
  const { client } = Context.current();
  if (input.site === undefined) {
    const { source, target, evidence, epoch } = await directionOfSystem(site, inventory, input.system, client, signal);
    return { course: { source, target }, epoch, evidence };
  }
  return courseOfSite(site, inventory, input.site, input.kind, client, signal);
}

interface Directed extends Direction {
  readonly epoch: number;
  readonly evidence: readonly string[];
}

async function directionOfSystem(
  site: Site,
  inventory: InventoryFile,
  name: string,
  client: Client,
  signal: AbortSignal,
): Promise<Directed> {
  const { system, hosts } = facts(inventory, name);
  // Before the world is asked: a loan made meanwhile must make this plan stale.
  const loan = await loanOf(client, name).catch(() => null);
  const cloud = {
    ...cloudOf(awsSites(siteFacts(inventory.data)), Context.current().info.workflowExecution!.workflowId),
    signal,
  };
  const located = (): Promise<Located> => locate(system, hosts, site.site, { ...cloud, secret: (reference) => secret(reference, cloud) });
  const direction = await directionOf(system, located, loan?.active ?? null);
  return { ...direction, epoch: loan?.epoch ?? 0 };
}

/** Every system is asked; one that cannot tell keeps no other from being moved, and is named at the first gate. */
async function courseOfSite(
  site: Site,
  inventory: InventoryFile,
  whole: string,
  kind: string,
  client: Client,
  signal: AbortSignal,
): Promise<Found> {
  if (!Object.hasOwn(inventory.data.sites, whole))
    throw new StepError(
      'no-site',
      `the inventory has no site "${whole}"; it has: ${Object.keys(inventory.data.sites).join(', ')}`,
      'mistake',
    );
  const directions = new Map<string, Direction>();
  const unknown = new Map<string, string>();
  const names = Object.keys(inventory.data.systems);
  const loan = await loanOf(client, `site-${whole}`).catch(() => null);
  const one = async (): Promise<void> => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const direction = await directionOfSystem(site, inventory, name, client, signal).catch((error: Error) => error);
      if (direction instanceof Error) unknown.set(name, direction.message);
      else directions.set(name, { source: direction.source, target: direction.target });
    }
  };
  await Promise.all(Array.from({ length: width }, one));
  return { ...courseOf(whole, kind, directions, unknown), epoch: loan?.epoch ?? 0 };
}

function facts(inventory: InventoryFile, name: string): { system: SystemFacts; hosts: { [name: string]: HostFacts } } {
  const system = systemFacts(inventory.data, name);
  if (!system)
    throw new StepError(
      'no-system',
      `the inventory has no system "${name}"; it has: ${Object.keys(inventory.data.systems).join(', ')}`,
      'mistake',
    );
  const hosts = Object.fromEntries(Object.values(system.postgres?.members ?? {}).map((host) => [host, hostFacts(inventory.data, host)!]));
  return { system, hosts };
}
