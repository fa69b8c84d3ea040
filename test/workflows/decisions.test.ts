import assert from 'node:assert/strict';
import type { Waiting } from '../../workflows/wire.ts';
import { asked, cast, choose, gate, journalOf, nextSystem, start, stateOf, step, theStage, until, type Play, type Stage } from './stage.ts';
import { decisions, ending, entries, named, scene } from './scene.ts';

describe('a decision', () => {
  let theatre: Stage;
  let promoted: number;
  before(async () => (theatre = await theStage()));
  beforeEach(() => (promoted = 0));

  const play = (given: Parameters<typeof gate>[2] = {}, more: Partial<Play> = {}): Play => ({
    steps: [gate('cut-over', [], given), step('promote', ['cut-over'], { promotes: true })],
    script: { 't.go.execute': () => void (promoted += 1) },
    ...more,
  });

  it('of two people is needed where the gate says so: the same one twice does not do', () =>
    scene(theatre, play({ count: 2 }), async (handle) => {
      const question = await asked(handle, 'cut-over');
      await choose(handle, question, 'approve', 'alice');
      await choose(handle, question, 'approve', 'alice');
      await until(async () => (await decisions(handle)).length === 2, 'both are judged');
      assert.equal(promoted, 0);
      await choose(handle, question, 'approve', 'bob');
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      assert.deepEqual(await decisions(handle), [
        ['alice', true, ''],
        ['alice', false, 'the same person already decided so'],
        ['bob', true, ''],
      ]);
      assert.deepEqual((await entries(handle, 'answered'))[0]?.by, ['alice', 'bob']);
    }));

  it('of who started the run, of a stranger, and of nobody is recorded with its reason and never counts', () =>
    scene(
      theatre,
      play(),
      async (handle) => {
        const question = await asked(handle, 'cut-over');
        await choose(handle, question, 'approve', 'alice');
        await choose(handle, question, 'approve', 'mallory');
        await choose(handle, question, 'approve');
        await until(async () => (await decisions(handle)).length === 3, 'all are judged');
        assert.deepEqual(await decisions(handle), [
          ['alice', false, 'who started the run cannot approve it'],
          ['mallory', false, 'not in leads'],
          ['anonymous', false, 'anonymous; the inventory accepts no less than stated'],
        ]);
        assert.equal((await stateOf(handle)).state, 'waiting for approval');
        assert.equal(promoted, 0);
      },
      { by: 'alice' },
    ));

  it('that is anonymous opens a gate of one where the inventory allows it, and never a gate of two', () =>
    scene(theatre, { ...play({ count: 2 }), header: { decisions: 'anonymous' } }, async (handle) => {
      const question = await asked(handle, 'cut-over');
      for (let n = 0; n < 3; n += 1) await choose(handle, question, 'approve');
      await until(async () => (await decisions(handle)).length === 3, 'all are judged');
      assert.ok((await decisions(handle)).every(([, counts]) => !counts));
      assert.equal(promoted, 0);
    }));

  it('pressed twice in the same instant counts once, and the other is recorded as late', () =>
    scene(theatre, { ...play(), steps: [...play().steps, gate('wait', ['promote'])] }, async (handle) => {
      const question = await asked(handle, 'cut-over');
      await Promise.all([choose(handle, question, 'approve', 'alice'), choose(handle, question, 'approve', 'bob')]);
      await until(async () => (await decisions(handle)).length === 2, 'both are recorded');
      const [first, second] = await entries(handle, 'decided');
      assert.ok(first?.counts && !second?.counts);
      assert.deepEqual(
        [first?.by, second?.by].toSorted((a, b) => (a ?? '').localeCompare(b ?? '')),
        ['alice', 'bob'],
      );
      assert.match(second?.note ?? '', /nothing was asked under this name/u);
      await asked(handle, 'wait');
      assert.equal(promoted, 1);
    }));

  it('pressed late, or for an older attempt, is recorded and does no harm', () => {
    let tries = 0;
    const script = { 't.go.execute': () => void (promoted += 1), 't.flaky.execute': () => fail((tries += 1) < 3) };
    return scene(
      theatre,
      {
        ...play(),
        script,
        steps: [step('flaky', [], { uses: 't.flaky' }), gate('cut-over', ['flaky']), step('promote', ['cut-over'], { promotes: true })],
      },
      async (handle) => {
        const first = await asked(handle, 'flaky');
        await choose(handle, first, 'retry', 'alice');
        await asked(handle, 'flaky', 2);
        await choose(handle, first, 'abort', 'bob');
        await until(async () => (await decisions(handle)).length === 2, 'the press for attempt 1 is recorded');
        assert.equal((await stateOf(handle)).questions[0]?.attempt, 2);
        await choose(handle, await asked(handle, 'flaky', 2), 'retry', 'alice');
        const question = await asked(handle, 'cut-over');
        await choose(handle, question, 'approve', 'alice');
        await choose(handle, question, 'refuse', 'bob');
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
        const late = (await entries(handle, 'decided')).filter(({ counts }) => !counts);
        assert.deepEqual(
          late.map(({ choice, by }) => [choice, by]),
          [
            [first.choices.find(({ choice }) => choice === 'abort')!.signal, 'bob'],
            [question.choices[1]!.signal, 'bob'],
          ],
        );
        assert.equal(promoted, 1);
      },
    );
  });

  it('sent before its gate opens is recorded and never counts', async () => {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const script = { 't.go.execute': () => void (promoted += 1), 't.slow.execute': () => opened };
    await scene(
      theatre,
      { ...play(), script, steps: [step('slow', [], { uses: 't.slow' }), gate('cut-over', ['slow']), step('promote', ['cut-over'])] },
      async (handle, system) => {
        const name = `Approve cut-over of ${system} to site-b, about 8 kB lost #1`;
        await handle.signal(name, { by: 'alice' });
        await until(async () => (await decisions(handle)).length === 1, 'the early press is recorded');
        open();
        const question = await asked(handle, 'cut-over');
        assert.equal(question.choices[0]?.signal, name);
        assert.deepEqual(question.have, []);
        assert.deepEqual(await decisions(handle), [['alice', false, 'nothing was asked under this name when it arrived']]);
        assert.equal(promoted, 0);
        await choose(handle, question, 'approve', 'bob');
        await until(async () => promoted === 1, 'a decision in time counts');
      },
    );
  });

  it('pressed while no worker runs counts when one is there again, and what is asked could be read meanwhile', async () => {
    const system = nextSystem();
    const handle = await (
      await cast(theatre, named(play(), system))
    ).run(async () => {
      const begun = await start(theatre, system);
      await asked(begun, 'cut-over');
      return begun;
    });
    const waiting = (await handle.describe()).memo?.['waiting'] as Waiting[];
    assert.deepEqual([waiting[0]?.id, waiting[0]?.kind, waiting[0]?.title], ['cut-over', 'gate', 'Move on at cut-over']);
    assert.ok(JSON.stringify(waiting).length <= 2_048);
    await handle.signal(waiting[0]!.choices['approve']!, { by: 'alice' });
    await (
      await cast(theatre, named(play(), system))
    ).run(async () => {
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      assert.deepEqual(await decisions(handle), [['alice', true, '']]);
      assert.deepEqual((await handle.describe()).memo?.['waiting'] ?? [], []);
    });
    assert.equal(promoted, 1);
  });

  it('given as anything but a name and a reason is read as far as it goes', () =>
    scene(theatre, play(), async (handle) => {
      const question = await asked(handle, 'cut-over');
      const signal = question.choices[0]!.signal;
      for (const odd of [null, 7, ['alice'], { by: 7, reason: [] }, 'alice']) await handle.signal(signal, odd);
      await handle.signal(signal);
      await handle.signal(signal, { by: 'alice' }, 'and more');
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      assert.deepEqual(
        (await entries(handle, 'decided')).map(({ by, counts, reason }) => [by, counts, reason]),
        [
          ...Array.from({ length: 4 }, () => ['anonymous', false, '']),
          ['anonymous', false, 'alice'],
          ['anonymous', false, ''],
          ['alice', true, ''],
        ],
      );
    }));

  it('being looked up when the run is stopped is recorded all the same', async () => {
    const looked = { open: (): void => undefined };
    const held = new Promise<void>((resolve) => (looked.open = resolve));
    const slow: Play['run'] = {
      'run.attest': async () => {
        await held;
        return { by: 'alice', how: 'stated', worker: false, reset: false };
      },
    };
    await scene(theatre, play({}, { run: slow }), async (handle) => {
      await choose(handle, await asked(handle, 'cut-over'), 'approve', 'alice');
      await handle.cancel();
      await until(
        async () => (await handle.fetchHistory()).events?.some((event) => event.workflowExecutionCancelRequestedEventAttributes),
        'the cancellation has arrived',
      );
      looked.open();
      assert.equal((await ending(handle)).verdict, 'cancelled');
      assert.deepEqual(
        (await journalOf(handle)).flatMap((entry) => (entry.what === 'decided' ? [entry.by] : [])),
        ['alice'],
      );
      assert.equal(promoted, 0);
    });
  });
});

function fail(really: boolean): void {
  if (really) throw new Error('not yet');
}
