import { random } from '../plan/estimate/random.ts';

interface Timer {
  readonly act: () => void;
  readonly every?: number;
  at: number;
}

/**
 * Runs code in a time of its own, which jumps from timer to timer: hours pass in seconds, and chance is drawn by seed. The code sees it
 * by `setTimeout`, `setInterval`, `Date.now` and `Math.random`; it MUST do nothing that takes real time.
 */
export async function simulated<T>(seed: number, work: () => Promise<T>): Promise<T> {
  const real = { setTimeout, clearTimeout, setInterval, clearInterval, now: Date.now, random: Math.random };
  const timers = new Set<Timer>();
  let now = 0;
  const put = (act: () => void, after: number, every?: number): Timer => {
    const timer = { act, at: now + Math.max(0, after), ...(every === undefined ? {} : { every }) };
    timers.add(timer);
    return timer;
  };
  const drop = (timer: unknown): void => void timers.delete(timer as Timer);
  Object.assign(globalThis, {
    setTimeout: (act: () => void, after = 0) => put(act, after),
    setInterval: (act: () => void, every: number) => put(act, every, every),
    clearTimeout: drop,
    clearInterval: drop,
  });
  Date.now = () => now;
  Math.random = random(seed);
  try {
    let ended = false;
    const result = work().finally(() => (ended = true));
    result.catch(() => undefined);
    for (;;) {
      // Until nothing is left to do at this time.
      await new Promise((resolve) => setImmediate(resolve));
      if (ended) return await result;
      let next: Timer | undefined;
      for (const timer of timers) if (next === undefined || timer.at < next.at) next = timer;
      if (next === undefined) throw new Error('nothing is left that could go on');
      now = next.at;
      if (next.every === undefined) timers.delete(next);
      else next.at += next.every;
      next.act();
    }
  } finally {
    const { now: clock, random, ...rest } = real;
    Object.assign(globalThis, rest);
    Date.now = clock;
    Math.random = random;
  }
}
