import { setMaxListeners } from 'node:events';
import { StepError } from '../../../activities/error.ts';
import { together } from '../../../workflows/readiness/verdict.ts';
import type { Look, Shortfall } from '../../../workflows/wire.ts';
import { limited } from '../../../activities/limit.ts';

/** Something that is asked of the world. */
export interface Question {
  /** The same at each look. Several of one subject are told as one. */
  readonly subject: string;
  /** Only reads. What it throws is a problem that keeps the system from being ready. */
  ask(signal: AbortSignal): Promise<Answer>;
}
export interface Answer {
  readonly seen?: readonly string[];
  /** True: it could not be asked, for a reason that another question tells. */
  readonly silent?: true;
  readonly problems?: readonly Shortfall[];
}

/** Longest subject, characters. */
const longest = 80;

/** Questions that are asked at once: a look must not take the machine from what it looks after. */
const width = 12;

/**
 * Asks everything, each question with `within` milliseconds of its own, and all together with `whole`. What has no answer by then is
 * told to be unknown, which is not ready.
 */
export async function askAll(
  questions: readonly Question[],
  { within, whole, signal }: { readonly within: number; readonly whole: number; readonly signal: AbortSignal },
): Promise<readonly Look[]> {
  const until = limited(signal, whole);
  // Each question listens: none of them is a leak.
  setMaxListeners(0, until);
  const left = [...questions];
  const looks: Look[] = [];
  const one = async (): Promise<void> => {
    for (let question = left.shift(); question !== undefined; question = left.shift()) looks.push(await look(question, within, until));
  };
  await Promise.all(Array.from({ length: width }, one));
  return together(looks);
}

async function look({ subject: whole, ask }: Question, within: number, until: AbortSignal): Promise<Look> {
  const subject = whole.slice(0, longest).trim();
  const signal = limited(until, within);
  const late = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }));
  try {
    signal.throwIfAborted();
    const answer = await Promise.race([ask(signal), late]);
    if (answer !== null) return { subject, answered: answer.silent !== true, seen: answer.seen ?? [], problems: answer.problems ?? [] };
  } catch (error) {
    if (!signal.aborted) return { subject, answered: true, seen: [], problems: [problemOf(error as Error)] };
  }
  const text = `${subject}: no answer within ${within / 1_000} s, so that nothing is known of it.`;
  return { subject, answered: false, seen: [], problems: [{ code: 'unknown', weight: 'must', text }] };
}

const problemOf = (error: Error): Shortfall => ({
  code: error instanceof StepError ? error.code : 'error',
  weight: 'must',
  text: error.message,
});
