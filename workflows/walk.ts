import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { PlanNode } from '../plan/plan.ts';
import { carryOut } from './act.ts';
import { problemOf } from './activities.ts';
import { announce } from './announce.ts';
import { hold } from './gate.ts';
import { now } from './journal.ts';
import { resolve, Unresolved } from './resolve.ts';
import { lookup } from './lookup.ts';
import { isStep, Stopped, type Run } from './run.ts';

/** Steps under way at once in one run: far below the server's 2,000 pending activities, at which a run would hang. */
const width = 100;

/**
 * Walks the plan's graph to its end: ready steps side by side, longest remaining path first, never more at a site
 * than its slots.
 * @throws Stopped once the run was stopped and everything under way has come to rest.
 */
export async function walk(run: Run): Promise<void> {
  const graph = new Graph(run);
  const scope = new CancellationScope();
  let settled = 0;
  let seen = 0;
  const watch = outageLimit(run);
  const begin = (node: PlanNode): void => {
    graph.start(node);
    void advance(run, node)
      .catch((error: unknown) => giveUp(run, error))
      .finally(() => {
        graph.end(node);
        settled += 1;
      });
  };
  await scope.run(async () => {
    for (;;) {
      if (run.stop === null) goOn(run, graph, begin);
      if (run.stop !== null) scope.cancel();
      if (graph.running === 0) return;
      // Outside the scope: its own cancellation must not end the wait for what is under way.
      await CancellationScope.nonCancellable(() => condition(() => settled > seen || (run.stop !== null && !scope.consideredCancelled)));
      seen = settled;
    }
  });
  watch.cancel();
  if (run.stop) throw new Stopped();
}

function goOn(run: Run, graph: Graph, begin: (node: PlanNode) => void): void {
  try {
    for (const node of graph.ready()) begin(node);
    if (graph.running === 0 && !graph.finished()) throw new Error(`nothing can go on: ${graph.unsettled().join(', ')} wait for what never ends`);
    announce(run);
  } catch (error) {
    giveUp(run, error);
  }
}

async function advance(run: Run, node: PlanNode): Promise<void> {
  if (!holds(run, node)) {
    const track = run.track(node.id);
    track.state = 'skipped';
    track.note = 'its condition does not hold';
    track.endedAt = now();
    run.journal.write({ what: 'skipped', step: node.id, why: track.note });
    return;
  }
  return isStep(node) ? carryOut(run, node) : hold(run, node);
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

/** Which steps can begin: looked at again only where something has changed. */
class Graph {
  running = 0;
  readonly #run: Run;
  readonly #atSite = new Map<string, number>();
  readonly #active = new Set<string>();

  constructor(run: Run) {
    this.#run = run;
  }

  ready(): PlanNode[] {
    const free = new Map(Object.entries(this.#run.pinned.sites).map(([site, { steps }]) => [site, steps - (this.#atSite.get(site) ?? 0)]));
    let slots = width - this.running;
    const chosen: PlanNode[] = [];
    for (const node of this.#candidates()) {
      if (slots === 0) break;
      if (isStep(node)) {
        const left = free.get(node.action.at) ?? 1;
        if (left <= 0) continue;
        free.set(node.action.at, left - 1);
      }
      slots -= 1;
      chosen.push(node);
    }
    return chosen;
  }

  #candidates(): PlanNode[] {
    const known = new Map<string, boolean>();
    return this.#run.pinned.steps
      .filter((node) => this.#run.track(node.id).state === 'waiting' && !this.#active.has(node.id) && !this.#run.leftOut(node))
      .filter((node) => node.needs.every((id) => this.#settled(id, known)))
      .toSorted((a, b) => b.remaining - a.remaining);
  }

  start(node: PlanNode): void {
    this.running += 1;
    this.#active.add(node.id);
    if (isStep(node)) this.#atSite.set(node.action.at, (this.#atSite.get(node.action.at) ?? 0) + 1);
  }

  end(node: PlanNode): void {
    this.running -= 1;
    this.#active.delete(node.id);
    if (isStep(node)) this.#atSite.set(node.action.at, (this.#atSite.get(node.action.at) ?? 1) - 1);
  }

  finished(): boolean {
    const known = new Map<string, boolean>();
    return this.#run.pinned.steps.every((node) => this.#settled(node.id, known));
  }

  unsettled(): string[] {
    const known = new Map<string, boolean>();
    return [...this.#run.tracks.keys()].filter((id) => !this.#settled(id, known)).slice(0, 10);
  }

  /** Done, skipped, or left out by the mode with its own needs met. */
  #settled(id: string, known: Map<string, boolean>): boolean {
    const track = this.#run.track(id);
    if (track.state === 'done' || track.state === 'skipped') return true;
    if (track.state !== 'waiting' || !this.#run.leftOut(track.node)) return false;
    const before = known.get(id);
    if (before !== undefined) return before;
    const settled = track.node.needs.every((need) => this.#settled(need, known));
    known.set(id, settled);
    return settled;
  }
}
