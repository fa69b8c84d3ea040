import type { Step } from '../plan/plan.ts';
import { isCancellation } from '@temporalio/workflow';
import { problemOf, type Problem } from './activities.ts';
import { askOnce } from './ask.ts';
import { perform } from './perform.ts';
import { policyOf } from './policy.ts';
import type { Question } from './question.ts';
import { Stopped, type Run } from './run.ts';
import { settle } from './settle.ts';

/**
 * Asks people what to do about a failed step.
 * @returns true where the step is settled, false where it is to be tried again.
 * @throws Stopped where the run ends.
 */
export async function intervene(run: Run, node: Step, problem: Problem): Promise<boolean> {
  const why = `${node.id} failed: ${problem.text}`;
  if (policyOf(run.kind).onFailure === 'undo') {
    run.halt({ how: 'undo', why, verdict: run.backups.length > 0 ? 'unproven' : 'failed' });
    throw new Stopped();
  }
  const track = run.track(node.id);
  const answer = await askOnce(run, {
    id: node.id,
    kind: 'intervention',
    title: `${node.id} failed: what now?`,
    facts: [
      { label: 'problem', value: problem.text },
      { label: 'step', value: `${track.uses} at ${track.site}` },
      { label: 'serving now', value: run.serving ?? 'no site is known to serve' },
    ],
    choices: choicesFor(run, node),
    approvers: [],
    count: 1,
    moot: () => run.leftOut(node),
  });
  if (answer === 'withdrawn' || answer === 'expired') {
    if (!run.leftOut(node)) return intervene(run, node, problem);
    track.state = 'waiting';
    return true;
  }
  switch (answer.choice) {
    case 'retry':
      return false;
    case 'skip':
      track.state = 'skipped';
      track.note = answer.reason;
      run.journal.write({ what: 'skipped', step: node.id, why: answer.reason });
      return true;
    case 'done':
      return believed(run, node);
    case 'unplanned':
      switchMode(run, 'unplanned', answer.by.map((person) => person.by).join(', '));
      track.state = 'waiting';
      return true;
    case 'back-out':
      run.halt({ how: 'back out', why });
      throw new Stopped();
    default:
      run.halt({ how: 'abort', why });
      throw new Stopped();
  }
}

/** "Done by hand" is believed only where the world shows it. */
async function believed(run: Run, node: Step): Promise<boolean> {
  try {
    if (run.stop) throw new Stopped();
    settle(run, node, run.track(node.id), node.action, await perform(run, node, node.action, 'verify', []), true);
    return true;
  } catch (error) {
    if (error instanceof Stopped || isCancellation(error)) throw error;
    const problem = problemOf(error);
    run.journal.write({
      what: 'failed',
      step: node.id,
      uses: node.action.uses,
      attempt: run.track(node.id).begun,
      code: problem.code,
      problem: `not done by hand: ${problem.text}`,
    });
    return intervene(run, node, { code: problem.code, text: `it is not as if it were done: ${problem.text}` });
  }
}

/** Gates are asked again: what was approved was the other way. */
export function switchMode(run: Run, mode: 'planned' | 'unplanned', by: string): void {
  run.mode = mode;
  run.outageSince = null;
  run.journal.write({ what: 'mode', mode, by });
  for (const track of run.tracks.values()) {
    if (track.node.kind === 'gate' && track.state === 'done') track.state = 'waiting';
  }
}

function choicesFor(run: Run, node: Step): Question['choices'] {
  const id = node.id;
  const choices: Question['choices'][number][] = [
    {
      choice: 'retry',
      label: `Retry ${id}`,
      description:
        node.proofs.length > 0
          ? 'Try the step again; what proves that it may is looked at again first, and done again where it no longer holds.'
          : 'Try the step again.',
      reason: false,
    },
    { choice: 'skip', label: `Skip ${id}`, description: 'Go on without it. Input: the reason, a text in quotes.', reason: true },
    {
      choice: 'done',
      label: `Done by hand: ${id}`,
      description: 'It was done by hand; the world is read before it is believed. Input: how, a text in quotes.',
      reason: true,
    },
  ];
  if (!run.committed) {
    choices.push({
      choice: 'back-out',
      label: `Back out at ${id}`,
      description: `Undo what was done, newest first, until ${run.pinned.source.site} serves again.`,
      reason: false,
    });
    if (run.mode === 'planned' && run.pinned.kind === 'failover') {
      choices.push({
        choice: 'unplanned',
        label: `Switch to unplanned at ${id}`,
        description: `Go on as if ${run.pinned.source.site} were lost: its gates are asked again.`,
        reason: false,
      });
    }
  }
  choices.push({
    choice: 'abort',
    label: `Abort at ${id}`,
    description: `End the run here. ${run.serving ? `${run.serving} serves.` : 'Nobody is known to serve.'}`,
    reason: false,
  });
  return choices;
}
