import type { WorkflowHandle } from '@temporalio/client';
import type { OpenQuestion, RunResult } from '../../workflows/wire.ts';
import { choose, endOf, stateOf } from '../e2e/world.ts';
import type { Theatre } from './theatre.ts';

const people = ['alice@example.com', 'bob@example.com', 'carol@example.com', 'dan@example.com'];
/** A run that has not ended after this long hangs, milliseconds. */
const patience = 240_000;

/** Stands in for the people of a run: answers what it asks, as careful people would, until it has ended. */
export async function attend(theatre: Theatre, handle: WorkflowHandle): Promise<RunResult> {
  const tries = new Map<string, number>();
  const answered = new Set<string>();
  let end: RunResult | undefined;
  const ended = endOf(handle).then((result) => (end = result));
  ended.catch(() => undefined);
  for (const deadline = Date.now() + patience; !end; await Promise.race([ended, pause(100)])) {
    if (Date.now() > deadline) throw new Error(`the run did not end within ${patience / 1_000} s: ${await asking(handle)}`);
    const questions = (await withinASecond(stateOf(handle)))?.questions ?? [];
    for (const question of questions) {
      const key = `${question.id} ${question.attempt}`;
      if (answered.has(key)) continue;
      answered.add(key);
      const nth = (tries.get(question.id) ?? 0) + 1;
      tries.set(question.id, nth);
      const choice = await decide(theatre, question, nth);
      for (const by of people.slice(0, choice === 'approve' || choice === 'done' ? question.count : 1))
        await choose(handle, question, choice, by, 'the torture').catch(() => undefined);
    }
  }
  return ended;
}

async function decide(theatre: Theatre, question: OpenQuestion, nth: number): Promise<string> {
  const has = (choice: string): boolean => question.choices.some((open) => open.choice === choice);
  // Witnesses say that a machine is off only where it is.
  if (question.kind === 'task') return (await theatre.isOff(question.title)) ? 'done' : 'refuse';
  if (has('approve')) return 'approve';
  // First it is tried again as it is; then what can be mended is mended; then the run is led back, or ended.
  if (nth > 1) await theatre.mend();
  const vital =
    ['preflight', 'quiesce', 'fence', 'promote', 'compare', 'rewind', 'measure'].includes(question.id) || question.id.startsWith('undo-');
  if (nth <= (vital ? 4 : 2) && has('retry')) return 'retry';
  if (!vital && has('skip')) return 'skip';
  if (has('back-out')) return 'back-out';
  return has('abort') ? 'abort' : 'skip';
}

async function asking(handle: WorkflowHandle): Promise<string> {
  const state = await withinASecond(stateOf(handle)).catch(() => undefined);
  const steps = state?.steps.filter(({ state: is }) => is === 'running' || is === 'asking').map(({ id, note }) => `${id} (${note})`);
  const { raw } = await handle.describe();
  const pending = (raw.pendingActivities ?? []).map(
    ({ activityType, attempt, lastFailure }) =>
      `${activityType?.name} attempt ${attempt}${lastFailure?.message ? `: ${lastFailure.message}` : ''}`,
  );
  return `${state?.state ?? 'nobody answers'}; ${steps?.join(', ') ?? ''}; ${pending.join(', ')}`;
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A query waits for ever while no worker answers it. */
async function withinASecond<T>(work: Promise<T>): Promise<T | undefined> {
  work.catch(() => undefined);
  return Promise.race([work, pause(1_000).then(() => undefined)]);
}
