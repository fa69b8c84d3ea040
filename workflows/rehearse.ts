import type { PlanNode } from '../plan/plan.ts';
import { now } from './journal.ts';
import type { Run } from './run.ts';

/** Why a rehearsal does not carry out this node; null: it does. */
export function leftOutOf(run: Run, node: PlanNode): string | null {
  const { rehearsal } = run.pinned;
  if (rehearsal === undefined) return null;
  if (node.kind === 'gate') return rehearsal.gates === 'asked' ? null : 'Nobody was asked: the gate was stood in for.';
  return typeof node.rehearsal === 'object' ? node.rehearsal.none : null;
}

/** What a rehearsal leaves out counts as done, and is not proven. */
export function standIn(run: Run, node: PlanNode, why: string): void {
  const track = run.track(node.id);
  track.state = 'skipped';
  track.note = why;
  track.endedAt = now();
  run.journal.write({ what: 'not-proven', step: node.id, why });
}

/** A gate that people did not open. */
export function failedAt(run: Run, node: PlanNode, code: string, problem: string): void {
  const track = run.track(node.id);
  track.state = 'failed';
  track.note = problem;
  track.endedAt = now();
  run.journal.write({ what: 'failed', step: node.id, uses: track.uses, attempt: track.begun, code, problem });
}

/** What needs a step that failed is not reached; everything else goes on, so that one rehearsal finds as much as there is. */
export function notReached(run: Run, failed: PlanNode): void {
  const cut = new Set([failed.id]);
  for (let size = 0; size !== cut.size;) {
    size = cut.size;
    for (const { id, needs } of run.pinned.steps) if (needs.some((need) => cut.has(need))) cut.add(id);
  }
  cut.delete(failed.id);
  for (const id of cut) {
    const track = run.track(id);
    if (track.state === 'waiting' && !run.leftOut(track.node)) standIn(run, track.node, `Not reached: ${failed.id} failed before it.`);
  }
}
