import { setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import type { State } from '../record/journal.ts';
import type { Run } from './run.ts';
import type { Waiting } from './wire.ts';
import { details } from './details.ts';

/** A memo is for a few words: the server warns beyond 2 KiB. */
const memoLimit = 1_900;

/** Tells the outside what the run is doing: search attributes, memo, current details. */
export function announce(run: Run, phase?: State): void {
  const before = run.state;
  if (phase) run.phase = phase;
  run.state = shown(run);
  setCurrentDetails(details(run));
  // What carries out steps of another run is no run of the system: lists must not show it as one.
  if (run.state !== before && !run.collects) writeAttributes(run);
}

/** What is asked goes to the memo too, which can be read with no worker alive. */
export function announceQuestions(run: Run): void {
  upsertMemo({ waiting: memo(run) });
  announce(run);
}

/** As many of the open questions as fit, the oldest first, and the oldest in any case. */
function memo(run: Run): Waiting[] {
  const waiting: Waiting[] = [];
  let size = 0;
  for (const { id, attempt, kind, title, choices } of run.questions) {
    const item = {
      id,
      attempt,
      kind,
      title: title.slice(0, 120),
      choices: Object.fromEntries(choices.map(({ choice, signal }) => [choice, signal])),
    };
    size += JSON.stringify(item).length;
    if (waiting.length > 0 && size > memoLimit) break;
    waiting.push(item);
  }
  return waiting;
}

function shown(run: Run): State {
  if (run.questions.length === 0) return run.phase;
  return run.questions.some((question) => question.kind !== 'gate') ? 'waiting for intervention' : 'waiting for approval';
}

function writeAttributes(run: Run): void {
  const plan = run.plan;
  const values: { readonly [name: string]: string | null } = {
    LifeboatSystem: run.input.system,
    LifeboatKind: run.kind,
    LifeboatLive: run.live ? 'live' : 'rehearsal',
    LifeboatState: run.state,
    LifeboatRunbook: plan?.runbook ?? null,
    LifeboatSite: plan?.target.site ?? null,
  };
  // An attribute that the server does not know would fail the workflow task for ever.
  const known = Object.entries(values).filter(([name, value]) => value !== null && run.attributes.includes(name));
  if (known.length === 0) return;
  upsertSearchAttributes(
    known.map(([name, value]) => ({ key: { name, type: 'KEYWORD' as const }, value: (value as string).slice(0, 250) })),
  );
}
