import type { Action, Step } from '../plan/plan.ts';
import type { StepAnswer } from './wire.ts';
import { now } from './journal.ts';
import type { Run, Track } from './run.ts';

/** The step holds: what it left is kept for others, and the run may have passed the point of no return. */
export function settle(run: Run, node: Step, track: Track, action: Action, answer: StepAnswer, byHand: boolean): void {
  track.state = 'done';
  track.endedAt = now();
  track.note = answer.evidence.at(-1) ?? '';
  track.outputs = answer.outputs as Track['outputs'];
  // What is proven of a copy is no proof of what is in service.
  track.proofs = run.live ? (answer.proofs ?? []) : [];
  if (run.live) learn(run, node, action, answer);
  run.findings.push(...(answer.findings ?? []));
  run.journal.write({
    what: 'done',
    step: node.id,
    uses: action.uses,
    attempt: track.begun,
    byHand,
    outputs: answer.outputs,
    proofs: track.proofs,
    evidence: answer.evidence,
  });
}

/** What has changed for those who use the system, and what is known of its backups. A rehearsal changes nothing for them. */
function learn(run: Run, node: Step, action: Action, answer: StepAnswer): void {
  if (action.commits) run.committed = true;
  run.backups.push(...(answer.backups ?? []));
  for (const host of answer.lifts ?? []) {
    run.lifted.add(host);
    run.fenced.delete(host);
  }
  for (const { kind, host } of answer.proofs ?? []) if (kind === 'fence') run.lifted.delete(host);
  if (answer.serves !== undefined) {
    run.serving = answer.serves;
    run.outageSince = null;
    run.journal.write({ what: 'serving', site: run.serving, note: `${node.id} is done` });
  }
  if (action.protects) run.protected = true;
  if (action.promotes) {
    run.promoted = true;
    run.protected = false;
    run.serving = run.pinned.target.site;
    run.journal.write({ what: 'serving', site: run.serving, note: `${node.id} is done` });
  }
}
