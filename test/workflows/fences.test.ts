import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import type { Proof } from '../../activities/step.ts';
import type { BorrowAnswer, ReturnInput, StepCall } from '../../workflows/wire.ts';
import { givenBack } from '../../workflows/system/give-back.ts';
import { asked, choose, gate, step, theStage, type Play, type Stage } from './stage.ts';
import { ending, entries, scene } from './scene.ts';

describe('a fence in the cloud', () => {
  let theatre: Stage;
  let returned: ReturnInput[];
  before(async () => (theatre = await theStage()));
  beforeEach(() => (returned = []));

  const proof = (by: string, given: object = {}, at = '2026-11-22T10:00:00.000Z'): Proof => ({
    kind: 'fence',
    by,
    host: 'east/shop-db',
    at,
    with: { site: 'east', id: 'shop-db', ...given },
    evidence: [],
    latched: 'yes',
  });
  const pending = proof('fence.pending', { uses: 't.isolate' });
  /** In place of the system's workflow: these fences stand, and what is given back is kept. */
  const lent = (fenced: readonly string[] = []): NonNullable<Play['run']> => ({
    'run.borrow': async (): Promise<BorrowAnswer> => ({ granted: true, epoch: 1, note: '', fenced }),
    'run.return': async (input) => void returned.push(input),
  });
  const refuse = (code: string): never => {
    throw ApplicationFailure.nonRetryable('it cannot be done', code);
  };
  const fence = (more: Partial<Parameters<typeof step>[2]> = {}) =>
    step(
      'fence',
      [],
      { uses: 't.isolate', provides: ['fence'], ...more },
      { else: [step('x', [], { uses: 't.pending', provides: ['fence'] }).action] },
    );

  it('keeps what it stands against from being promoted, by its site and id, also where they are found late', () =>
    scene(
      theatre,
      {
        steps: [
          step('find', [], { uses: 't.find' }),
          step('promote', ['find'], { promotes: true, with: { site: 'east', id: { $ref: ['steps', 'find', 'outputs', 'id'] } } }),
        ],
        script: { 't.find.execute': () => ({ outputs: { id: 'shop-db' } }), 't.go.execute': () => undefined },
        run: lent(['east/shop-db']),
      },
      async (handle) => {
        const question = await asked(handle, 'promote');
        assert.match(question.facts[0]!.value, /a fence stands on east\/shop-db/u);
        await choose(handle, question, 'abort', 'alice');
        await ending(handle);
        assert.deepEqual(
          (await entries(handle, 'failed')).map(({ code }) => code),
          ['fenced'],
        );
      },
    ));

  it('does not keep what another site has under that name from being promoted', () =>
    scene(
      theatre,
      {
        steps: [step('promote', [], { promotes: true, with: { site: 'west', id: 'shop-db' } })],
        script: { 't.go.execute': () => undefined },
        run: lent(['east/shop-db']),
      },
      async (handle) => assert.equal((await ending(handle)).verdict, 'recovered, unprotected'),
    ));

  it('that was only owed is made properly as soon as people try the promotion again', () => {
    let isolations = 0;
    let handed: readonly Proof[] = [];
    const promote = (call: StepCall): void => {
      handed = call.proofs;
      if (handed[0]?.by === 'fence.pending') refuse('api-answers');
    };
    return scene(
      theatre,
      {
        steps: [fence(), step('promote', ['fence'], { promotes: true }, { proofs: ['fence'] })],
        script: {
          't.isolate.execute': () => ((isolations += 1) === 1 ? refuse('aws-unreachable') : { proofs: [proof('t.isolate')] }),
          't.pending.execute': () => ({ proofs: [pending] }),
          't.go.execute': promote,
        },
        run: lent(),
      },
      async (handle) => {
        await choose(handle, await asked(handle, 'promote'), 'retry', 'alice');
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
        assert.deepEqual([isolations, handed[0]?.by], [2, 't.isolate']);
        assert.deepEqual(
          returned[0]?.fences.map(({ by }) => by),
          ['t.isolate'],
        );
      },
    );
  });

  it('that is owed stands once the target was promoted, and not where nothing was', async () => {
    const script = {
      't.isolate.execute': () => refuse('aws-unreachable'),
      't.pending.execute': () => ({ proofs: [pending] }),
      't.go.execute': () => undefined,
    };
    const play = (last: Play['steps'][number]): Play => ({ steps: [fence(), last], script, run: lent() });
    await scene(theatre, play(step('promote', ['fence'], { promotes: true })), (handle) => ending(handle));
    await scene(theatre, play(gate('cut-over', ['fence'])), async (handle) => {
      await choose(handle, await asked(handle, 'cut-over'), 'refuse', 'alice');
      await ending(handle);
    });
    assert.deepEqual(
      returned.map(({ fences }) => fences.map(({ by }) => by)),
      [['fence.pending'], []],
    );
  });

  it('that was undone stands no longer', () =>
    scene(
      theatre,
      {
        steps: [fence({ undo: true }), gate('cut-over', ['fence'])],
        script: { 't.isolate.execute': () => ({ proofs: [proof('t.isolate')] }), 't.isolate.undo': () => undefined },
        run: lent(),
      },
      async (handle) => {
        await choose(handle, await asked(handle, 'cut-over'), 'refuse', 'alice');
        await ending(handle);
        assert.deepEqual(returned[0]?.fences, []);
      },
    ));

  it('that is made in place of one that stood is told to the steps behind it', () => {
    let told: StepCall['replaced'];
    return scene(
      theatre,
      {
        steps: [
          step('settle', [], { uses: 't.settle' }),
          step('after', ['settle']),
          step('promote', ['after'], { promotes: true, uses: 't.promote' }),
        ],
        script: {
          't.settle.execute': () => ({ proofs: [proof('t.isolate')] }),
          't.go.execute': (call) => void (told = call.replaced),
          't.promote.execute': () => undefined,
        },
        run: lent(['east/shop-db', 'east/shop-web']),
      },
      async (handle) => {
        await ending(handle);
        assert.deepEqual(told, ['east/shop-db']);
      },
    );
  });

  it('takes the place of one that was owed in the same run', () => {
    const state = { system: 'shop', active: 'west', epoch: 1, holder: null, fences: [], unprotectedSince: null, lastRun: null };
    const back = { system: 'shop', epoch: 1, serving: 'west', verdict: 'recovered' as const, workflowId: 'failover-shop', runId: 'run-1' };
    const later = proof('rds.isolate', {}, '2026-11-22T11:00:00.000Z');
    assert.deepEqual(givenBack(state, { ...back, fences: [later, pending] }, later.at).fences, [later]);
  });
});
