import { setTimeout as sleep } from 'node:timers/promises';
import { exit } from './exit.ts';
import { interruption, type Interruption } from './interrupt.ts';
import { note } from './print.ts';
import { killChildren, World, type Practice } from './practice.ts';

export interface Stage {
  readonly world: Practice;
  readonly stop: Interruption;
}

/**
 * Stands a practice world up, plays in it, and ends it: at its end, on an error, and on Ctrl-C at any moment.
 * Returns what `play` returns, or 130.
 */
export async function onStage(records: string | undefined, play: (stage: Stage) => Promise<number>): Promise<number> {
  const stop = interruption();
  const world = await World.create();
  try {
    const begun = Date.now();
    const starting = world.start((line) => note(`  ${line}`), records);
    const practice = await unlessStopped(starting, stop);
    if (practice === null) return exit.interrupted;
    note(`  Everything stands after ${((Date.now() - begun) / 1000).toFixed(1)} s.`);
    const code = await play({ world: practice, stop });
    return stop.signal.aborted ? exit.interrupted : code;
  } finally {
    if (stop.signal.aborted) note('\nEnding what was started …');
    await world.end();
    stop.end();
  }
}

/** The result, or null where it was interrupted; then what the phase had started is killed, and it starts nothing more. */
async function unlessStopped<T>(phase: Promise<T>, stop: Interruption): Promise<T | null> {
  let over = false;
  const settle = phase.then(
    () => (over = true),
    () => (over = true),
  );
  const aborted = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([settle, stop.signal.aborted ? Promise.resolve() : aborted]);
  if (!stop.signal.aborted) return await phase;
  // It may wait for long for what is dead; once it starts nothing new it is left behind, and ends with this process.
  for (let calm = 0; !over && calm < 10; calm = killChildren() > 0 ? 0 : calm + 1) await Promise.race([settle, sleep(50)]);
  return null;
}
