import { setTimeout as sleep } from 'node:timers/promises';
import { controlQueue, systemId, type SystemState } from '../workflows/wire.ts';
import { explain, type Temporal } from './connect.ts';
import { exit } from './exit.ts';
import { Failure, usage } from './failure.ts';
import { knownSystems, writtenSystems } from './known-systems.ts';
import { plain } from './print.ts';
import { didYouMean } from './suggest.ts';
import type { SystemWord } from './word.ts';

/** How long each has to hear it, milliseconds. */
const patience = 8_000;

interface Heard {
  readonly system: string;
  readonly heard: boolean;
}

/** Sends a signal to the workflows of these systems, of all where none is named, side by side; each is asked until it has heard it. */
export async function sendWord(
  temporal: Temporal,
  names: readonly string[],
  runbooks: string,
  input: { readonly by: string; readonly reason: string },
  word: SystemWord,
): Promise<readonly Heard[]> {
  const [known, written] = await Promise.all([knownSystems(temporal), word.first ? writtenSystems(runbooks) : []]);
  const all = [...new Set([...known.keys(), ...written])].toSorted();
  const stranger = names.find((name) => !all.includes(name));
  if (stranger !== undefined)
    throw usage(
      `There is no system ${plain(stranger)}.${didYouMean(stranger, all)}`,
      'lifeboat status lists those that Temporal knows: every run makes its system known.',
    );
  const systems = names.length === 0 ? all : names;
  if (systems.length === 0) throw new Failure(exit.refused, 'Temporal knows no system yet: nothing was ever run.');
  return Promise.all(systems.map((system) => one(temporal, system, input, word)));
}

async function one(temporal: Temporal, system: string, input: { readonly by: string; readonly reason: string }, word: SystemWord) {
  const handle = temporal.client.workflow.getHandle(systemId(system));
  const send = async (): Promise<void> => {
    if (!word.first) return handle.signal(word.signal, input);
    // Before the first run too: its workflow is started by the word.
    await temporal.client.workflow.signalWithStart('system', {
      workflowId: systemId(system),
      taskQueue: controlQueue,
      args: [system],
      workflowTaskTimeout: '3 seconds',
      signal: word.signal,
      signalArgs: [input],
    });
  };
  await temporal.within(5_000, send).catch((error: unknown) => {
    throw explain(error, `telling ${system}`, temporal.address);
  });
  for (const deadline = Date.now() + patience; Date.now() < deadline; await sleep(100)) {
    const state = await temporal.within(2_000, () => handle.query<SystemState>('state')).catch(() => null);
    if (state !== null && word.heard(state)) return { system, heard: true };
  }
  return { system, heard: false };
}
