import type { PlanNode } from '../plan/plan.ts';
import { policyOf } from './policy.ts';
import { isStep, type Run } from './run.ts';

/** What failed is told at the end, and keeps nothing waiting that does not need it. */
const goesOnAfterFailure = (run: Run): boolean => run.collects || policyOf(run.kind).onFailure === 'note';

/** Steps under way at once in one run: far below the server's 2,000 pending activities, at which a run would hang. */
const width = 100;

/** Which steps can begin: looked at again only where something has changed. */
export class Graph {
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
    if (track.state === 'done' || track.state === 'skipped' || (goesOnAfterFailure(this.#run) && track.state === 'failed')) return true;
    if (track.state !== 'waiting' || !this.#run.leftOut(track.node)) return false;
    const before = known.get(id);
    if (before !== undefined) return before;
    const settled = track.node.needs.every((need) => this.#settled(need, known));
    known.set(id, settled);
    return settled;
  }
}
