import { Context } from '@temporalio/activity';
import { StepError } from '../../activities/error.ts';
import { locate, type Located } from '../../activities/facts/locate.ts';
import { chooseRunbook, ChoiceError } from '../../plan/choose.ts';
import { compile } from '../../plan/compile.ts';
import { hostFacts, systemFacts, waysOf } from '../../plan/facts.ts';
import { loadFolder, type Folder, type InventoryFile } from '../../plan/load.ts';
import { paginate } from '../../plan/paginate.ts';
import type { HostFacts, Kind, Plan, SystemFacts } from '../../plan/plan.ts';
import { PlanError } from '../../plan/problem.ts';
import { revisionOf } from '../../plan/revision.ts';
import { causes, type RunActivities, type RunInput } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import { knownAttributes } from '../attributes.ts';
import { loanOf } from '../ours.ts';
import { secret } from '../secret.ts';
import type { Site } from '../site.ts';
import { directionOf } from './find-source.ts';

type Wanted = RunInput & { readonly kind: string };

/** `run.compile`: from the names in a run's input to a plan, with source and target as the world has them now. */
export const compilePlan =
  (site: Site): RunActivities['run.compile'] =>
  (input) =>
    attempt(async ({ signal }) => {
      const { client } = Context.current();
      check(input);
      const folder = await load(site.runbooks);
      const { system, hosts } = facts(folder.inventory, input.system);
      // Before the world is asked: a loan made meanwhile must make this plan stale.
      const loan = await loanOf(client, input.system).catch(() => null);
      const located = (): Promise<Located> => locate(system, hosts, site.site, { secret, signal });
      const [{ source, target, evidence }, attributes, revision] = await Promise.all([
        directionOf(system, located, loan?.active ?? null),
        knownAttributes(client.connection, site.namespace).catch(() => []),
        revisionOf(site.runbooks),
      ]);
      const plan = planOf(site, folder, input, source, target, revision);
      const { steps, ...header } = plan;
      return { plan: header, steps: paginate(steps)[0] ?? [], evidence, attributes, epoch: loan?.epoch ?? 0 };
    });

/** `run.page`: a further page of the same plan. */
export const planPage =
  (site: Site): RunActivities['run.page'] =>
  (input) =>
    attempt(async () => {
      const folder = await load(site.runbooks);
      const { system } = facts(folder.inventory, input.system);
      const target = waysOf(system).find(([source]) => source === input.source)?.[1] ?? input.source;
      const plan = planOf(site, folder, input, input.source, target, await revisionOf(site.runbooks));
      if (plan.digest !== input.pinned)
        throw new StepError('plan-changed', 'the runbooks were changed while the run read its plan: start it again', 'person');
      return paginate(plan.steps)[input.page] ?? [];
    });

function planOf(site: Site, folder: Loaded, input: Wanted, source: string, target: string, revision: string | undefined): Plan {
  const { runbooks, inventory } = folder;
  const wanted = { runbooks, system: input.system, kind: input.kind as Kind, ...(input.runbook ? { name: input.runbook } : {}) };
  try {
    return compile({
      runbook: chooseRunbook(wanted),
      inventory,
      types: site.types,
      source,
      target,
      ...(input.parameters ? { parameters: input.parameters } : {}),
      ...(revision ? { revision } : {}),
    });
  } catch (error) {
    throw error instanceof ChoiceError ? new StepError('runbook', error.message, 'mistake') : error;
  }
}

type Loaded = Folder & { readonly inventory: InventoryFile };

/** A broken runbook of another system must not keep this one from being recovered; a broken inventory must. */
async function load(path: string): Promise<Loaded> {
  const folder = await loadFolder(path);
  if (folder.inventory === undefined) throw new PlanError(folder.problems);
  return folder as Loaded;
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

function check(input: Wanted): void {
  if (typeof input.system !== 'string' || input.system === '') {
    throw new StepError('input', 'the input names no system: {"system":"orders","mode":"unplanned"}', 'mistake');
  }
  if (input.cause !== undefined && !(causes as readonly string[]).includes(input.cause))
    throw new StepError('input', `the cause is one of ${causes.join(', ')}, not "${input.cause}"`, 'mistake');
  if (input.kind === 'failover' && input.cause === 'corruption')
    throw new StepError(
      'corruption',
      `what corruption damaged was replicated: a failover of ${input.system} would serve the same damage. Restore to a point before it: lifeboat restore ${input.system}`,
      'mistake',
    );
  if (input.kind === 'failover' && input.mode !== 'planned' && input.mode !== 'unplanned') {
    throw new StepError(
      'input',
      'a failover needs "mode": "planned" (the source still serves and is shut down cleanly) or "unplanned" (it is lost and is fenced)',
      'mistake',
    );
  }
}
