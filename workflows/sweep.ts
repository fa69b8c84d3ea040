import {
  ApplicationFailure,
  ContinueAsNew,
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  isCancellation,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { control, problemOf } from './activities.ts';
import { Broom } from './broom.ts';
import { now } from './journal.ts';
import type { MadeCall, SweepInput, SweepResult, SweepState, SweptRehearsal } from './wire.ts';

const overSignal = defineSignal<[{ readonly passed?: boolean } | undefined]>('over');
const madeSignal = defineSignal<[MadeCall]>('made');

/** How often it is asked whether a rehearsal that has not said so is over, milliseconds: at first, and in the end. */
const [often, seldom] = [5_000, 60_000];
/** Pause before what did not go is tried again, milliseconds: it grows up to this. */
const longest = 600_000;
/** How long one visit waits for what does not go, milliseconds. */
const visit = 60_000;

/**
 * Takes away what a rehearsal made, once it is over, and goes on until the world shows that nothing is left. The rehearsal that starts
 * it abandons it, so whatever becomes of that one, this is done. Started by hand it takes away what is over, once. The name is a name
 * on the wire.
 */
export async function sweep(input: SweepInput): Promise<SweepResult> {
  try {
    return await (input.of === undefined ? sweepOnce(input) : sweepAfter(input, input.of));
  } catch (error) {
    if (error instanceof ContinueAsNew || isCancellation(error)) throw error;
    // A plain error would fail the workflow task for ever.
    throw ApplicationFailure.nonRetryable(problemOf(error).text, problemOf(error).code);
  }
}

async function sweepOnce({ system, look: only = false }: SweepInput): Promise<SweepResult> {
  if (typeof system !== 'string' || system === '')
    throw ApplicationFailure.nonRetryable('the input names no system: {"system":"orders"}', 'input');
  const places = await control(`where rehearsals of ${system} leave something`)['run.places']({ system });
  const broom = new Broom(system, places, null);
  shown(broom);
  await broom.visit({ remove: !only, within: visit });
  broom.doing = 'done';
  return broom.result;
}

async function sweepAfter(input: SweepInput, of: SweptRehearsal): Promise<SweepResult> {
  const broom = new Broom(input.system, of.places, of);
  setHandler(overSignal, (word) => void (broom.over ??= { passed: word?.passed === true, at: now() }), {
    description: 'The rehearsal is over: {"passed":true}. What it made is taken away.',
  });
  setHandler(madeSignal, (call) => void broom.made.push(call), {
    description: 'A step is about to make something; said by the rehearsal.',
  });
  shown(broom);
  for (;;) {
    await untilOver(input, of, broom);
    let last = false;
    for (let pause = 1_000; ; pause = Math.min(pause * 2, longest)) {
      broom.doing = 'taking away';
      // What it makes during a visit is perhaps made where that visit has been: only one that began after its end is the last.
      last = broom.over !== null;
      if (await broom.visit({ remove: true, within: visit })) break;
      await goOnAnew(input, of, broom);
      await sleep(pause, { summary: 'before what is left is tried again' });
    }
    // What expired under a rehearsal that goes on is taken away, and what it makes after that once more.
    if (last) break;
  }
  broom.doing = 'done';
  await condition(allHandlersFinished);
  return broom.result;
}

/** Until it is over and what it made was kept for as long as is wanted, or until that expires. */
async function untilOver(input: SweepInput, of: SweptRehearsal, broom: Broom): Promise<void> {
  const expires = Date.parse(of.expires);
  broom.doing = 'waiting for its rehearsal';
  for (let look = often; broom.over === null && !(Date.now() >= expires && broom.visits === 0); look = Math.min(look * 2, seldom)) {
    const patience = Date.now() < expires ? Math.min(look, expires - Date.now()) : look;
    if (await condition(() => broom.over !== null, patience, { summary: 'until its rehearsal is over' })) break;
    await goOnAnew(input, of, broom);
    const over = await control('does its rehearsal still run?', { scheduleToCloseTimeout: '30 seconds' })
      ['run.over']({ run: of.run, origin: of.origin })
      .catch(() => false);
    if (over) broom.over ??= { passed: false, at: now() };
  }
  if (broom.over === null) return;
  const { passed, at } = broom.over;
  const until = Math.min(Date.parse(at) + (passed ? of.keep.passed : of.keep.failed), expires);
  broom.until = new Date(until).toISOString();
  broom.doing = 'keeping what it made';
  if (until > Date.now()) await sleep(until - Date.now(), { summary: 'what it made is kept, to be looked at' });
  broom.until = null;
}

async function goOnAnew(input: SweepInput, of: SweptRehearsal, { over, made, removed, gone }: Broom): Promise<void> {
  if (!workflowInfo().continueAsNewSuggested) return;
  await condition(allHandlersFinished);
  await continueAsNew<typeof sweep>({ ...input, of: { ...of, ...(over === null ? {} : { over }), made, removed, gone } });
}

function shown(broom: Broom): void {
  setHandler(defineQuery<SweepState>('state'), () => broom.state, { description: 'What was taken away, and what is left.' });
}
