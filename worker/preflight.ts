import { randomUUID } from 'node:crypto';
import { permitted } from '../activities/aws/permitted.ts';
import { locate } from '../activities/facts.ts';
import { StepError } from '../activities/error.ts';
import { types } from '../activities/index.ts';
import type { StepContext } from '../activities/step.ts';
import { compileWhole, type Whole } from '../plan/compile.ts';
import { hostFacts, siteFacts, systemFacts } from '../plan/facts.ts';
import { loadFolder, type InventoryFile, type RunbookFile } from '../plan/load.ts';
import type { Action, Plan, PlanNode } from '../plan/plan.ts';
import { PlanError } from '../plan/problem.ts';
import type { Direction } from '../plan/scope.ts';
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
/** Of many like steps so many are looked at. */
const most = 50;

export async function preflightFolder(folder: string): Promise<readonly Readiness[]> {
  const { inventory, runbooks, problems } = await loadFolder(folder);
  if (inventory === undefined) throw new PlanError(problems);
  const systems = [...new Set(runbooks.map(({ data }) => data.system))];
  const found = await Promise.all(
    systems.map(async (name) => [name, await directionNow(inventory, name).catch((error: Error) => error)] as const),
  );
  const around = { inventory, runbooks, directions: new Map(found) };
  return Promise.all(runbooks.map((runbook) => preflightRunbook(around, runbook)));
}

interface Around {
  readonly inventory: InventoryFile;
  readonly runbooks: readonly RunbookFile[];
  /** By system, or why it is not known. */
  readonly directions: ReadonlyMap<string, Direction | Error>;
}

async function preflightRunbook(around: Around, runbook: RunbookFile): Promise<Readiness> {
  const name = runbook.data.runbook;
  try {
    const whole = wholeNow(around, runbook);
    if (whole === undefined)
      return { runbook: name, ok: true, lines: [`${runbook.data.target} serves now, so there is no way to it to look at.`] };
    const id = randomUUID();
    const answers = await Promise.all(actionsOf(whole).map((named) => look(named, id)));
    return { runbook: name, ok: answers.every(({ ok }) => ok), lines: answers.flatMap(({ lines }) => lines) };
  } catch (error) {
    return { runbook: name, ok: false, lines: [error instanceof Error ? error.message : String(error)] };
  }
}

async function directionNow(inventory: InventoryFile, name: string): Promise<Direction> {
  const system = systemFacts(inventory.data, name);
  if (system === undefined) throw new StepError('no-system', `the inventory has no system "${name}"`, 'mistake');
  const members = Object.values(system.postgres?.members ?? {});
  const hosts = Object.fromEntries(members.map((host) => [host, hostFacts(inventory.data, host)!]));
  const cloud = cloudOf(awsSites(siteFacts(inventory.data)), 'preflight');
  return directionOf(system, () => locate(system, hosts, 'outside', { ...cloud, secret: (reference) => secret(reference, cloud) }), null);
}

/** Undefined where the runbook only moves to the site that serves. */
function wholeNow({ inventory, runbooks, directions }: Around, runbook: RunbookFile): Whole | undefined {
  const direction = directions.get(runbook.data.system)!;
  if (direction instanceof Error) throw direction;
  const { source, target } = direction;
  if (source === runbook.data.target && source !== target) return undefined;
  const parameters = Object.fromEntries(
    Object.entries(runbook.data.parameters).flatMap(([key, { default: value }]) => (value === undefined ? [] : [[key, value]])),
  );
  const known = new Map([...directions].flatMap(([name, one]) => (one instanceof Error ? [] : [[name, one]])));
  return compileWhole({ runbook, runbooks, inventory, types, source, target, parameters, directions: known });
}

interface Named {
  readonly plan: Plan;
  readonly node: PlanNode;
  readonly action: Action;
  /** What steps before it do to hosts. */
  readonly before: StepContext['earlier'];
}

/** Those of the runbook's own steps, and of the first of many like ones; a run of another runbook is looked at as that runbook. */
function actionsOf({ plan, children }: Whole): Named[] {
  return plan.steps.flatMap((node) => {
    const before = earlier(plan, node, () => false);
    if (node.kind === 'step') return waysOf(plan, node, before);
    if (node.kind !== 'branch' || node.of === 'runs') return [];
    const like = (children.get(node.id) ?? []).flatMap((child) => child.steps.map((step) => ({ child, step })));
    return like.slice(0, most).flatMap(({ child, step }) => waysOf(child, step, before));
  });
}

function waysOf(plan: Plan, node: PlanNode, before: Named['before']): Named[] {
  return node.kind === 'step' ? [node.action, ...node.else].map((action) => ({ plan, node, action, before })) : [];
}

/** Of an input that is not wholly known before a run it is only asked whether AWS would let the step be done. */
async function look({ plan, node, action, before }: Named, id: string): Promise<{ ok: boolean; lines: readonly string[] }> {
  const type = types.find(({ name }) => name === action.uses)!;
  const signal = AbortSignal.timeout(within);
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
