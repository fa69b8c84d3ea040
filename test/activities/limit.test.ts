import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { limited } from '../../activities/limit.ts';

describe('a signal with a limit', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  /** What waits for a signal, and holds nothing else of it. */
  const aborted = (signal: AbortSignal): Promise<unknown> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }));

  it('keeps its limit though garbage is collected', async () => {
    const { signal } = new AbortController();
    const waits = aborted(limited(signal, 50));
    for (let times = 0; times < 5; times += 1) {
      collect();
      await sleep(1);
    }
    const timer = new AbortController();
    const reason = await Promise.race([waits, sleep(5_000, 'never', { signal: timer.signal })]);
    timer.abort();
    assert.equal((reason as Error).name, 'TimeoutError');
  });

  it('ends with the signal that it goes along with, also where that has a limit of its own', async () => {
    const outer = new AbortController();
    const waits = aborted(limited(limited(outer.signal, 60_000), 60_000));
    collect();
    outer.abort('over');
    assert.equal(await waits, 'over');
  });
});
