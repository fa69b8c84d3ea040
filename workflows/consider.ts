import { CancellationScope } from '@temporalio/workflow';
import type { Stated } from '../activities/step.ts';
import type { Choice } from '../record/journal.ts';
import { control } from './activities.ts';
import { announce } from './announce.ts';
import { read } from './decision.ts';
import { now } from './journal.ts';
import { judge } from './judge.ts';
import type { Press, Question } from './question.ts';
import type { Run } from './run.ts';

export interface Asked {
  readonly question: Question;
  readonly attempt: number;
  /** Length of the history when it was asked. */
  readonly openedAt: number;
  readonly approvers: readonly string[];
  /** Who has made each choice so far. */
  readonly have: ReadonlyMap<Choice, readonly Stated[]>;
}

/**
 * Looks the sender of a decision up, judges and records it.
 * @returns who it was where it counts; `reset` where it was given before the run was reset; else null.
 */
export async function consider(run: Run, asked: Asked, press: Press): Promise<Stated | 'reset' | null> {
  const { question, attempt, openedAt, approvers, have } = asked;
  const { choice, signal, reason: reasonNeeded } = press.choice;
  // A stop meanwhile must not lose the decision: it is recorded in any case.
  const sender = await CancellationScope.nonCancellable(() => control('who decided?')['run.attest']({ signal, nth: press.nth, openedAt }));
  const said = read(press.input);
  const judgement = judge(
    { choice, sender, stated: said.by, reason: said.reason },
    {
      accepts: run.plan?.decisions ?? 'stated',
      people: run.plan?.people ?? {},
      approvers,
      count: needed(question, choice),
      requester: run.requester,
      reasonNeeded,
      have: (have.get(choice) ?? []).map((person) => person.by),
    },
  );
  run.journal.write({ what: 'decided', question: question.id, attempt, choice, ...judgement, reason: said.reason });
  announce(run);
  if (sender.reset) return 'reset';
  return judgement.counts ? { by: judgement.by, how: judgement.how, at: now(), reason: said.reason } : null;
}

/** How many different people a choice takes: to hold something up, or to leave it, one is enough. */
export function needed(question: Question, choice: Choice): number {
  const together =
    choice === 'approve' || choice === 'unplanned' || choice === 'planned' || (choice === 'done' && question.kind === 'task');
  return together ? question.count : 1;
}
