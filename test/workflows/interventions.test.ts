import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { StepError } from '../../activities/error.ts';
import { failure } from '../../worker/failure.ts';
import { asked, choose, stateOf, step, theStage, until, type Play, type Stage } from './stage.ts';
import { decisions, ending, entries, scene } from './scene.ts';

describe('a step that fails', () => {
  let theatre: Stage;
  let tries: number;
  before(async () => (theatre = await theStage()));
  beforeEach(() => (tries = 0));

  const play = (execute: () => void = broken, more: NonNullable<Play['script']> = {}): Play => ({
    steps: [step('a', [], { uses: 't.a' }), step('promote', ['a'], { promotes: true })],
    script: { 't.a.execute': () => execute(), 't.go.execute': () => undefined, ...more },
  });
  const broken = (): void => {
    tries += 1;
    throw new Error('the disk is full');
  };

  it('waits for people, says what is wrong, and is tried again when they say so', () => {
    const twice = (): void => {
      if ((tries += 1) === 1) throw new Error('the disk is full');
    };
    return scene(theatre, play(twice), async (handle) => {
      const question = await asked(handle, 'a');
      assert.equal(question.kind, 'intervention');
      assert.equal(question.facts[0]?.value, 'the disk is full');
      assert.equal((await stateOf(handle)).state, 'waiting for intervention');
      await choose(handle, question, 'retry', 'alice');
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      assert.equal(tries, 2);
    });
  });

  it('is skipped for a reason only: an empty one is visibly refused, and the run names what it did not prove', () =>
    scene(theatre, play(), async (handle) => {
      const question = await asked(handle, 'a');
      await choose(handle, question, 'skip', 'alice');
      await choose(handle, question, 'skip', 'alice', '  ');
      await until(async () => (await decisions(handle)).length === 2, 'both are refused');
      assert.ok((await decisions(handle)).every(([, counts, note]) => !counts && note === 'a reason is needed for "skip"'));
      assert.match(
        (await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails,
        /a reason is needed for "skip"/u,
      );
      await choose(handle, question, 'skip', 'alice', 'known fault');
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      assert.deepEqual(
        (await entries(handle, 'not-proven')).map(({ step, why }) => [step, why]),
        [['a', 'skipped: known fault']],
      );
    }));

  it('counts as done by hand only when the world shows it', () => {
    let looks = 0;
    const verify = (): { outputs: { at: string } } => {
      if ((looks += 1) === 1) throw new Error('nothing is there');
      return { outputs: { at: 'b-db' } };
    };
    return scene(theatre, play(broken, { 't.a.verify': verify }), async (handle) => {
      await choose(handle, await asked(handle, 'a'), 'done', 'alice', 'by my own hand');
      const again = await asked(handle, 'a', 2);
      assert.match(again.facts[0]?.value ?? '', /it is not as if it were done: nothing is there/u);
      await choose(handle, again, 'done', 'alice', 'now really');
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      const done = (await entries(handle, 'done')).find((entry) => entry.step === 'a');
      assert.deepEqual([done?.byHand, done?.outputs], [true, { at: 'b-db' }]);
      assert.equal(tries, 1);
    });
  });

  it('ends the run where people abort it, which says who serves, and undoes nothing', () =>
    scene(
      theatre,
      play(),
      async (handle) => {
        await choose(handle, await asked(handle, 'a'), 'abort', 'alice');
        const { verdict, why, status } = await ending(handle);
        assert.deepEqual([verdict, status], ['aborted', 'failed']);
        assert.match(why, /^a failed: the disk is full\. site-a serves play\d+ now\.$/u);
      },
      { mode: 'planned' },
    ));

  it('is tried in its other acceptable ways in turn before anybody is asked', () => {
    const ways: string[] = [];
    const way = (name: string, works: boolean) => (): void => {
      ways.push(name);
      if (!works) throw new Error(`${name} does not work`);
    };
    const fence = step(
      'a',
      [],
      { uses: 't.first' },
      { else: [step('a', [], { uses: 't.second' }).action, step('a', [], { uses: 't.third' }).action] },
    );
    const script = {
      't.first.execute': way('first', false),
      't.second.execute': way('second', false),
      't.third.execute': way('third', true),
      't.go.execute': () => undefined,
    };
    return scene(theatre, { steps: [fence, step('promote', ['a'], { promotes: true })], script }, async (handle) => {
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      assert.deepEqual(ways, ['first', 'second', 'third']);
      assert.deepEqual(
        (await entries(handle, 'failed')).map(({ uses, problem }) => [uses, problem]),
        [
          ['t.first', 'first does not work'],
          ['t.second', 'second does not work'],
        ],
      );
    });
  });

  it('is tried as often as its runbook says', () =>
    scene(theatre, { ...play(), steps: [step('a', [], { uses: 't.a', retry: { times: 2, wait: 10 } })] }, async (handle) => {
      await asked(handle, 'a');
      assert.equal(tries, 3);
    }));

  it('for a reason that only a person can remove burns no retries', () => {
    const needs = (): void => {
      tries += 1;
      throw failure(new StepError('quota', 'the quota is used up', 'person'), false);
    };
    return scene(theatre, { ...play(needs), steps: [step('a', [], { uses: 't.a', retry: { times: 5, wait: 10 } })] }, async (handle) => {
      assert.equal((await asked(handle, 'a')).facts[0]?.value, 'the quota is used up');
      assert.equal(tries, 1);
      assert.equal((await entries(handle, 'failed'))[0]?.code, 'quota');
    });
  });

  it('does not hold up those beside it, and each is asked about on its own', () => {
    const counts: Record<string, number> = {};
    const once = ({ step: { id } }: { step: { id: string } }): void => {
      counts[id] = (counts[id] ?? 0) + 1;
      if (['a', 'b'].includes(id) && counts[id] === 1) throw ApplicationFailure.nonRetryable(`${id} is broken`, 'broken');
    };
    const steps = [step('a'), step('b'), step('c'), step('d', ['a', 'b', 'c'], { promotes: true })];
    return scene(theatre, { steps, script: { 't.go.execute': once } }, async (handle) => {
      const [a, b] = [await asked(handle, 'a'), await asked(handle, 'b')];
      await until(async () => counts['c'] === 1, 'c is done');
      await choose(handle, b, 'retry', 'alice');
      await until(async () => counts['b'] === 2, 'b is tried again');
      assert.equal(counts['a'], 1);
      assert.equal((await stateOf(handle)).state, 'waiting for intervention');
      await choose(handle, a, 'retry', 'bob');
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      assert.deepEqual(counts, { a: 2, b: 2, c: 1, d: 1 });
    });
  });

  it('whose id is that of another with a number behind it does not hang the run', () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const script = {
      't.a.execute': () => ((tries += 1) === 1 ? Promise.reject(new Error('once')) : undefined),
      't.slow.execute': () => held,
      't.go.execute': () => undefined,
    };
    const steps = [
      step('a', [], { uses: 't.a' }),
      step('a-2', [], { uses: 't.slow' }),
      step('1', [], { uses: 't.slow' }),
      step('p', ['a', 'a-2', '1'], { promotes: true }),
    ];
    return scene(theatre, { steps, script }, async (handle) => {
      await choose(handle, await asked(handle, 'a'), 'retry', 'alice');
      await until(async () => tries === 2, 'a is tried again while a-2 runs');
      release();
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
    });
  });

  it('as a task of people asks them first, and fails in their words when they cannot', () => {
    const asks = { question: 'Pull the plug of a-db', people: 2, approvers: ['leads'] };
    let said: readonly string[] = [];
    const script = {
      't.manual.execute': ({ stated }: { stated: readonly { by: string }[] }) => void (said = stated.map(({ by }) => by)),
      't.go.execute': () => undefined,
    };
    return scene(
      theatre,
      { steps: [step('plug', [], { uses: 't.manual', asks }), step('p', ['plug'], { promotes: true })], script },
      async (handle) => {
        await choose(handle, await asked(handle, 'plug'), 'refuse', 'alice', 'no key');
        const failed = await asked(handle, 'plug', 2);
        assert.match(failed.facts[0]?.value ?? '', /^alice said that it cannot be done: no key$/u);
        await choose(handle, failed, 'retry', 'alice');
        const again = await asked(handle, 'plug', 3);
        await choose(handle, again, 'done', 'alice');
        await until(async () => (await stateOf(handle)).questions[0]?.have.length === 1, 'one has said so');
        assert.deepEqual(said, []);
        await choose(handle, again, 'done', 'bob');
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
        assert.deepEqual(said, ['alice', 'bob']);
      },
    );
  });
});
