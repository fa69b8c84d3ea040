import { isCancellation, sleep } from '@temporalio/workflow';
import type { Action, Branch, Child, Json, Plan, PlanNode } from '../plan/plan.ts';
import { problemOf } from './activities.ts';
import type { Failure, Items, Part } from './branch.ts';
import { fits } from './fit.ts';
import { now } from './journal.ts';
import { lookup } from './lookup.ts';
import { resolve, Unresolved } from './resolve.ts';
import { Stopped, type ChildRun, type Run } from './run.ts';
import { startChild } from './start-child.ts';
import { waveId, type RunInput, type RunResult, type WaveResult } from './wire.ts';

/** Carries out like steps in a child workflow, of which so many go on at once. @returns what failed of them. */
export async function waveChild(run: Run, node: Branch, part: Part, items: Items, beside: number): Promise<readonly Failure[]> {
  const { child, only } = part;
  try {
    const { plan } = await run.children.plan(node, child);
    const steps = only === null ? plan.steps : plan.steps.filter(({ id }) => only.has(id));
    const names = new Map(steps.map((step) => [step.id, step.kind === 'step' ? step.summary : step.id]));
    const { able, unable } = apart(run, steps);
    const { outputs, failed, backups, findings, dropped } =
      able.length === 0 ? nothing : await wave(run, node, child, { ...plan, steps: able }, beside, false);
    for (const [id, value] of Object.entries(outputs)) items[names.get(id) ?? id] = value;
    run.backups.push(...backups);
    // Its items change from run to run: what is found of them is a finding of the branch, which a retest closes.
    const foundOf = (subject: string, text: string): string => `${names.get(subject) ?? subject}: ${text}`.slice(0, 500);
    run.findings.push(...findings.map((one) => ({ ...one, subject: node.id, text: foundOf(one.subject, one.text) })));
    if (dropped > 0)
      run.journal.write({ what: 'not-proven', step: node.id, why: `the outputs of ${dropped} were too large to be handed on` });
    return [...unable, ...failed].map(({ step, code, text }) => ({
      part: { child, only: new Set([step]) },
      name: names.get(step) ?? step,
      code,
      text,
    }));
  } catch (error) {
    if (run.stop) throw new Stopped();
    const { code, text } = isCancellation(error) ? { code: 'cancelled', text: 'its child run was cancelled' } : problemOf(error);
    return [{ part, name: `child run ${child.name} with all its steps`, code, text }];
  }
}

/** Undoes what these parts of a branch of waves did, by default all. @returns why it could not, or null. */
export async function undoWaves(run: Run, node: Branch, parts?: readonly Part[]): Promise<string | null> {
  const problems = await Promise.all(
    (parts ?? node.children.map((child) => ({ child, only: null }))).map(async ({ child, only }) => {
      try {
        const { plan } = await run.children.plan(node, child);
        // What was never begun, for it needs what is not there, is nothing to undo.
        const { able } = apart(run, only === null ? plan.steps : plan.steps.filter(({ id }) => only.has(id)));
        if (able.length === 0) return [];
        const { failed } = await wave(run, node, child, { ...plan, steps: able }, node.children.length, true);
        return failed.map(({ step, text }) => `${step}: ${text}`);
      } catch (error) {
        if (isCancellation(error) || error instanceof Stopped) throw error;
        return [problemOf(error).text];
      }
    }),
  );
  return problems.flat()[0] ?? null;
}

async function wave(run: Run, node: Branch, child: Child, plan: Plan, beside: number, undo: boolean): Promise<WaveResult> {
  const attempt = run.track(node.id).begun;
  const workflowId = `${waveId(run.workflowId, node.id, child.name)}${attempt > 1 ? `/${attempt}` : ''}${undo ? '/undo' : ''}`;
  const entry: ChildRun = { node: node.id, child, workflowId, startedAt: now(), endedAt: null, verdict: null, why: '' };
  const given = {
    plan: { ...plan, sites: shared(run.pinned.sites, beside) },
    compiledEpoch: run.compiledEpoch,
    attributes: run.attributes,
    requester: run.requester,
    approved: null,
    wave: { origin: run.origin, epoch: run.epoch, startedAt: run.startedAt, undo, attempt, ...sweptBy(run) },
  };
  const input: RunInput = {
    system: run.input.system,
    ...(run.mode === null ? {} : { mode: run.mode }),
    given: fits(given, `what ${workflowId} would be given`),
  };
  const result = await run.children.inTurn(() => {
    run.childRuns.set(`${node.id} ${child.name}`, entry);
    return patiently(() => startChild(run, child, workflowId, input));
  });
  entry.endedAt = now();
  return result.wave!;
}

const sweptBy = ({ sweeping }: Run): { readonly sweep?: string } => (sweeping === null ? {} : { sweep: sweeping.workflowId });

/** One that a reset left behind ends soon. */
async function patiently(work: () => Promise<RunResult>): Promise<RunResult> {
  for (let left = 20; ; left -= 1) {
    try {
      return await work();
    } catch (error) {
      if (left === 0 || problemOf(error).code !== 'under-way') throw error;
      await sleep('1 second');
    }
  }
}

const nothing: WaveResult = { outputs: {}, dropped: 0, failed: [], backups: [], findings: [] };

/** The steps with what those before the branch found, and those for which that is not there: what would have found it failed, or was skipped. */
function apart(run: Run, steps: readonly PlanNode[]): { readonly able: readonly PlanNode[]; readonly unable: WaveResult['failed'] } {
  const able: PlanNode[] = [];
  const unable: WaveResult['failed'][number][] = [];
  for (const step of steps) {
    try {
      able.push(known(run, step));
    } catch (error) {
      if (!(error instanceof Unresolved)) throw error;
      unable.push({ step: step.id, code: 'not-reached', text: `it needs what was not made before: ${error.message}` });
    }
  }
  return { able, unable };
}

/** What steps before the branch found is known to its run alone. */
function known(run: Run, node: PlanNode): PlanNode {
  if (node.kind !== 'step') return node;
  const filled = (action: Action): Action => ({
    ...action,
    with: resolve(action.with, lookup(run)) as { readonly [field: string]: Json },
  });
  return { ...node, action: filled(node.action), else: node.else.map(filled) };
}

/** The slots of each site, for one of so many side by side. */
function shared(sites: Plan['sites'], beside: number): Plan['sites'] {
  return Object.fromEntries(
    Object.entries(sites).map(([name, site]) => [name, { ...site, steps: Math.max(1, Math.floor(site.steps / beside)) }]),
  );
}
