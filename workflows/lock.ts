import { ApplicationFailure } from '@temporalio/workflow';
import type { BorrowAnswer, BorrowInput } from './wire.ts';
import { control, problemOf } from './activities.ts';
import { ask } from './ask.ts';
import { compile } from './compile.ts';
import { policyOf } from './policy.ts';
import { preflight } from './preflight.ts';
import { recall } from './recall.ts';
import { Stopped, type Run } from './run.ts';

/**
 * Looks at everything that can be known before, and takes the system for this run alone, side by side: what is asked of people
 * meanwhile is asked by a run that has it. Another live run is respected; where nobody answers, people are asked.
 */
export async function prepare(run: Run): Promise<void> {
  const [borrowed, looked] = await Promise.allSettled([request(run), preflight(run)]);
  if (borrowed.status === 'rejected') throw borrowed.reason;
  if (looked.status === 'rejected') throw looked.reason;
  if (borrowed.value === 'silent') return goOnWithout(run);
  if (borrowed.value === 'stale') return again(run);
}

/** Asks for the system. A run that is refused is halted, so that its preflight ends too. */
async function request(run: Run): Promise<'granted' | 'stale' | 'silent'> {
  const { system, source } = run.pinned;
  const shares = policyOf(run.kind).shares ? { shares: true as const } : {};
  const input: BorrowInput = {
    system: system.name,
    kind: run.kind,
    live: run.live,
    active: source.site,
    epoch: run.compiledEpoch,
    ...shares,
    ...(run.live ? {} : { runbook: run.pinned.runbook }),
    attributes: run.attributes,
    recalled: null,
  };
  let answer: BorrowAnswer;
  try {
    answer = await borrow(input);
    if (!answer.granted && answer.lost) answer = await borrow({ ...input, recalled: await recall(run) });
  } catch (error) {
    run.lockProblem = problemOf(error).text;
    return 'silent';
  }
  const known = answer.granted && answer.known ? { known: answer.known } : {};
  run.journal.write({ what: 'locked', epoch: answer.granted ? answer.epoch : null, note: answer.note, ...known });
  if (answer.granted) {
    run.epoch = answer.epoch;
    for (const host of answer.fenced ?? []) run.fenced.add(host);
    run.measured = answer.measured ?? [];
    return 'granted';
  }
  if (answer.stale) return 'stale';
  run.refused = answer.holder;
  run.halt({ how: 'abort', why: answer.note });
  throw new Stopped();
}

const borrow = (input: BorrowInput): Promise<BorrowAnswer> =>
  control(`lock ${input.system}`, { scheduleToCloseTimeout: '12 seconds' })['run.borrow'](input);

/** The system was lent to another run since the plan was compiled: what was true then may not be now. */
async function again(run: Run): Promise<void> {
  if (run.attempt('compile') > 3) throw ApplicationFailure.nonRetryable('the system changes hands faster than a plan can be made', 'stale');
  await compile(run);
  await prepare(run);
}

async function goOnWithout(run: Run): Promise<void> {
  const answer = await ask(run, {
    id: 'lock',
    kind: 'lock',
    title: `The lock of ${run.pinned.system.name} does not answer`,
    facts: [{ label: 'problem', value: run.lockProblem }],
    choices: [
      {
        choice: 'approve',
        label: 'Go on without the lock',
        description: 'Make sure that nobody else is recovering this system.',
        reason: false,
      },
      { choice: 'refuse', label: 'Do not go on without the lock', description: 'End the run; nothing was changed.', reason: false },
    ],
    approvers: [],
    count: 2,
  });
  run.journal.write({
    what: 'locked',
    epoch: null,
    note: `the lock did not answer; ${answer.choice === 'approve' ? 'people chose to go on without it' : 'people chose to end'}`,
  });
  if (answer.choice === 'approve') return;
  run.halt({ how: 'abort', why: 'the lock did not answer' });
  throw new Stopped();
}
