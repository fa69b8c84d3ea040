import type { z } from 'zod';
import type { StepContext } from './step.ts';

/** What `execute` learnt and `verify` needs, by run and step; bounded, the oldest goes first. */
const notes = new Map<string, unknown>();
const most = 1_000;

/** Keeps what an attempt learnt for `verify` in this process, and by heartbeat for the next attempt in any other. */
export function note(context: StepContext, details: unknown): void {
  const key = keyOf(context);
  notes.delete(key);
  notes.set(key, details);
  if (notes.size > most) for (const oldest of [...notes.keys()].slice(0, notes.size - most)) notes.delete(oldest);
  context.heartbeat(details);
}

/** Adds to what is noted. What `execute` noted itself stays. */
export function noteAlso(context: StepContext, more: object): void {
  const kept = notes.get(keyOf(context)) ?? context.resume;
  note(context, typeof kept === 'object' ? { ...kept, ...more } : more);
}

/** What was noted, or undefined where the attempt that knew it was lost, or what it left does not fit the shape. */
export function noted<Note>(context: StepContext, shape: z.ZodType<Note>): Note | undefined {
  const here = shape.safeParse(notes.get(keyOf(context)));
  if (here.success) return here.data;
  const before = shape.safeParse(context.resume);
  return before.success ? before.data : undefined;
}

/**
 * Heartbeats each second while something that cannot do so itself goes on. A beat repeats the note: one without would erase it.
 * `saying` adds one sentence for those who look on.
 */
export async function beating<Result>(context: StepContext, work: Promise<Result>, saying?: () => string | undefined): Promise<Result> {
  const beat = (): void => {
    const kept = notes.get(keyOf(context)) ?? context.resume;
    const sentence = saying?.();
    context.heartbeat(sentence === undefined ? kept : { ...(kept as object | undefined), saying: sentence });
  };
  const timer = setInterval(beat, 1_000);
  try {
    beat();
    return await work;
  } finally {
    clearInterval(timer);
  }
}

function keyOf(context: StepContext): string {
  return `${context.run.runId} ${context.key}`;
}
