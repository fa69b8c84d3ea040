import { condition, workflowInfo } from '@temporalio/workflow';
import type { Stated } from '../activities/step.ts';
import type { Choice } from '../record/journal.ts';
import { consider, needed } from './consider.ts';
import { now } from './journal.ts';
import { open, type Answer, type Question } from './question.ts';
import { Stopped, type Run } from './run.ts';
import { tellAsked } from './tell-asked.ts';

/** How often an unanswered question is noted as still open, milliseconds. */
const reminder = 15 * 60_000;

/**
 * Asks people, and waits for as long as it takes: a signal for each choice and attempt, registered while the question
 * is open and removed after it, so that in the Temporal UI a decision is one pick and one click.
 * @throws Stopped when the run is stopped meanwhile.
 */
export async function ask(run: Run, question: Question): Promise<Answer> {
  for (;;) {
    const answer = await askOnce(run, question);
    if (answer === 'expired') throw new Error(`the question ${question.id} has no answer for its own expiry`);
    if (answer !== 'withdrawn') return answer;
  }
}

/**
 * One attempt of a question.
 * @returns `expired` where nobody answered in time; `withdrawn` where it means nothing any more, or where the run was
 * reset since: it is then to be asked anew, with what is true now.
 */
export async function askOnce(run: Run, question: Question): Promise<Answer | 'expired' | 'withdrawn'> {
  const { id, kind, title, facts, count } = question;
  const attempt = run.attempt(id);
  const openedAt = workflowInfo().historyLength;
  const choices = question.choices.map(({ label, ...choice }) => ({ ...choice, signal: `${label} #${attempt}` }));
  const have = new Map<Choice, Stated[]>();
  let { approvers, onExpiry } = question;
  let deadline = question.expires === undefined ? null : Date.now() + question.expires;
  const asked = open(run, {
    id,
    kind,
    title,
    facts,
    count,
    choices,
    approvers,
    attempt,
    have: [],
    askedAt: now(),
    deadline: iso(deadline),
  });
  const note = (what: 'reminded' | 'escalated' | 'expired', text: string): void =>
    run.journal.write({ what, question: id, attempt, note: text });
  tellAsked(run, asked.asked(), onExpiry);
  const over = (): boolean => run.stop !== null || question.moot?.() === true;
  try {
    for (;;) {
      const wait = Math.min(reminder, deadline === null ? reminder : Math.max(1, deadline - Date.now()));
      const woken = await condition(() => asked.arrived.length > 0 || over(), wait, { summary: `asked: ${id}` });
      if (run.stop) throw new Stopped();
      if (over()) {
        note('expired', 'withdrawn: the run has changed since it was asked');
        return 'withdrawn';
      }
      const press = asked.arrived.shift();
      if (press) {
        const { choice } = press.choice;
        question.pressed?.(choice);
        const by = await consider(run, { question, attempt, openedAt, approvers, have }, press);
        if (by === 'reset') {
          note('expired', 'the run was reset since it was asked: it is asked again');
          return 'withdrawn';
        }
        if (by === null) continue;
        const agreed = [...(have.get(choice) ?? []), by];
        have.set(choice, agreed);
        const names = agreed.map((person) => person.by);
        asked.show({ have: names });
        if (agreed.length < needed(question, choice)) continue;
        run.journal.write({ what: 'answered', question: id, attempt, choice, by: names });
        return { choice, attempt, by: agreed, reason: by.reason ?? '' };
      }
      if (woken) continue;
      if (deadline === null || Date.now() < deadline) {
        note('reminded', 'still waiting for an answer');
        tellAsked(run, asked.asked(), onExpiry, 'still waiting for an answer');
        continue;
      }
      if (onExpiry && 'escalate' in onExpiry) {
        // No role means everybody: there is nobody to add.
        if (approvers.length > 0) approvers = [...approvers, onExpiry.escalate];
        deadline = Date.now() + onExpiry.expires;
        const escalated = `nobody answered; ${onExpiry.escalate} may decide too`;
        note('escalated', escalated);
        onExpiry = { then: onExpiry.then };
        asked.show({ approvers, deadline: iso(deadline) });
        tellAsked(run, asked.asked(), onExpiry, escalated);
        continue;
      }
      note('expired', `nobody answered in time; then: ${onExpiry?.then ?? 'abort'}`);
      return onExpiry?.then === 'proceed' ? { choice: 'approve', attempt, by: [], reason: 'nobody answered in time' } : 'expired';
    }
  } finally {
    asked.close();
  }
}

const iso = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString());
