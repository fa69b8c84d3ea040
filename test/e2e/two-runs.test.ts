import assert from 'node:assert/strict';
import { fault } from '../../lab/fault.ts';
import { Crowd } from '../judge/crowd.ts';
import { approve, assertLossIsExact, cuts, isStandby, pairOfWorkers, renew, stateOfProcess } from './scene.ts';
import { asked, choose, endOf, journalOf, until, World } from './world.ts';

describe('two failovers of one system', () => {
  let world: World;
  let crowd: Crowd | undefined;
  before(async () => {
    world = await World.up({ workers: false });
    await pairOfWorkers(world);
  });
  after(async () => {
    await crowd?.stop();
    await world?.down();
  });

  it('at once: the second is refused and names the first, and the same command twice attaches', async () => {
    await fault(world.lab.folder, 'kill-primary');
    const started = await world.cli('failover', 'orders', '--unplanned', '--no-wait', '--json', '--as', 'zoe@example.com');
    assert.equal(started.code, 0, started.err);
    const first = JSON.parse(started.out) as { workflowId: string; runId: string; attached: boolean };
    assert.equal(first.attached, false);
    const handle = world.client.workflow.getHandle(first.workflowId, first.runId);
    await asked(handle, 'cut-over');

    const attached = await world.cli('failover', 'orders', '--unplanned', '--no-wait', '--json', '--as', 'zoe@example.com');
    assert.equal(attached.code, 0, attached.err);
    const same = JSON.parse(attached.out) as typeof first;
    assert.deepEqual([same.runId, same.attached], [first.runId, true]);
    assert.match(attached.err, /Attached to the run under way: failover-orders/u);

    const second = await endOf(await world.start('unplanned', {}, 'failover-orders-by-another-name'));
    assert.equal(second.verdict, 'refused');
    assert.match(second.why, /orders is held by failover failover-orders since/u);
    assert.equal((await handle.describe()).status.name, 'RUNNING');

    await approve(handle);
    assert.equal((await endOf(handle)).verdict, 'recovered, unprotected');
    assert.deepEqual([await world.promotions('b-db'), await cuts(world, 'a-db')], [1, 1]);
  });

  it('one after the other was terminated during the fence: nothing acts five seconds later, and the next run takes the world as it is', async () => {
    await renew(world);
    crowd = await Crowd.start(world.lab);
    await fault(world.lab.folder, 'fence-hangs', ['a-db']);
    const hanging = await world.start('unplanned');
    await approve(hanging);
    await until(
      async () => (await journalOf(hanging)).some((entry) => entry.what === 'begun' && entry.step === 'fence'),
      'the fence to begin',
    );
    await hanging.terminate('a person had enough');
    await fault(world.lab.folder, 'heal', ['fence-hangs']);
    await nothingActs();

    // Once more, with the fence in the hands of a worker that is frozen when the run is terminated.
    await world.stopWorkers();
    await world.startWorker('site-a');
    const late = await world.startWorker('site-b', { at: 'power.off.execute@before:freeze', mark: 'fence' });
    const frozen = await world.start('unplanned');
    await approve(frozen);
    await until(() => stateOfProcess(late.pid) === 'T', 'the worker to stand before the fence', 60_000);
    await frozen.terminate('a person had enough');
    late.thaw();
    await nothingActs();
    await crowd.writes('a-db');
    crowd.onlyEver('a-db');

    const next = await world.start('unplanned');
    await approve(next);
    const end = await endOf(next);
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    await crowd.writes('b-db');
    await crowd.stop();
    crowd.neverTwo('a-db', 'b-db');
    assert.deepEqual([await world.promotions('b-db'), await cuts(world, 'a-db')], [1, 1]);
    await assertLossIsExact(world, end, 'b-db');
  });

  it('one after the other was terminated after the fence: the next run finds the fence standing, and promotes once', async () => {
    await renew(world);
    await world.stopWorkers();
    await world.startWorker('site-a');
    const late = await world.startWorker('site-b', { at: 'postgres.promote.execute@before:freeze', mark: 'promote' });
    await fault(world.lab.folder, 'kill-primary');
    const first = await world.start('unplanned');
    await approve(first);
    await until(() => stateOfProcess(late.pid) === 'T', 'the worker to stand before the promotion', 60_000);
    await first.terminate('a person had enough');
    late.thaw();
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    assert.ok(await isStandby(world, 'b-db'));

    const next = await world.start('unplanned');
    const gate = await asked(next, 'cut-over');
    for (const by of ['alice@example.com', 'bob@example.com'].slice(0, gate.count)) await choose(next, gate, 'approve', by);
    const end = await endOf(next);
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    assert.deepEqual([await world.promotions('b-db'), await cuts(world, 'a-db')], [1, 1]);
  });

  async function nothingActs(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    assert.equal(await cuts(world, 'a-db'), 0);
    assert.ok(await isStandby(world, 'b-db'));
  }
});
