import { ask } from './ask.ts';
import { Stopped, type Run } from './run.ts';

/** Code of a change that people keep from beginning. */
export const stoppedCode = 'stopped';

/**
 * Holds a run because people stopped all effects on its system: they are asked once, however many steps meet the stop, and nothing
 * else begins meanwhile. Nothing is undone by itself: that would be an effect too.
 * @param problem who stopped it and why, in a sentence.
 * @throws Stopped where the run ends.
 */
export function held(run: Run, problem: string): Promise<void> {
  // A rehearsal keeps nobody waiting: it is done again when effects are allowed.
  if (!run.live) {
    run.halt({ how: 'abort', why: problem, verdict: 'failed' });
    return Promise.reject(new Stopped());
  }
  run.held ??= people(run, problem).finally(() => (run.held = null));
  return run.held;
}

async function people(run: Run, problem: string): Promise<void> {
  const { source, system } = run.pinned;
  const backOut = {
    choice: 'back-out',
    label: 'Back out at the stop',
    description: `Undo what was done, newest first, until ${source.site} serves again; it too begins once effects are allowed.`,
    reason: false,
  } as const;
  const answer = await ask(run, {
    id: 'stopped',
    kind: 'intervention',
    title: `${system.name} was stopped: what now?`,
    facts: [
      { label: 'problem', value: problem },
      { label: 'serving now', value: run.serving ?? 'no site is known to serve' },
    ],
    choices: [
      { choice: 'retry', label: 'Retry after the stop', description: 'Go on, once effects are allowed again.', reason: false },
      ...(run.committed ? [] : [backOut]),
      { choice: 'abort', label: 'Abort at the stop', description: 'End the run here, as it is.', reason: false },
    ],
    approvers: [],
    count: 1,
  });
  if (answer.choice === 'retry') return;
  run.halt({ how: answer.choice === 'back-out' ? 'back out' : 'abort', why: problem });
  throw new Stopped();
}
