import { setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import type { State } from '../record/journal.ts';
import type { Run } from './run.ts';
import type { Waiting } from './wire.ts';
import { details } from './details.ts';

/** Tells the outside what the run is doing: search attributes, memo, current details. */
export function announce(run: Run, state?: State): void {
  const before = run.state;
  if (state) run.state = state;
  setCurrentDetails(details(run));
  if (run.state !== before) writeAttributes(run);
}

/** What is asked goes to the memo too, which can be read with no worker alive. */
export function announceQuestions(run: Run): void {
  const waiting: Waiting[] = run.questions.slice(0, 6).map((question) => ({
    id: question.id,
    attempt: question.attempt,
    kind: question.kind,
    title: question.title.slice(0, 120),
    choices: Object.fromEntries(question.choices.map((choice) => [choice.choice, choice.signal])),
  }));
  upsertMemo({ waiting });
  const intervention = run.questions.some((question) => question.kind !== 'gate');
  announce(run, run.questions.length === 0 ? resting(run) : intervention ? 'waiting for intervention' : 'waiting for approval');
}

function resting(run: Run): State {
  return run.stop && run.stop.how !== 'abort' ? 'backing out' : run.state.startsWith('waiting') ? 'running' : run.state;
}

function writeAttributes(run: Run): void {
  const plan = run.plan;
  const values: { readonly [name: string]: string | null } = {
    LifeboatSystem: run.input.system,
    LifeboatKind: run.kind,
    LifeboatLive: 'live',
    LifeboatState: run.state,
    LifeboatRunbook: plan?.runbook ?? null,
    LifeboatSite: plan?.target.site ?? null,
  };
  // An attribute that the server does not know would fail the workflow task for ever.
  const known = Object.entries(values).filter(([name, value]) => value !== null && run.attributes.includes(name));
  if (known.length === 0) return;
  upsertSearchAttributes(known.map(([name, value]) => ({ key: { name, type: 'KEYWORD' as const }, value: value as string })));
}
