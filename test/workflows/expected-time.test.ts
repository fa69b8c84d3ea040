import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { attributes } from '../../worker/attributes.ts';
import type { Foretold, SystemState } from '../../workflows/wire.ts';
import { asked, choose, gate, header, step, theStage, until, type Play, type Stage } from './stage.ts';
import { ending, entries, named, scene } from './scene.ts';

describe('how long a run is to take', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));

  const forecast: Foretold = {
    ...{ runs: 6, median: 42_000, from: 30_000, until: 60_000, longest: null, unmeasured: [], helps: [] },
    ...{ mode: 'unplanned', text: 'about 42 s, nine of ten between 30 s and 1 min' },
  };
  const steps = [gate('cut-over'), step('bad', ['cut-over'], { uses: 't.bad' }), step('promote', ['bad'], { promotes: true })];
  const script: NonNullable<Play['script']> = {
    't.go.execute': () => ({ outputs: { bytes: 4_096 } }),
    't.bad.execute': (_, attempt) => {
      if (attempt === 1) throw new Error('the disk is full');
    },
  };
  const told = (play: Play, one: Foretold | undefined): Play => ({
    ...play,
    run: {
      'run.compile': async ({ system }) => ({
        plan: header(named(play, system)),
        ...{ steps: play.steps, evidence: [], attributes, epoch: 0 },
        ...(one === undefined ? {} : { forecast: one }),
      }),
    },
  });

  it('is told at the gate and in the journal, and what it took is remembered without the time that people took', () =>
    scene(theatre, told({ steps, script }, forecast), async (handle, system) => {
      const question = await asked(handle, 'cut-over');
      const fact = question.facts.find(({ label }) => label === 'expected time');
      assert.match(fact!.value, /^about 42 s, nine of ten between 30 s and 1 min\. What people are waited for comes on top$/u);
      await choose(handle, question, 'approve', 'alice');
      const failed = await asked(handle, 'bad');
      await setTimeout(1_500);
      await choose(handle, failed, 'retry', 'alice');
      await ending(handle);
      assert.deepEqual((await entries(handle, 'compiled'))[0]?.forecast, forecast);
      const state = await until(
        async () => (await theatre.client.workflow.getHandle(`system-${system}`).query<SystemState>('state')).measured?.['play'],
        'what it took',
      );
      const { durations, bytes } = state[0]!;
      assert.ok(durations['bad']! < 1_000, `${durations['bad']} ms`);
      assert.deepEqual([Object.keys(durations).toSorted(), bytes], [['bad', 'promote'], { promote: 4_096 }]);
    }));

  it('is not told of another mode, nor where nobody knew', async () => {
    for (const one of [undefined, { ...forecast, mode: 'planned' } as const])
      await scene(theatre, told({ steps, script }, one), async (handle) => {
        const { facts } = await asked(handle, 'cut-over');
        assert.equal(
          facts.find(({ label }) => label === 'expected time'),
          undefined,
        );
      });
  });
});
