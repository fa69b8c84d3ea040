import { defineSignal, setHandler } from '@temporalio/workflow';
import type { Stated } from '../activities/step.ts';
import type { Expiry } from '../plan/plan.ts';
import type { Choice, Fact, QuestionKind } from '../record/journal.ts';
import type { DecisionInput, OpenChoice, OpenQuestion } from './wire.ts';
import { announceQuestions } from './announce.ts';
import { pressed } from './decision.ts';
import type { Run } from './run.ts';

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
  /** True once the answer would mean nothing any more: the question is then withdrawn. */
  readonly moot?: () => boolean;
  /** Called when a choice is made, before it is judged. */
  readonly pressed?: (choice: Choice) => void;
}

export interface Answer {
  readonly choice: Choice;
  readonly attempt: number;
  readonly by: readonly Stated[];
  readonly reason: string;
}

/** A decision that arrived while its question was open. */
export interface Press {
  readonly choice: OpenChoice;
  readonly nth: number;
  readonly input: DecisionInput;
}

/** A question that stands open: what has arrived, and how to change or close it. */
export interface Open {
  readonly arrived: Press[];
  /** As it stands now. */
  readonly asked: () => OpenQuestion;
  show(change: Partial<OpenQuestion>): void;
  close(): void;
}

/** Puts a question: in the journal, in the memo, in the details, and as one signal for each choice. */
export function open(run: Run, question: OpenQuestion): Open {
  const arrived: Press[] = [];
  let current = question;
  for (const choice of question.choices) listen(run, choice, arrived);
  run.questions.push(current);
  const { id, attempt, kind, title, facts, approvers, count, deadline } = question;
  run.journal.write({ what: 'asked', question: id, attempt, kind, title, facts, approvers, count, deadline });
  announceQuestions(run);
  const put = (...next: OpenQuestion[]): void => {
    run.questions.splice(run.questions.indexOf(current), 1, ...next);
    announceQuestions(run);
  };
  return {
    arrived,
    asked: () => current,
    show: (change) => {
      const next = { ...current, ...change };
      put(next);
      current = next;
    },
    close: () => {
      for (const choice of question.choices) setHandler(defineSignal<[DecisionInput?]>(choice.signal), undefined);
      // Pressed while the last decision was being looked up: too late, and recorded as such.
      for (const { choice, nth, input } of arrived) run.late.push({ signal: choice.signal, nth, input });
      put();
    },
  };
}

function listen(run: Run, choice: OpenChoice, arrived: Press[]): void {
  setHandler(
    defineSignal<[DecisionInput?]>(choice.signal),
    (input) => {
      arrived.push({ choice, nth: pressed(run, choice.signal), input: input ?? null });
    },
    { description: choice.description },
  );
}
