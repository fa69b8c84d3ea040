import type { WorkflowHandle } from '@temporalio/client';
import { unexpected } from '../e2e/scene.ts';
import { choose, endOf, journalOf, stateOf } from '../e2e/world.ts';
import type { OpenQuestion, RunResult } from '../../workflows/wire.ts';

const people = ['alice@example.com', 'bob@example.com', 'carol@example.com'];

/** How a run ended, and what people were asked until then. */
export interface Attended {
  readonly end: RunResult;
  readonly asked: readonly OpenQuestion[];
}

/**
 * Approves every gate and takes upon them what people are asked to, as so many different people as it takes, until the run has ended.
 * What else is asked goes to `decide`, which fails by default: then the run is ended too, for nobody would answer it.
 */
export async function attend(
  handle: WorkflowHandle,
  decide: (question: OpenQuestion) => string | Promise<string> = unexpected,
  within = 180_000,
): Promise<Attended> {
  const deadline = Date.now() + within;
  const asked = new Map<string, OpenQuestion>();
  let end: RunResult | undefined;
  const ended = endOf(handle).then((result) => (end = result));
  ended.catch(() => undefined);
  try {
    for (; !end; await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 100))])) {
      if (Date.now() > deadline) throw new Error(`it goes on after ${within} ms: ${await last(handle)}`);
      for (const question of (await stateOf(handle)).questions) {
        const key = `${question.id} ${question.attempt}`;
        if (asked.has(key)) continue;
        asked.set(key, question);
        const choice = question.kind === 'gate' ? 'approve' : question.kind === 'task' ? 'done' : await decide(question);
        for (const by of people.slice(0, question.count)) await choose(handle, question, choice, by, 'seen');
      }
    }
  } catch (error) {
    await handle.terminate('the test failed').catch(() => undefined);
    await ended.catch(() => undefined);
    throw error;
  }
  return { end: await ended, asked: [...asked.values()] };
}

/** What a run did last, for a message. */
async function last(handle: WorkflowHandle): Promise<string> {
  const entries = await journalOf(handle);
  return entries
    .slice(-25)
    .map((entry) => JSON.stringify(entry).slice(0, 400))
    .join('\n');
}
