import assert from 'node:assert/strict';
import type { Facts } from '../../workflows/wire.ts';
import { asked, calm, choose, gate, stateOf, step, theStage, type Play, type Stage } from './stage.ts';
import { ending, entries, scene } from './scene.ts';

describe('the mode of a run', () => {
  let theatre: Stage;
  let order: string[];
  before(async () => (theatre = await theStage()));
  beforeEach(() => (order = []));

  const steps = [
    gate('cut-over'),
    step('quiesce', ['cut-over'], { uses: 't.quiesce', outage: true, undo: true }, { only: 'planned' }),
    step('settle', ['quiesce'], {}, { only: 'planned' }),
    step('fence', ['cut-over'], { commits: true }, { only: 'unplanned' }),
    step('promote', ['settle', 'fence'], { promotes: true, commits: true }),
  ];
  const play = (more: Partial<Play> = {}): Play => ({
    steps,
    ...more,
    script: {
      't.go.execute': ({ step: { id } }) => void order.push(id),
      't.quiesce.execute': ({ step: { id } }) => void order.push(id),
      't.quiesce.undo': () => ({ evidence: ['started again'] }),
      ...more.script,
    },
  });

  for (const [mode, expected, left] of [
    ['planned', ['quiesce', 'settle', 'promote'], ['fence']],
    ['unplanned', ['fence', 'promote'], ['quiesce', 'settle']],
  ] as const) {
    it(`${mode} leaves out the steps of the other, and those that need them go on when what these need is done`, () =>
      scene(
        theatre,
        play(),
        async (handle) => {
          const question = await asked(handle, 'cut-over');
          assert.deepEqual(order, []);
          await choose(handle, question, 'approve', 'alice');
          assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
          assert.deepEqual(order, expected);
          const { steps: seen } = await stateOf(handle);
          assert.deepEqual(
            seen.filter(({ state }) => state === 'left out').map(({ id }) => id),
            left,
          );
        },
        { mode },
      ));
  }

  it('is switched to unplanned at a failed step: the gate is asked again, and the other path is taken', () => {
    const script = { 't.quiesce.execute': () => Promise.reject(new Error('the primary is gone')) };
    return scene(
      theatre,
      play({ script }),
      async (handle) => {
        await choose(handle, await asked(handle, 'cut-over'), 'approve', 'alice');
        await choose(handle, await asked(handle, 'quiesce'), 'unplanned', 'bob');
        const again = await asked(handle, 'cut-over', 2);
        assert.match(again.choices[0]!.signal, /about 8 kB lost #2$/u);
        assert.deepEqual(order, []);
        await choose(handle, again, 'approve', 'alice');
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
        assert.deepEqual(order, ['fence', 'promote']);
        assert.deepEqual(
          (await entries(handle, 'mode')).map(({ mode, by }) => [mode, by]),
          [['unplanned', 'bob']],
        );
      },
      { mode: 'planned' },
    );
  });

  it('when switched withdraws what was asked for the other, at gates and at steps', () => {
    const script = {
      't.quiesce.execute': () => Promise.reject(new Error('gone')),
      't.other.execute': () => Promise.reject(new Error('gone too')),
    };
    const more = [...steps, step('other', [], { uses: 't.other' }, { only: 'planned' }), gate('tell')];
    return scene(
      theatre,
      play({ script, steps: more }),
      async (handle) => {
        await choose(handle, await asked(handle, 'cut-over'), 'approve', 'alice');
        await asked(handle, 'other');
        await asked(handle, 'tell');
        await choose(handle, await asked(handle, 'quiesce'), 'unplanned', 'bob');
        await choose(handle, await asked(handle, 'cut-over', 2), 'approve', 'alice');
        await choose(handle, await asked(handle, 'tell', 2), 'approve', 'alice');
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
        assert.deepEqual(order, ['fence', 'promote']);
      },
      { mode: 'planned' },
    );
  });

  it('is offered to become planned where the probe sees the source alive', () => {
    const alive: Facts = { ...calm, viewpoints: [...calm.viewpoints, { name: 'probe', sees: 'alive', text: 'markers' }] };
    return scene(theatre, play({ run: { 'run.facts': async () => alive } }), async (handle) => {
      const question = await asked(handle, 'cut-over');
      for (const person of ['alice', 'bob']) await choose(handle, question, 'planned', person);
      const again = await asked(handle, 'cut-over', 2);
      assert.deepEqual(
        again.choices.map(({ choice }) => choice),
        ['approve', 'refuse'],
      );
      await choose(handle, again, 'approve', 'alice');
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      assert.deepEqual(order, ['quiesce', 'settle', 'promote']);
    });
  });

  it('is not offered to be switched once there is no way back', () => {
    const script = {
      't.go.execute': ({ step: { id } }: { step: { id: string } }) => (id === 'promote' ? Promise.reject(new Error('no')) : undefined),
    };
    return scene(theatre, play({ script }), async (handle) => {
      await choose(handle, await asked(handle, 'cut-over'), 'approve', 'alice');
      const { choices } = await asked(handle, 'promote');
      assert.deepEqual(
        choices.map(({ choice }) => choice),
        ['retry', 'skip', 'done', 'abort'],
      );
    });
  });
});
