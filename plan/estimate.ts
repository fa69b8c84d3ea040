import { dependents, heaviest, sort } from './graph.ts';
import type { Mode, Plan, PlanNode } from './plan.ts';

/** How long the steps are expected to take, people's waits left out. */
export interface Estimate {
  /** Ids along the longest path, in order. */
  readonly path: readonly string[];
  /** Milliseconds along it. */
  readonly expected: number;
  /** Usual milliseconds of each step that runs in the mode. */
  readonly steps: { readonly [id: string]: number };
}

/** The steps that run in a mode, in an order that respects what they need, longest remaining path first. */
export function inOrder(plan: Plan, mode: Mode): PlanNode[] {
  const { needs, order } = ordered(plan);
  const depth = new Map<number, number>();
  for (const node of order) depth.set(node, Math.max(0, ...needs[node]!.map((before) => depth.get(before)! + 1)));
  return order
    .toSorted((a, b) => depth.get(a)! - depth.get(b)! || plan.steps[b]!.remaining - plan.steps[a]!.remaining || a - b)
    .map((index) => plan.steps[index]!)
    .filter((node) => node.only === undefined || node.only === mode);
}

/** The longest path of a plan in a mode. */
export function estimate(plan: Plan, mode: Mode): Estimate {
  const { needs, order, behind } = ordered(plan);
  const runs = (index: number): boolean => plan.steps[index]!.only === undefined || plan.steps[index]!.only === mode;
  const own = (index: number): number =>
    plan.steps[index]!.remaining - Math.max(0, ...behind[index]!.map((next) => plan.steps[next]!.remaining));
  const sums = heaviest(needs, order, (index) => (runs(index) ? own(index) : 0));
  const starts = order.filter((index) => needs[index]!.length === 0);
  const path: string[] = [];
  for (let index = longest(starts, sums); index !== undefined; index = longest(behind[index]!, sums))
    if (runs(index)) path.push(plan.steps[index]!.id);
  const steps = Object.fromEntries(order.filter(runs).map((index) => [plan.steps[index]!.id, own(index)]));
  return { path, expected: Math.max(0, ...starts.map((index) => sums[index]!)), steps };
}

function longest(candidates: readonly number[], sums: readonly number[]): number | undefined {
  return candidates.toSorted((a, b) => sums[b]! - sums[a]! || a - b)[0];
}

function ordered(plan: Plan): { needs: number[][]; order: readonly number[]; behind: number[][] } {
  const place = new Map(plan.steps.map(({ id }, index) => [id, index]));
  const needs = plan.steps.map((node) => node.needs.map((id) => place.get(id)!));
  return { needs, order: sort(needs).order, behind: dependents(needs) };
}
