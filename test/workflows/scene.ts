import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { RunResult } from '../../workflows/wire.ts';
import type { Entry } from '../../record/journal.ts';
import { cast, journalOf, nextSystem, start, type Handle, type Play, type Stage } from './stage.ts';

/** Plays a run of a system of its own to wherever `act` takes it; a run that is still open then is ended. */
export async function scene<T>(
  theatre: Stage,
  play: Play,
  act: (handle: Handle, system: string) => Promise<T>,
  input: object = {},
): Promise<T> {
  const system = nextSystem();
  const worker = await cast(theatre, named(play, system));
  return worker.run(async () => {
    const handle = await start(theatre, system, input);
    const deadline = new AbortController();
    try {
      // Before mocha gives up, so that the workers of a scene that hangs are gone when the next one begins.
      return await Promise.race([act(handle, system), late(deadline.signal)]);
    } finally {
      deadline.abort();
      await handle.terminate('the scene is over').catch(() => undefined);
    }
  });
}

async function late(signal: AbortSignal): Promise<never> {
  await setTimeout(25_000, undefined, { signal }).catch(() => undefined);
  throw new Error('the scene was not over within 25 s');
}

/** The play about this system. */
export function named(play: Play, name: string): Play {
  return { ...play, header: { ...play.header, system: { tier: 1, ...play.header?.system, name } } };
}

/** How a run ended, whether its execution completed, failed or was cancelled. */
export async function ending(
  handle: Handle,
): Promise<{ readonly verdict: string; readonly why: string; readonly status: 'completed' | 'failed' | 'cancelled' }> {
  try {
    const { verdict, why } = (await handle.result()) as RunResult;
    return { verdict, why, status: 'completed' };
  } catch (error) {
    assert.ok(error instanceof WorkflowFailedError, String(error));
    if (error.cause instanceof CancelledFailure) return { verdict: 'cancelled', why: error.cause.message, status: 'cancelled' };
    assert.ok(error.cause instanceof ApplicationFailure, String(error.cause));
    return { verdict: error.cause.type ?? '', why: error.cause.message, status: 'failed' };
  }
}

type Of<W extends Entry['what']> = Entry extends infer E
  ? E extends { readonly what: infer K }
    ? W extends K
      ? E
      : never
    : never
  : never;

/** Entries of one kind in a run's journal. */
export async function entries<W extends Entry['what']>(handle: Handle, what: W): Promise<Of<W>[]> {
  return (await journalOf(handle)).filter((entry): entry is Of<W> => entry.what === what);
}

/** Decisions with whether they counted, and why not. */
export async function decisions(handle: Handle): Promise<(readonly [by: string, counts: boolean, note: string])[]> {
  return (await entries(handle, 'decided')).map(({ by, counts, note }) => [by, counts, note] as const);
}
