import { policiesOf } from '../../cli/show-iam.ts';
import { loadFolder } from '../../plan/load.ts';
import type { Policy, Purpose, SitePolicy } from '../../plan/permissions.ts';
import type { CloudWorld } from './world.ts';

/** What `lifeboat iam` prints of a runbook of the world. */
export async function policiesAt(world: CloudWorld, name: string, purpose: Purpose = 'live'): Promise<readonly SitePolicy[]> {
  const { runbooks, inventory } = await loadFolder(world.runbooks);
  const runbook = runbooks.find(({ data }) => data.runbook === name)!;
  return policiesOf(runbook, { inventory: inventory!, runbooks }, purpose);
}

/** From now on each role may do what its policies say, and nothing else; `without`: not this action either. */
export async function give(world: CloudWorld, all: readonly SitePolicy[], without?: string): Promise<void> {
  const roles = new Map<string, Policy[]>();
  for (const { role, policy } of all) {
    const name = role!.split('/').at(-1)!;
    roles.set(name, [...(roles.get(name) ?? []), without === undefined ? policy : less(policy, without)]);
  }
  await world.cloud.settings({ iam: true, policies: Object.fromEntries(roles) });
}

export function ungive(world: CloudWorld): Promise<void> {
  return world.cloud.settings({ iam: false, policies: {} });
}

function less({ Version, Statement }: Policy, action: string): Policy {
  const left = Statement.map((one) => ({ ...one, Action: one.Action.filter((other) => other !== action) }));
  return { Version, Statement: left.filter(({ Action }) => Action.length > 0) };
}
