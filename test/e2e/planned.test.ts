import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fault } from '../../lab/fault.ts';
import { databaseOf } from '../../lab/status.ts';
import { Crowd } from '../judge/crowd.ts';
import { answer, approve, assertLossIsExact, cuts, failures, isStandby, leftBy, pairOfWorkers, renew, stateOfProcess } from './scene.ts';
import { asked, choose, endOf, journalOf, stateOf, until, World } from './world.ts';

describe('a planned failover', () => {
  let world: World;
  let crowd: Crowd;
  before(async () => {
    world = await World.up({ workers: false });
    await pairOfWorkers(world);
  });
  after(() => world?.down());
  afterEach(() => crowd?.stop());

  it('loses nothing that was acknowledged, with writers at every viewpoint', async () => {
    crowd = await Crowd.start(world.lab);
    const handle = await world.start('planned');
    await approve(handle);
    const end = await endOf(handle);
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    await crowd.writes('b-db');
    await crowd.stop();
    crowd.neverTwo('a-db', 'b-db');
    assert.deepEqual(await crowd.lostOn('b-db'), []);
    assert.equal(await assertLossIsExact(world, end, 'b-db'), 0);
    assert.deepEqual([await world.promotions('b-db'), await cuts(world, 'a-db')], [1, 0]);
    assert.equal(databaseOf(world.lab, 'a-db'), 'stopped');
    console.log(`      longest time without an acknowledged write: ${crowd.gap} ms`);
  });

  it('whose primary dies half way is switched to unplanned: its gates are asked again, and an old approval does not open them', async () => {
    await renew(world);
    await world.stopWorkers();
    const late = await world.startWorker('site-a', { at: 'postgres.quiesce.execute@before:freeze', mark: 'quiesce' });
    await world.startWorker('site-b');
    crowd = await Crowd.start(world.lab);
    const handle = await world.start('planned');
    const first = await approve(handle);
    await until(() => stateOfProcess(late.pid) === 'T', 'the worker to stand before it stops the primary');
    await fault(world.lab.folder, 'kill-primary');
    late.thaw();
    await answer(handle, 'quiesce', 'unplanned');
    const again = await asked(handle, 'cut-over', 2);
    assert.match(again.facts.map(({ value }) => value).join(' '), /unplanned/u);
    await choose(handle, first, 'approve', 'bob@example.com');
    await until(
      async () => (await journalOf(handle)).some((entry) => entry.what === 'decided' && !entry.counts && entry.by === 'bob@example.com'),
      'the old approval to be recorded',
    );
    assert.ok(await isStandby(world, 'b-db'));
    assert.equal(await cuts(world, 'a-db'), 0);

    await approve(handle, 2);
    const end = await endOf(handle);
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    assert.deepEqual(await failures(handle), ['quiesce: not-shut-down']);
    await crowd.writes('b-db');
    await crowd.stop();
    crowd.neverTwo('a-db', 'b-db');
    assert.deepEqual([await world.promotions('b-db'), await cuts(world, 'a-db')], [1, 1]);
    await assertLossIsExact(world, end, 'b-db');
    assert.deepEqual(
      (await leftBy(end)).record.modes.map(({ mode }) => mode),
      ['planned', 'unplanned'],
    );
  });

  it('that may not promote backs out by itself within its outage limit, until the source serves again', async () => {
    await renew(world);
    await setOutage(world, '5 seconds');
    crowd = await Crowd.start(world.lab);
    const handle = await world.start('planned');
    await asked(handle, 'cut-over');
    await world.sql(
      'a-db',
      'grant pg_monitor to lifeboat; grant execute on function pg_stat_file(text, boolean), pg_wal_replay_resume() to lifeboat; alter role lifeboat nosuperuser',
    );
    await until(
      async () =>
        (await world.sql<{ is: boolean }>('b-db', `select rolsuper as is from pg_roles where rolname = 'lifeboat'`))[0]?.is === false,
      'the standby to know of the lost right',
    );
    await approve(handle);
    const end = await endOf(handle);
    assert.equal(end.verdict, 'backed out', end.why);
    assert.match(end.why, /outage limit of 5 s.*site-a serves orders now/u);
    assert.deepEqual(await failures(handle), ['promote: postgres-permission']);
    await crowd.writes('a-db');
    await crowd.stop();
    crowd.onlyEver('a-db');
    assert.deepEqual(await crowd.lostOn('a-db'), []);
    assert.ok(crowd.gap > 4_000, 'it was away until the limit');
    assert.ok(await isStandby(world, 'b-db'));
    await until(async () => (await crowd.lostOn('b-db')).length === 0, 'the standby to follow again');
    assert.equal(await cuts(world, 'a-db'), 0);
  });

  it('whose promotion is in the hands of a frozen worker backs out, and the worker that wakes up promotes nothing', async () => {
    await renew(world);
    await setOutage(world, '5 seconds');
    await world.stopWorkers();
    await world.startWorker('site-a');
    const late = await world.startWorker('site-b', { at: 'postgres.promote.execute@before:freeze', mark: 'promote' });
    crowd = await Crowd.start(world.lab);
    const handle = await world.start('planned');
    await approve(handle);
    await until(() => stateOfProcess(late.pid) === 'T', 'the worker to stand before the promotion');
    await until(async () => (await stateOf(handle)).state === 'backing out', 'the limit to pass');
    // Only now there is a worker that can undo.
    await world.startWorker('site-b');
    const end = await endOf(handle);
    assert.equal(end.verdict, 'backed out', end.why);
    await crowd.writes('a-db');
    late.thaw();
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await crowd.writes('a-db');
    await crowd.stop();
    crowd.onlyEver('a-db');
    assert.deepEqual(await crowd.lostOn('a-db'), []);
    assert.ok(await isStandby(world, 'b-db'));
  });

  it('whose standby froze asks people before the source is started again, and backs out once it can be asked', async () => {
    await renew(world);
    await setOutage(world, '5 seconds');
    await world.stopWorkers();
    await world.startWorker('site-a');
    const late = await world.startWorker('site-b', { at: 'postgres.promote.execute@before:freeze', mark: 'frozen' });
    crowd = await Crowd.start(world.lab);
    const handle = await world.start('planned');
    await approve(handle);
    await until(() => stateOfProcess(late.pid) === 'T', 'the worker to stand before the promotion');
    await fault(world.lab.folder, 'freeze-primary', ['b-db']);
    late.thaw();
    const asks = await asked(handle, 'undo-promote', 1, 40_000);
    assert.match(asks.facts.map(({ value }) => value).join(' '), /does not answer in time/u);
    assert.equal(databaseOf(world.lab, 'a-db'), 'stopped');
    await fault(world.lab.folder, 'heal', ['freeze-primary']);
    await choose(handle, asks, 'retry');
    const end = await endOf(handle);
    assert.equal(end.verdict, 'backed out', end.why);
    await crowd.writes('a-db');
    await crowd.stop();
    crowd.onlyEver('a-db');
    assert.deepEqual(await crowd.lostOn('a-db'), []);
  });
});

async function setOutage(world: World, limit: string): Promise<void> {
  const file = join(world.lab.folder, 'runbooks/orders-failover.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/outage: [^ ]+ \w+/u, `outage: ${limit}`));
}
