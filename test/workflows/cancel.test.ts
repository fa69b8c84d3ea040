import assert from 'node:assert/strict';
import { asked, cast, gate, nextSystem, start, stateOf, step, theStage, until, type Handle, type Stage } from './stage.ts';
import { ending, entries, named, scene } from './scene.ts';
import { controlQueue } from '../../workflows/wire.ts';

describe('a run that is cancelled', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));

  it('stops the step under way at its next safe point, begins no other, and says who serves', () => {
    const seen: string[] = [];
    const script = {
      't.go.execute': async (_: unknown, __: unknown, signal: AbortSignal) => {
        seen.push('begun');
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        seen.push('told');
        // Its safe point: the run must not end before.
        await new Promise((resolve) => setTimeout(resolve, 300));
        seen.push('at rest');
        signal.throwIfAborted();
      },
      't.next.execute': () => void seen.push('next'),
    };
    return scene(
      theatre,
      { steps: [step('a'), step('b', ['a'], { uses: 't.next' })], script },
      async (handle) => {
        await until(async () => seen.length === 1, 'the step is under way');
        await handle.cancel();
        const { status } = await ending(handle);
        assert.equal(status, 'cancelled');
        assert.match((await stateOf(handle)).why, /^cancelled\. site-a serves play\d+ now\.$/u);
        assert.deepEqual(seen, ['begun', 'told', 'at rest']);
        assert.equal((await handle.describe()).status.name, 'CANCELLED');
        assert.deepEqual(
          (await entries(handle, 'ended')).map(({ verdict }) => verdict),
          ['cancelled'],
        );
      },
      { mode: 'planned' },
    );
  });

  it('while a gate waits closes the gate and ends', () =>
    scene(theatre, { steps: [gate('cut-over'), step('b', ['cut-over'])], script: { 't.go.execute': () => undefined } }, async (handle) => {
      await asked(handle, 'cut-over');
      await handle.cancel();
      assert.equal((await ending(handle)).status, 'cancelled');
      assert.deepEqual((await stateOf(handle)).questions, []);
    }));

  it('while people are asked about a failed step closes the question and ends', () =>
    scene(theatre, { steps: [step('a')], script: { 't.go.execute': () => Promise.reject(new Error('no')) } }, async (handle) => {
      await asked(handle, 'a');
      await handle.cancel();
      assert.equal((await ending(handle)).status, 'cancelled');
      assert.deepEqual((await stateOf(handle)).questions, []);
    }));

  for (const phase of ['run.compile', 'run.preflight'] as const) {
    it(`during ${phase} does not wait for it`, async () => {
      let begun = false;
      let release = (): void => undefined;
      const held = new Promise<never>((_, reject) => {
        release = () => reject(new Error('the scene is over'));
        // Its worker must be able to go, also where the test fails.
        setTimeout(release, 15_000).unref();
      });
      const slow = {
        [phase]: async () => {
          begun = true;
          return held;
        },
      };
      await scene(theatre, { steps: [step('a')], run: slow }, async (handle) => {
        await until(async () => begun, `${phase} is under way`);
        const from = Date.now();
        await handle.cancel();
        assert.equal((await ending(handle)).status, 'cancelled');
        assert.ok(Date.now() - from < 3_000, `${Date.now() - from} ms`);
        release();
      });
    });
  }

  it('gives the system back', () =>
    scene(theatre, { steps: [gate('cut-over')] }, async (handle, system) => {
      await asked(handle, 'cut-over');
      await handle.cancel();
      await ending(handle);
      assert.equal(await holder(theatre, system), null);
    }));

  it('while no worker runs ends when one is there again', async () => {
    const system = nextSystem();
    const play = named({ steps: [gate('cut-over')] }, system);
    const handle: Handle = await (
      await cast(theatre, play)
    ).run(async () => {
      const begun = await start(theatre, system);
      await asked(begun, 'cut-over');
      return begun;
    });
    await handle.cancel();
    await (
      await cast(theatre, { ...play, queues: [controlQueue] })
    ).run(async () => {
      assert.equal((await ending(handle)).status, 'cancelled');
    });
  });
});

async function holder(theatre: Stage, system: string): Promise<unknown> {
  return (await theatre.client.workflow.getHandle(`system-${system}`).query<{ holder: unknown }>('state')).holder;
}
