import { randomUUID } from 'node:crypto';
import { permitted } from '../activities/aws/permitted.ts';
import { locate } from '../activities/facts.ts';
import { StepError } from '../activities/error.ts';
import { types } from '../activities/index.ts';
import type { StepContext } from '../activities/step.ts';
import { compile } from '../plan/compile.ts';
import { hostFacts, siteFacts, systemFacts } from '../plan/facts.ts';
import { loadFolder, type InventoryFile, type RunbookFile } from '../plan/load.ts';
import type { Action, Plan, PlanNode } from '../plan/plan.ts';
import { PlanError } from '../plan/problem.ts';
import { earlier, notUpYet } from '../workflows/earlier.ts';
import { awsSites, cloudOf } from './cloud.ts';
import { directionOf } from './run/find-source.ts';
import { secret } from './secret.ts';

/** What the preflights of one runbook found. */
export interface Readiness {
  readonly runbook: string;
  readonly ok: boolean;
  /** One sentence an item. */
  readonly lines: readonly string[];
}

/** Every preflight of every runbook, from this machine; each is given this long, milliseconds. Only reads. */
const within = 8_000;

export async function preflightFolder(folder: string): Promise<readonly Readiness[]> {
  const { inventory, runbooks, problems } = await loadFolder(folder);
  if (inventory === undefined) throw new PlanError(problems);
  return Promise.all(runbooks.map((runbook) => preflightRunbook(inventory, runbook)));
}

async function preflightRunbook(inventory: InventoryFile, runbook: RunbookFile): Promise<Readiness> {
  const name = runbook.data.runbook;
  try {
    const plan = await planNow(inventory, runbook);
    if (plan === undefined)
      return { runbook: name, ok: true, lines: [`${runbook.data.target} serves now, so there is no way to it to look at.`] };
    const id = randomUUID();
    const answers = await Promise.all(actionsOf(plan).map((named) => look(plan, named, id)));
    return { runbook: name, ok: answers.every(({ ok }) => ok), lines: answers.flatMap(({ lines }) => lines) };
  } catch (error) {
    return { runbook: name, ok: false, lines: [error instanceof Error ? error.message : String(error)] };
  }
}

/** Undefined where the runbook only moves to the site that serves. */
async function planNow(inventory: InventoryFile, runbook: RunbookFile): Promise<Plan | undefined> {
  const system = systemFacts(inventory.data, runbook.data.system)!;
  const members = Object.values(system.postgres?.members ?? {});
  const hosts = Object.fromEntries(members.map((host) => [host, hostFacts(inventory.data, host)!]));
  const cloud = cloudOf(awsSites(siteFacts(inventory.data)), 'preflight');
  const { source, target } = await directionOf(
    system,
    () => locate(system, hosts, 'outside', { ...cloud, secret: (reference) => secret(reference, cloud) }),
    null,
  );
  if (source === runbook.data.target && source !== target) return undefined;
  const parameters = Object.fromEntries(
    Object.entries(runbook.data.parameters).flatMap(([key, { default: value }]) => (value === undefined ? [] : [[key, value]])),
  );
  return compile({ runbook, inventory, types, source, target, parameters });
}

interface Named {
  readonly node: PlanNode;
  readonly action: Action;
}

function actionsOf(plan: Plan): Named[] {
  return plan.steps.flatMap((node) => (node.kind === 'step' ? [node.action, ...node.else].map((action) => ({ node, action })) : []));
}

/** Of an input that is not wholly known before a run it is only asked whether AWS would let the step be done. */
async function look(plan: Plan, { node, action }: Named, id: string): Promise<{ ok: boolean; lines: readonly string[] }> {
  const type = types.find(({ name }) => name === action.uses)!;
  const signal = AbortSignal.timeout(within);
  const before = earlier(plan, node, () => false);
  const label = `${node.id} (${action.uses}, as seen from ${action.at})`;
  try {
    const context = contextFor(plan, node.id, action, { before, signal, id });
    const isLate = /"\$(?:ref|text)"/u.test(JSON.stringify(action.with));
    const seen = await (isLate ? permitted(type, action.with, context) : type.preflight(action.with, context));
    return { ok: true, lines: seen.map((line) => `${label}: ${line}`) };
  } catch (error) {
    // What a step before this one switches on, or starts, does not answer yet.
    if (error instanceof StepError && notUpYet.test(error.code) && Object.keys(action.hosts).some((name) => before.changed.includes(name)))
      return { ok: true, lines: [`${label}: not up before ${node.needs.join(', ')}: ${error.message}`] };
    return { ok: false, lines: [`${label} NOT READY: ${error instanceof Error ? error.message : String(error)}`] };
  }
}

interface Looking {
  readonly before: StepContext['earlier'];
  readonly signal: AbortSignal;
  /** Of this look at a runbook: what one of its steps asks, another does not ask again. */
  readonly id: string;
}

/** A context in which nothing can be changed. */
function contextFor(plan: Plan, step: string, action: Action, { before, signal, id }: Looking): StepContext {
  const refuse = (): never => {
    throw new StepError('preflight-only', 'a preflight changes nothing', 'mistake');
  };
  const hosts = { ...plan.hosts, ...action.hosts };
  const cloud = { ...cloudOf(awsSites(plan.sites), 'preflight'), signal };
  return {
    run: {
      workflowId: 'preflight',
      runId: id,
      link: plan.ui ?? '',
      mode: 'planned',
      live: true,
      startedAt: new Date().toISOString(),
    },
    step: { id: step, attempt: 1 },
    key: 'preflight',
    viewpoint: action.at,
    system: plan.system,
    source: plan.source,
    target: plan.target,
    host: (name) => hosts[name] ?? refuse(),
    aws: (name) => plan.sites[name]?.aws ?? refuse(),
    earlier: before,
    proofs: [],
    stated: [],
    seen: {},
    resume: undefined,
    notify: plan.notify,
    backups: async () => [],
    fences: async () => [],
    exports: refuse,
    signal,
    heartbeat: () => undefined,
    sleep: refuse,
    secret: (reference) => secret(reference, cloud),
    stillOurs: refuse,
    reread: refuse,
  };
}
