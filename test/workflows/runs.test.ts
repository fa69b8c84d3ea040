import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { agreed, bad, broken, child, moves, play, running, script } from './ensemble.ts';
import { ending, entries } from './scene.ts';
import { asked, choose, gate, nextSystem, start, step, theStage, type Play, type Stage } from './stage.ts';
import { Troupe } from './troupe.ts';

describe('runs of a run', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));

  it('begin tier by tier, each after its gate', async () => {
    const troupe = new Troupe();
    const [first, second] = [nextSystem(), nextSystem()];
    const steps = [
      gate('tier-0'),
      troupe.runs('a', [first], moves, { needs: ['tier-0'] }),
      gate('tier-1', ['a']),
      troupe.runs('b', [second], moves, { needs: ['tier-1', 'a'] }),
    ];
    await play(theatre, troupe, { steps, script, header: { whole: 'site-a' } }, async (handle) => {
      await agreed(handle, 'tier-0');
      await asked(handle, 'tier-1');
      assert.equal((await ending(child(theatre, first))).verdict, 'recovered, unprotected');
      await assert.rejects(child(theatre, second).describe());
      await agreed(handle, 'tier-1');
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
    });
  });

  it('that fail hold what depends on them until people have decided', async () => {
    const troupe = new Troupe();
    const [system, after] = [nextSystem(), nextSystem()];
    const steps = [troupe.runs('a', [system], bad), troupe.runs('b', [after], [step('promote', [], { promotes: true })], { needs: ['a'] })];
    await play(theatre, troupe, { steps, script: broken, header: { whole: 'site-a' } }, async (handle) => {
      await running(theatre, system);
      await choose(child(theatre, system), await asked(child(theatre, system), 'bad'), 'abort', 'alice');
      const question = await asked(handle, 'a');
      assert.match(question.facts.map(({ value }) => value).join(' '), /the disk is full/u);
      await assert.rejects(child(theatre, after).describe());
      await choose(handle, question, 'skip', 'alice', 'it is not needed today');
      assert.equal((await ending(handle)).verdict, 'failed');
      assert.equal((await ending(child(theatre, after))).verdict, 'recovered, unprotected');
      assert.match(JSON.stringify(await entries(handle, 'not-proven')), /the disk is full/u);
    });
  });

  it('that fail let the rest go on where the inventory says so, and the run names them', async () => {
    const troupe = new Troupe();
    const [system, after] = [nextSystem(), nextSystem()];
    const steps = [
      troupe.runs('a', [system], bad, { whenItFails: 'go-on' }),
      troupe.runs('b', [after], [step('promote', [], { promotes: true })], { needs: ['a'] }),
    ];
    await play(theatre, troupe, { steps, script: broken, header: { whole: 'site-a' } }, async (handle) => {
      await running(theatre, system);
      await choose(child(theatre, system), await asked(child(theatre, system), 'bad'), 'abort', 'alice');
      const end = await ending(handle);
      assert.equal(end.verdict, 'failed');
      assert.equal((await ending(child(theatre, after))).verdict, 'recovered, unprotected');
      assert.match(JSON.stringify(await entries(handle, 'not-proven')), new RegExp(`${system}.*aborted`, 'u'));
    });
  });

  it('are tried again alone where people say so', async () => {
    const troupe = new Troupe();
    const [system, other] = [nextSystem(), nextSystem()];
    let full = true;
    const times = new Map<string, number>();
    const once: NonNullable<Play['script']> = {
      't.go.execute': () => undefined,
      't.bad.execute': ({ system: { name } }) => {
        times.set(name, (times.get(name) ?? 0) + 1);
        if (full && name === system) throw new Error('the disk is full');
      },
    };
    await play(
      theatre,
      troupe,
      { steps: [troupe.runs('a', [system, other], bad)], script: once, header: { whole: 'site-a' } },
      async (handle) => {
        await running(theatre, system);
        await choose(child(theatre, system), await asked(child(theatre, system), 'bad'), 'abort', 'alice');
        const question = await asked(handle, 'a');
        full = false;
        await choose(handle, question, 'retry', 'alice');
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
        assert.deepEqual([times.get(system), times.get(other)], [2, 1]);
      },
    );
  });

  it('respect one of the same system that is under way, and are tried again after it', async () => {
    const troupe = new Troupe();
    const system = nextSystem();
    const steps = [troupe.runs('a', [system], [gate('own'), step('promote', ['own'], { promotes: true })])];
    await play(
      theatre,
      troupe,
      { steps: [gate('go'), ...steps.map((one) => ({ ...one, needs: ['go'] }))], script, header: { whole: 'site-a' } },
      async (handle) => {
        await asked(handle, 'go');
        const under = await start(theatre, system);
        await asked(under, 'own');
        await agreed(handle, 'go');
        const found = await asked(handle, 'a');
        assert.match(found.facts.map(({ value }) => value).join(' '), new RegExp(`failover-${system} is under way`, 'u'));
        assert.equal((await under.describe()).status.name, 'RUNNING');
        await choose(under, await asked(under, 'own'), 'approve', 'bob');
        assert.equal((await ending(under)).verdict, 'recovered, unprotected');
        await choose(handle, found, 'retry', 'alice');
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      },
    );
  });

  it('are never more than twenty at once, and two hundred of them leave a short history that replays', async function () {
    this.timeout(300_000);
    const troupe = new Troupe();
    let now = 0;
    let most = 0;
    const slow: NonNullable<Play['script']> = {
      't.go.execute': async () => {
        most = Math.max(most, (now += 1));
        await setTimeout(50);
        now -= 1;
      },
    };
    const systems = Array.from({ length: 200 }, () => nextSystem());
    const steps = systems.map((system, n) => troupe.runs(`s-${n}`, [system], [step('promote', [], { promotes: true })]));
    const sites = { 'site-a': { kind: 'physical' as const, steps: 100 }, 'site-b': { kind: 'physical' as const, steps: 100 } };
    await play(
      theatre,
      troupe,
      { steps, script: slow, header: { whole: 'site-a', sites } },
      async (handle) => {
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
        assert.ok(most <= 20, `${most} at once`);
        const history = await handle.fetchHistory();
        const events = history.events?.length ?? 0;
        assert.ok(events < 4_096, `${events} events`);
        assert.ok(historyToJSON(history).length < 16 * 1024 * 1024);
        await Worker.runReplayHistory({ workflowBundle: theatre.bundle }, history, handle.workflowId);
      },
      { within: 280_000 },
    );
  });

  it('come to rest where their parent is cancelled', async () => {
    const troupe = new Troupe();
    const system = nextSystem();
    await play(
      theatre,
      troupe,
      { steps: [troupe.runs('a', [system], [gate('own'), step('promote', ['own'], { promotes: true })])], script },
      async (handle) => {
        await running(theatre, system);
        await asked(child(theatre, system), 'own');
        await handle.cancel();
        assert.equal((await ending(handle)).verdict, 'cancelled');
        assert.equal((await ending(child(theatre, system))).verdict, 'cancelled');
      },
    );
  });

  it('cannot be given a plan by whoever starts a run by hand', async () => {
    const troupe = new Troupe();
    const steps = [gate('real'), step('promote', ['real'], { promotes: true })];
    const given = {
      plan: { steps: [] },
      compiledEpoch: 0,
      attributes: [],
      requester: null,
      approved: { gate: 'none', by: [{ by: 'mallory', how: 'attested', at: '' }] },
    };
    await play(theatre, troupe, { steps, script }, async (handle) => assert.equal((await asked(handle, 'real')).id, 'real'), {
      input: { given },
    });
  });
});
