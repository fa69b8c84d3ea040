import assert from 'node:assert/strict';
import { controlQueue, siteQueue } from '../../workflows/wire.ts';
import { asked, choose, stateOf, step, theStage, until, type Play, type Stage } from './stage.ts';
import { ending, entries, scene } from './scene.ts';

describe('a step whose worker is lost', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));

  it('is handed over to the next worker, and done once more without anybody being asked', () => {
    let tries = 0;
    let release = (): void => undefined;
    const silence = new Promise<void>((resolve) => (release = resolve));
    // Without a pulse, as in a process that was killed or frozen.
    const silent = {
      't.silent.execute': async () => ((tries += 1) === 1 ? (await silence, {}) : { outputs: {}, evidence: ['done by the next'] }),
    };
    return scene(
      theatre,
      {
        steps: [step('a', [], { uses: 't.silent' }), step('p', ['a'], { promotes: true })],
        run: silent as Play['run'] & object,
        script: { 't.go.execute': () => undefined },
      },
      async (handle) => {
        const handed = until(async () => (await stateOf(handle)).steps[0]?.note.includes('vanished; handed over'), 'it says so').finally(
          () => release(),
        );
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
        await handed.catch(() => undefined);
        assert.equal(tries, 2);
        assert.deepEqual(await entries(handle, 'failed'), []);
      },
    );
  });

  it('for a site that has none fails as what it is, after its preflight has said so, and people are asked', () =>
    scene(theatre, { queues: [controlQueue, siteQueue('site-b')], steps: [step('a', [], { at: 'site-nowhere' })] }, async (handle) => {
      const before = await until(async () => asked(handle, 'preflight').catch(() => null), 'its preflight says so', 20_000);
      assert.match(before.facts[0]?.value ?? '', /no worker at site-nowhere/u);
      await choose(handle, before, 'skip', 'alice', 'one is on its way');
      const question = await asked(handle, 'a');
      assert.match(question.facts[0]?.value ?? '', /^no worker at site-nowhere: start one there/u);
      assert.equal((await entries(handle, 'failed'))[0]?.code, 'no-worker');
    }));

  it('waits its turn where the site is only busy', () => {
    let release = (): void => undefined;
    const busy = new Promise<void>((resolve) => (release = resolve));
    let taken = 0;
    // Whichever of the two is handed out first keeps the only slot.
    const script = { 't.go.execute': () => ((taken += 1) === 1 ? busy : undefined) };
    const steps = [step('a', [], { timeout: 60_000 }), step('b', [], { timeout: 60_000 })];
    return scene(theatre, { slots: 1, steps, script }, async (handle) => {
      const noted = until(
        async () => (await stateOf(handle)).steps.some(({ note }) => note === 'site-b is behind; queued again'),
        'it says that the site is behind',
      );
      await noted.finally(() => release());
      assert.equal((await ending(handle)).verdict, 'failed');
      assert.deepEqual((await entries(handle, 'done')).map((entry) => entry.step).toSorted(), ['a', 'b']);
      assert.deepEqual(await entries(handle, 'failed'), []);
    });
  });
});
