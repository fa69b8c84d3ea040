import { condition, defineSignal, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Stated } from '../activities/step.ts';
import type { Expiry } from '../plan/plan.ts';
import type { Choice, Fact, QuestionKind } from '../record/journal.ts';
import type { DecisionInput, OpenChoice, OpenQuestion } from './wire.ts';
import { control } from './activities.ts';
import { announceQuestions } from './announce.ts';
import { pressed, read } from './decision.ts';
import { now } from './journal.ts';
import { judge } from './judge.ts';
import { Stopped, type Run } from './run.ts';

/** How often an unanswered question is noted as still open, milliseconds. */
const reminder = 15 * 60_000;

/** Something that people decide. */
export interface Question {
  readonly id: string;
  readonly kind: QuestionKind;
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly choices: readonly (Omit<OpenChoice, 'signal'> & { readonly label: string })[];
  /** Roles; empty: every person of the inventory. */
  readonly approvers: readonly string[];
  /** How many different people it takes to approve, or to say that a person's task is done; one for any other choice. */
  readonly count: number;
  /** Milliseconds. */
  readonly expires?: number | undefined;
  readonly onExpiry?: Expiry;
}

export interface Answer {
  readonly choice: Choice | 'expired';
  readonly attempt: number;
  readonly by: readonly Stated[];
  readonly reason: string;
}

interface Arrived {
  readonly choice: OpenChoice;
  readonly nth: number;
  readonly input: DecisionInput;
}

/**
 * Asks people, and waits for as long as it takes: a signal for each choice and attempt, registered while the question
 * is open and removed after it, so that in the Temporal UI a decision is one pick and one click.
 * @throws Stopped when the run is stopped meanwhile.
 */
export async function ask(run: Run, question: Question): Promise<Answer> {
  const attempt = run.attempt(question.id);
  const openedAt = workflowInfo().historyLength;
  const arrived: Arrived[] = [];
  const choices = question.choices.map(({ label, ...choice }) => ({ ...choice, signal: `${label} #${attempt}` }));
  for (const choice of choices) listen(run, choice, arrived);

  let approvers = question.approvers;
  let deadline = question.expires === undefined ? null : Date.now() + question.expires;
  let onExpiry = question.onExpiry;
  const have = new Map<Choice, Stated[]>();
  const { id, kind, title, facts, count } = question;
  const close = open(run, { id, kind, title, facts, count, choices, approvers, attempt, have: [], askedAt: now(), deadline: iso(deadline) });
  try {
    for (;;) {
      const wait = Math.min(reminder, deadline === null ? reminder : Math.max(0, deadline - Date.now()));
      const woken = await condition(() => arrived.length > 0 || run.stop !== null, wait, { summary: `asked: ${question.title}`.slice(0, 190) });
      if (run.stop) throw new Stopped();
      const press = arrived.shift();
      if (press) {
        const by = await consider(run, question, approvers, attempt, openedAt, press, have);
        if (run.stop) throw new Stopped();
        if (!by) continue;
        const { choice } = press.choice;
        const agreed = [...(have.get(choice) ?? []), by];
        have.set(choice, agreed);
        close.update({ have: agreed.map((person) => person.by) });
        if (agreed.length < needed(question, choice)) continue;
        run.journal.write({ what: 'answered', question: question.id, attempt, choice, by: agreed.map((person) => person.by) });
        return { choice, attempt, by: agreed, reason: by.reason ?? '' };
      }
      if (woken) continue;
      if (deadline === null || Date.now() < deadline) {
        run.journal.write({ what: 'reminded', question: question.id, attempt, note: 'still waiting for an answer' });
        continue;
      }
      if (onExpiry && 'escalate' in onExpiry) {
        approvers = [...approvers, onExpiry.escalate];
        deadline = Date.now() + onExpiry.expires;
        run.journal.write({ what: 'escalated', question: question.id, attempt, note: `nobody answered; ${onExpiry.escalate} may decide too` });
        onExpiry = { then: onExpiry.then };
        close.update({ approvers, deadline: iso(deadline) });
        continue;
      }
      run.journal.write({ what: 'expired', question: question.id, attempt, note: `nobody answered in time; then: ${onExpiry?.then ?? 'abort'}` });
      return { choice: onExpiry?.then === 'proceed' ? 'approve' : 'expired', attempt, by: [], reason: 'nobody answered in time' };
    }
  } finally {
    for (const choice of choices) setHandler(defineSignal<[DecisionInput?]>(choice.signal), undefined);
    // Pressed while the last decision was being looked up: too late, and recorded as such.
    for (const late of arrived) run.late.push({ signal: late.choice.signal, nth: late.nth, input: late.input });
    close();
  }
}

const needed = (question: Question, choice: Choice): number => (choice === 'approve' || choice === 'unplanned' || choice === 'planned' || (choice === 'done' && question.kind === 'task') ? question.count : 1);

function listen(run: Run, choice: OpenChoice, arrived: Arrived[]): void {
  setHandler(
    defineSignal<[DecisionInput?]>(choice.signal),
    (input) => {
      arrived.push({ choice, nth: pressed(run, choice.signal), input: input ?? null });
    },
    { description: choice.description },
  );
}

/** Looks the sender up and judges; returns who it was where the decision counts. */
async function consider(
  run: Run,
  question: Question,
  approvers: readonly string[],
  attempt: number,
  openedAt: number,
  press: Arrived,
  have: ReadonlyMap<Choice, readonly Stated[]>,
): Promise<Stated | null> {
  const { choice, signal, reason: reasonNeeded } = press.choice;
  const sender = await control(`who sent "${signal}"?`.slice(0, 190))['run.attest']({ signal, nth: press.nth, openedAt });
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
  announceQuestions(run);
  return judgement.counts ? { by: judgement.by, how: judgement.how, at: now(), reason: said.reason } : null;
}

type Close = (() => void) & { update(change: Partial<OpenQuestion>): void };

function open(run: Run, question: OpenQuestion): Close {
  let current = question;
  run.questions.push(current);
  run.journal.write({
    what: 'asked',
    question: current.id,
    attempt: current.attempt,
    kind: current.kind,
    title: current.title,
    facts: current.facts,
    approvers: current.approvers,
    count: current.count,
    deadline: current.deadline,
  });
  announceQuestions(run);
  const close = (): void => {
    run.questions.splice(run.questions.indexOf(current), 1);
    announceQuestions(run);
  };
  const update = (change: Partial<OpenQuestion>): void => {
    const next = { ...current, ...change };
    run.questions.splice(run.questions.indexOf(current), 1, next);
    current = next;
    announceQuestions(run);
  };
  return Object.assign(close, { update });
}

const iso = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString());
