import type { Action, Plan, PlanNode } from '../plan/plan.ts';
import type { StepCall } from './wire.ts';
import { isStep } from './run.ts';

/**
 * Codes of a host that is not up, or whose server is not: no failure of a preflight where a step before it switches the host on.
 * Over a connection that still stood when its power went, a command is silent, or lost.
 */
export const notUpYet = /-unreachable$|^command-silent$|^ssh-lost$|^postgres-silent$|^port-closed$|^preflight-late$/u;

/**
 * What steps before this one do to hosts: a preflight, which looks before any of them, must not take the world as it is for the one
 * that the step will find. Pure.
 */
export function earlier(plan: Plan, node: PlanNode, leftOut: (node: PlanNode) => boolean): NonNullable<StepCall['earlier']> {
  const promoted = new Set<string>();
  const changed = new Set<string>();
  for (const before of reaching(plan, node)) {
    if (!isStep(before) || leftOut(before)) continue;
    for (const action of [before.action, ...before.else]) {
      if (action.effect === 'read') continue;
      for (const host of actedOn(action)) {
        changed.add(host);
        if (action.promotes) promoted.add(host);
      }
    }
  }
  return { promoted: [...promoted], changed: [...changed] };
}

/** The host that it acts on; others that it names it only looks at. */
function actedOn({ with: input, hosts }: Action): readonly string[] {
  const { host } = input;
  return typeof host === 'string' ? [host] : Object.keys(hosts);
}

function reaching(plan: Plan, node: PlanNode): Set<PlanNode> {
  const byId = new Map(plan.steps.map((one) => [one.id, one]));
  const found = new Set<PlanNode>();
  const next = [...node.needs];
  for (let id = next.pop(); id !== undefined; id = next.pop()) {
    const before = byId.get(id);
    if (before === undefined || found.has(before)) continue;
    found.add(before);
    next.push(...before.needs);
  }
  return found;
}
