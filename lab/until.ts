import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until it holds; throws, saying what was waited for, after `within` milliseconds. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, within = 30_000): Promise<void> {
  for (const deadline = Date.now() + within; !(await holds()); await sleep(15)) {
    if (Date.now() > deadline) throw new Error(`Waited ${within / 1000} s for ${what}.`);
  }
}
