import { isCancellation } from '@temporalio/workflow';
import type { Branch, Child, Plan } from '../plan/plan.ts';
import type { Stated } from '../activities/step.ts';
import type { Verdict } from '../record/journal.ts';
import { problemOf } from './activities.ts';
import { announce } from './announce.ts';
import type { Failure, Items, Part } from './branch.ts';
import { now } from './journal.ts';
import { policyOf } from './policy.ts';
import { Stopped, type ChildRun, type Run } from './run.ts';
import { startChild } from './start-child.ts';
import { runId, type Approval, type RunInput, type RunResult } from './wire.ts';

/** Verdicts of a run that did what it was there for, the best first. */
export const goodVerdicts: readonly Verdict[] = ['proven', 'restored', 'recovered', 'recovered, unprotected'];

export function endedWell(run: Run, node: Branch, child: Child): boolean {
  const verdict = run.childRuns.get(key(node, child))?.verdict ?? null;
  return verdict !== null && goodVerdicts.includes(verdict);
}

/** One run of another runbook, with a record, a lock and questions of its own. */
export async function runChild(run: Run, node: Branch, part: Part, items: Items): Promise<readonly Failure[]> {
  const { child } = part;
  const workflowId = runId(child.kind, child.system);
  const entry: ChildRun = { node: node.id, child, workflowId, startedAt: now(), endedAt: null, verdict: null, why: '' };
  try {
    const { plan, epoch } = await run.children.plan(node, child);
    const result = await run.children.inTurn(() => {
      run.childRuns.set(key(node, child), entry);
      announce(run);
      return startChild(run, child, workflowId, inputFor(run, node, child, plan, epoch));
    });
    ended(run, entry, result.verdict, result.why, result);
    items[child.name] = { verdict: result.verdict, serving: result.serving, run: workflowId };
    if (endedWell(run, node, child)) return [];
    return [{ part, name: child.name, code: result.verdict, text: result.why || result.verdict }];
  } catch (error) {
    if (run.stop) throw new Stopped();
    const cancelled = isCancellation(error);
    const { code, text } = cancelled ? { code: 'cancelled', text: 'it was cancelled' } : problemOf(error);
    ended(run, entry, cancelled ? 'cancelled' : code === 'under-way' ? 'refused' : 'failed', text);
    return [{ part, name: child.name, code, text }];
  }
}

function ended(run: Run, entry: ChildRun, verdict: Verdict, why: string, result?: RunResult): void {
  const { node, child, workflowId, startedAt } = entry;
  Object.assign(entry, { verdict, why, endedAt: now() });
  run.childRuns.set(`${node} ${child.name}`, entry);
  // What it moved is not moved back by this run.
  if (goodVerdicts.includes(verdict) && policyOf(child.kind).moves) run.committed = true;
  run.journal.write({
    what: 'child',
    step: node,
    name: child.name,
    system: child.system,
    run: workflowId,
    startedAt,
    verdict,
    why: why.slice(0, 500),
    outage: result?.outage ?? null,
  });
}

const key = (node: Branch, child: Child): string => `${node.id} ${child.name}`;

function inputFor(run: Run, node: Branch, child: Child, plan: Plan, epoch: number): RunInput {
  const { mode, input } = run;
  return {
    system: child.system,
    runbook: child.runbook,
    // Where it has to be compiled anew, and another plan comes of it, people are asked.
    digest: child.digest,
    ...(child.kind === 'failover' ? { mode: mode ?? 'planned' } : {}),
    ...(Object.keys(child.parameters).length > 0 ? { parameters: child.parameters } : {}),
    ...(input.cause === undefined ? {} : { cause: input.cause }),
    ...(input.by === undefined ? {} : { by: input.by }),
    given: {
      plan,
      compiledEpoch: epoch,
      attributes: run.attributes,
      requester: run.requester,
      approved: approvalFor(run, node),
    },
  };
}

/** Those who approved the last gate before it. */
function approvalFor(run: Run, node: Branch): Approval | null {
  const byId = new Map(run.pinned.steps.map((one) => [one.id, one]));
  const seen = new Set<string>();
  let level = [...node.needs];
  while (level.length > 0) {
    const gates = level.flatMap((id): [string, readonly Stated[]][] => (run.approvals.has(id) ? [[id, run.approvals.get(id)!]] : []));
    const [first] = gates;
    if (first) return { gate: `${first[0]} of ${run.workflowId}`, by: first[1] };
    for (const id of level) seen.add(id);
    level = level.flatMap((id) => byId.get(id)?.needs ?? []).filter((id) => !seen.has(id));
  }
  return run.input.given?.approved ?? null;
}
