import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { asked, choose, stateOf, step, theStage, until, type Play, type Stage } from './stage.ts';
import { ending, entries, scene } from './scene.ts';

describe('a run that backs out', () => {
  let theatre: Stage;
  let undone: string[];
  before(async () => (theatre = await theStage()));
  beforeEach(() => (undone = []));

  const held = (signal: AbortSignal): Promise<void> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true }));
  const script: NonNullable<Play['script']> = {
    't.go.execute': () => undefined,
    't.go.undo': ({ step: { id } }) => {
      undone.push(id);
      return { evidence: [`${id} is as before`] };
    },
    't.broken.execute': () => Promise.reject(new Error('no')),
    't.held.execute': (_, __, signal) => held(signal),
  };
  const change = { undo: true };
  const stopsSource = { undo: true, outage: true };

  it('undoes what was begun, newest first, leaves alone what only read, and the source serves again', () =>
    scene(
      theatre,
      {
        steps: [
          step('a', [], change),
          step('look', ['a'], { effect: 'read', undo: true }),
          step('b', ['look'], stopsSource),
          step('c', ['b'], { ...change, uses: 't.broken' }),
          step('never', ['c'], change),
        ],
        script: { ...script, 't.broken.undo': ({ step: { id } }) => void undone.push(id) },
      },
      async (handle) => {
        await choose(handle, await asked(handle, 'c'), 'back-out', 'alice');
        const { verdict, why } = await ending(handle);
        assert.equal(verdict, 'backed out');
        assert.match(why, /^c failed: no\. site-a serves play\d+ now\.$/u);
        assert.deepEqual(undone, ['c', 'b', 'a']);
        assert.deepEqual(
          (await entries(handle, 'undone')).map(({ step }) => step),
          ['c', 'b', 'a'],
        );
      },
      { mode: 'planned' },
    ));

  it('asks about a step that cannot be undone, and shows meanwhile and afterwards that it is backing out', () => {
    let tries = 0;
    const flaky = {
      ...script,
      't.flaky.execute': () => undefined,
      't.flaky.undo': () => ((tries += 1) < 3 ? Promise.reject(new Error('stuck')) : undefined),
    };
    return scene(
      theatre,
      {
        steps: [
          step('a', [], { ...change, uses: 't.held' }),
          step('b', [], { ...change, uses: 't.flaky' }),
          step('c', ['b'], { ...change, uses: 't.broken' }),
        ],
        script: { ...flaky, 't.held.undo': (_, __, signal) => held(signal), 't.broken.undo': () => undefined },
      },
      async (handle) => {
        await choose(handle, await asked(handle, 'c'), 'back-out', 'alice');
        await choose(handle, await asked(handle, 'undo-b'), 'retry', 'alice');
        await choose(handle, await asked(handle, 'undo-b', 2), 'skip', 'alice', 'by hand tomorrow');
        await until(async () => (await stateOf(handle)).state === 'backing out', 'it is backing out again');
      },
      { mode: 'planned' },
    );
  });

  it('because its outage limit is over does so by itself, and the step under way is stopped first', () => {
    let stopped = false;
    const hold = {
      ...script,
      't.held.execute': (_: unknown, __: unknown, signal: AbortSignal) => held(signal).finally(() => (stopped = true)),
    };
    return scene(
      theatre,
      {
        header: { objectives: { outage: 400 } },
        steps: [
          step('quiesce', [], stopsSource),
          step('promote', ['quiesce'], { ...change, uses: 't.held', promotes: true, commits: true }),
        ],
        script: { ...hold, 't.held.undo': () => void undone.push(`promote, stopped: ${stopped}`) },
      },
      async (handle) => {
        const { verdict, why } = await ending(handle);
        assert.equal(verdict, 'backed out');
        assert.match(why, /^not promoted within the outage limit of 0\.4 s\. site-a serves/u);
        assert.deepEqual(undone, ['promote, stopped: true', 'quiesce']);
      },
      { mode: 'planned' },
    );
  });

  it('does not do so by itself in an unplanned run', () =>
    scene(
      theatre,
      {
        header: { objectives: { outage: 200 } },
        steps: [step('fence', [], stopsSource), step('promote', ['fence'], { uses: 't.slow', promotes: true })],
        script: { ...script, 't.slow.execute': () => new Promise((resolve) => setTimeout(resolve, 900)) },
      },
      async (handle) => {
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
        assert.deepEqual(undone, []);
      },
    ));

  for (const [sentence, tries, last] of [
    ['and finds that it has promoted goes forward instead: nothing else is undone', 1, undefined],
    ['while a promotion ends well all the same goes forward instead', 0, 'late'],
  ] as const) {
    it(sentence, () => {
      let executed = 0;
      const promoting: NonNullable<Play['script']> = {
        ...script,
        't.promote.execute': (_, attempt, signal) => {
          executed += 1;
          if (attempt > 1) return undefined;
          return last === 'late' ? held(signal).catch(() => undefined) : held(signal);
        },
        't.promote.undo': () => Promise.reject(ApplicationFailure.nonRetryable('b-db takes writes', 'promoted')),
      };
      return scene(
        theatre,
        {
          header: { objectives: { outage: 400 } },
          steps: [
            step('quiesce', [], stopsSource),
            step('promote', ['quiesce'], { ...change, uses: 't.promote', promotes: true, commits: true }),
            step('tell', ['promote']),
          ],
          script: promoting,
        },
        async (handle) => {
          const { verdict } = await ending(handle);
          assert.equal(verdict, 'recovered, unprotected');
          assert.deepEqual(undone, []);
          assert.equal(executed, 1 + tries);
          const done = (await entries(handle, 'done')).map(({ step }) => step);
          assert.deepEqual(done, ['quiesce', 'promote', 'tell']);
          assert.ok(
            (await entries(handle, 'serving')).some(({ site, note }) => site === 'site-b' && note.includes('the only way is forward')),
          );
        },
        { mode: 'planned' },
      );
    });
  }

  it('and finds that it has promoted knows who serves although the source is stopped once more, and people end it there', () => {
    const promoting: NonNullable<Play['script']> = {
      ...script,
      't.promote.execute': (_, attempt, signal) =>
        attempt > 1 ? Promise.reject(ApplicationFailure.nonRetryable('no answer', 'ssh-unreachable')) : held(signal),
      't.promote.undo': () => Promise.reject(ApplicationFailure.nonRetryable('b-db takes writes', 'promoted')),
    };
    return scene(
      theatre,
      {
        header: { objectives: { outage: 400 } },
        steps: [
          step('quiesce', [], stopsSource),
          step('promote', ['quiesce'], { ...change, uses: 't.promote', promotes: true, commits: true }, { proofs: ['quiesce'] }),
        ],
        script: promoting,
      },
      async (handle) => {
        await choose(handle, await asked(handle, 'promote'), 'retry', 'alice');
        await choose(handle, await asked(handle, 'promote', 2), 'abort', 'alice');
        const { verdict, why } = await ending(handle);
        const begun = (await entries(handle, 'begun')).map((one) => one.step);
        assert.deepEqual([verdict, begun], ['aborted', ['quiesce', 'promote', 'promote', 'quiesce', 'promote']]);
        assert.match(why, /site-b serves/u);
      },
      { mode: 'planned' },
    );
  });

  it('and is cancelled while it asks says what it has not undone, and who serves', () =>
    scene(
      theatre,
      {
        steps: [step('quiesce', [], { ...stopsSource, uses: 't.stuck' }), step('c', ['quiesce'], { uses: 't.broken' })],
        script: { ...script, 't.stuck.execute': () => undefined, 't.stuck.undo': () => Promise.reject(new Error('stuck')) },
      },
      async (handle) => {
        await choose(handle, await asked(handle, 'c'), 'back-out', 'alice');
        await asked(handle, 'undo-quiesce');
        await handle.cancel();
        const { verdict, why } = await ending(handle);
        assert.equal(verdict, 'failed');
        assert.match(why, /^c failed: no; backing out: cancelled while quiesce could not be undone\. No site is known to serve/u);
      },
      { mode: 'planned' },
    ));
});
