import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { PlanNode } from '../plan/plan.ts';
import { carryOut } from './act.ts';
import { problemOf } from './activities.ts';
import { announce } from './announce.ts';
import { descend } from './branch.ts';
import { hold } from './gate.ts';
import { Graph } from './graph.ts';
import { now } from './journal.ts';
import { resolve, Unresolved } from './resolve.ts';
import { lookup } from './lookup.ts';
import { leftOutOf, standIn } from './rehearse.ts';
import { isStep, Stopped, type Run } from './run.ts';

/**
 * Walks the plan's graph to its end: ready steps side by side, longest remaining path first, never more at a site
 * than its slots.
 * @throws Stopped once the run was stopped and everything under way has come to rest.
 */
export async function walk(run: Run): Promise<void> {
  const graph = new Graph(run);
  const scope = new CancellationScope();
  const watch = outageLimit(run);
  let over = false;
  let wake = (): void => undefined;
  const begin = (node: PlanNode): void => {
    const advancing = advance(run, node);
    graph.start(node);
    const end = (): void => {
      graph.end(node);
      wake();
    };
    void advancing.then(end, (error: unknown) => {
      giveUp(run, error);
      end();
    });
  };
  void condition(() => over || run.stop !== null).then(() => wake());
  await scope.run(async () => {
    for (;;) {
      if (run.stop === null) goOn(run, graph, begin);
      if (run.stop !== null) scope.cancel();
      if (graph.running === 0) return;
      // Not `condition`: the cancellation of the scope must not end the wait for what is under way, and a scope of its own for each step is dear.
      await new Promise<void>((resolve) => (wake = resolve));
    }
  });
  over = true;
  watch.cancel();
  if (run.stop) throw new Stopped();
}

function goOn(run: Run, graph: Graph, begin: (node: PlanNode) => void): void {
  try {
    for (const node of graph.ready()) begin(node);
    if (graph.running === 0 && !graph.finished())
      throw new Error(`nothing can go on: ${graph.unsettled().join(', ')} wait for what never ends`);
    announce(run);
  } catch (error) {
    giveUp(run, error);
  }
}

function advance(run: Run, node: PlanNode): Promise<void> {
  const leftOut = leftOutOf(run, node);
  if (leftOut !== null) {
    standIn(run, node, leftOut);
    return Promise.resolve();
  }
  if (holds(run, node)) return isStep(node) ? carryOut(run, node) : node.kind === 'branch' ? descend(run, node) : hold(run, node);
  const track = run.track(node.id);
  track.state = 'skipped';
  track.note = 'its condition does not hold';
  track.endedAt = now();
  run.journal.write({ what: 'skipped', step: node.id, why: track.note });
  return Promise.resolve();
}

/** Nothing that a step throws may leave the walk: a workflow task that fails hangs the run for ever. */
function giveUp(run: Run, error: unknown): void {
  if (error instanceof Stopped || isCancellation(error)) return;
  run.halt({ how: 'abort', why: `fault in the run itself: ${problemOf(error).text}`, verdict: 'failed' });
}

/** A condition that cannot be told holds: a gate is rather asked, and a step rather carried out, than left out unseen. */
function holds(run: Run, node: PlanNode): boolean {
  if (!node.if) return true;
  try {
    return resolve(node.if, lookup(run)) === true;
  } catch (error) {
    if (error instanceof Unresolved) return true;
    throw error;
  }
}

/** A planned run that cannot promote within its outage limit backs out by itself. */
function outageLimit(run: Run): CancellationScope {
  const scope = new CancellationScope();
  const limit = run.pinned.objectives.outage;
  if (limit === undefined) return scope;
  scope
    .run(async () => {
      for (;;) {
        await condition(() => run.outageSince !== null);
        const over = !(await condition(() => run.promoted || run.outageSince === null, limit, { summary: 'outage limit' }));
        if (run.promoted) return;
        if (over && run.mode === 'planned' && !run.committed) {
          run.halt({ how: 'back out', why: `not promoted within the outage limit of ${limit / 1000} s` });
          return;
        }
      }
    })
    .catch(() => undefined);
  return scope;
}
