import assert from 'node:assert/strict';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { copiesOf } from '../../lab/lab.ts';
import { controlQueue, sweepId } from '../../workflows/wire.ts';
import { deep, seed, share } from './seeded.ts';
import { endOf, journalOf, until, World } from './world.ts';

const acts = ['run.borrow', 'copy.postgres.rehearse', 'postgres.promote.rehearse', 'copy.compare.rehearse', 'run.sweep', 'run.record'];
const places = acts.flatMap((name) => [`${name}@before`, `${name}@after`]);
const drawn = deep ? places : share(places, 3, seed);

/** The judge is the machine itself: what lies where copies lie, and what runs there. */
describe(`what a rehearsal leaves (${drawn.length} of ${places.length} places, seed ${seed})`, function () {
  this.timeout(120_000);
  let world: World;
  let runs = 0;
  before(async () => (world = await World.up({ workers: false })));
  after(() => world?.down());
  beforeEach(async () => {
    await world.stopWorkers();
    runs += 1;
  });

  const root = (): string => copiesOf(world.lab, 'b-db');
  const copies = (): string[] => (existsSync(root()) ? readdirSync(root()) : []);
  const running = (): string[] =>
    readdirSync('/proc').filter((pid) => {
      try {
        return /^\d+$/u.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(root());
      } catch {
        return false;
      }
    });
  const both = (crash?: Parameters<World['startWorker']>[1]): Promise<unknown> =>
    Promise.all(['site-a', 'site-b'].map((site) => world.startWorker(site, crash)));
  const rehearse = (): Promise<WorkflowHandle & { readonly firstExecutionRunId: string }> =>
    world.client.workflow.start('rehearsal', {
      workflowId: `rehearsal-orders-${runs}`,
      taskQueue: controlQueue,
      workflowTaskTimeout: '3 seconds',
      args: [{ system: 'orders', runbook: 'orders-failover', by: 'zoe@example.com' }],
    });

  /** Neither a file nor a process is left of any copy, and what is in service is what it was. */
  async function nothingLeft(): Promise<void> {
    assert.deepEqual([copies(), running()], [[], []]);
    assert.deepEqual([await world.promotions('a-db'), await world.promotions('b-db').catch(() => 'standby')], [0, 'standby']);
    const [row] = await world.sql<{ standbys: number }>(
      'a-db',
      `select count(*)::int as standbys from pg_stat_replication where state = 'streaming'`,
    );
    assert.equal(row?.standbys, 1, 'the standby streams, and nothing else does');
    assert.deepEqual(
      (await world.power()).filter(({ to }) => to === 'Off'),
      [],
    );
  }

  for (const [nth, place] of drawn.entries())
    it(`is nothing where its worker is killed at ${place}, and its rehearsal passes all the same`, async () => {
      const crash = { at: `${place}:kill`, mark: `mark-${nth}` };
      await both(crash);
      const handle = await rehearse();
      const end = endOf(handle);
      await until(() => existsSync(join(world.folder, crash.mark)), `a worker at ${place}`);
      await until(() => world.workers.some(({ alive }) => !alive), 'it to be gone');
      for (const { site, alive } of [...world.workers]) if (!alive) await world.startWorker(site);
      assert.equal((await end).verdict, 'rehearsed', (await end).why);
      const swept = (await journalOf(handle)).find((entry) => entry.what === 'swept');
      assert.deepEqual([swept?.what === 'swept' && swept.left, swept?.what === 'swept' && swept.unseen], [[], []]);
      await nothingLeft();
    });

  it('is nothing where its worker is killed while it copies', async () => {
    await both();
    const handle = await rehearse();
    await until(() => copies().length > 0, 'the copy');
    await world.stopWorkers();
    await both();
    const end = await endOf(handle);
    assert.equal(end.verdict, 'rehearsed', end.why);
    await nothingLeft();
  });

  for (const [when, there] of [
    ['while it copies', (): boolean => copies().length > 0],
    ['while its copy runs', (): boolean => running().length > 0],
  ] as const)
    it(`is nothing where it is terminated ${when}`, async () => {
      await both();
      const handle = await rehearse();
      await until(there, when, 20_000);
      await handle.terminate('from outside');
      await world.client.workflow.getHandle(sweepId(handle.firstExecutionRunId, 'orders')).result();
      await nothingLeft();
    });

  it('is shown and taken away by hand where nothing else does it', async () => {
    await both();
    const handle = await rehearse();
    await until(() => running().length > 0, 'a copy that runs');
    const used = await world.cli('sweep', 'orders', '--look');
    assert.equal(used.code, 0, used.err);
    assert.match(used.out, /in use/u);
    await world.client.workflow.getHandle(sweepId(handle.firstExecutionRunId, 'orders')).terminate('from outside');
    await handle.terminate('from outside');
    const looked = await world.cli('sweep', 'orders', '--look');
    assert.deepEqual([looked.code, copies().length > 0], [1, true], looked.err);
    assert.match(looked.out, /orders +left +copy +b-db:.* +site-b +rehearsal-orders-\d+ +in .*\n1 system looked at: 1 left over\./u);
    const swept = await world.cli('sweep', 'orders');
    assert.equal(swept.code, 0, swept.err);
    assert.match(swept.out, /removed[^]*: 0 left over\./u);
    await nothingLeft();
    const plan = await world.cli('plan', 'orders-failover', '--runbooks', join(world.lab.folder, 'runbooks'), '--json');
    const { forecasts } = JSON.parse(plan.out) as { forecasts: { unplanned: { runs: number; unmeasured: string[] } } };
    assert.ok(forecasts.unplanned.runs > 0, 'what rehearsals measured is shown with the plan');
    assert.ok(forecasts.unplanned.unmeasured.includes('fence'), 'a fence that was only proved by reading is not measured');
    const unknown = await world.cli('sweep', 'ordres');
    assert.deepEqual([unknown.code, /orders/u.test(unknown.err)], [2, true]);
  });
});
