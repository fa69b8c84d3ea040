import assert from 'node:assert/strict';
import { systemId, type SystemState } from '../../workflows/wire.ts';
import { needsFullLab } from './can-stand.ts';
import { leftBy } from '../e2e/scene.ts';
import { approveAll, momentAt, outputOf, trafficAt } from './scene.ts';
import { until } from '../e2e/world.ts';
import { FullWorld } from './world.ts';

describe('corruption on the full lab', function () {
  this.timeout(180_000);
  let world: FullWorld;
  before(async function () {
    needsFullLab(this);
    world = await FullWorld.up();
  });
  after(async () => world?.down());

  it('is not failed over: the command says what to do instead, and nothing is started', async () => {
    const { code, out, err } = await world.cli('failover', 'orders', '--unplanned', '--cause', 'corruption');
    assert.notEqual(code, 0);
    assert.match(`${out}${err}`, /replication has copied it/u);
    assert.match(`${out}${err}`, /lifeboat restore orders/u);
    await assert.rejects(world.client.workflow.getHandle('failover-orders').describe(), /not found/iu);
  });

  it('is restored to the last sound point, found by asking, and served with the deleted rows once two people agreed', async () => {
    const rows = (host: string) => world.sql(host, 'select * from orders order by id');
    await world.at('a-app', ['pgbackrest', '--stanza=orders', '--type=full', 'backup'], 'pgbackrest');
    await world.sql('a-db', `insert into orders(item) values ('sound')`);
    const since = await momentAt(world, 'a-db');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const wanted = await rows('a-db');
    await world.sql('a-db', 'delete from orders where id > 40');
    const deleted = await momentAt(world, 'a-db');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const damaged = await momentAt(world, 'a-db');
    // Archived in seconds of its own; a run asked for before would say so, and ask.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await world.sql('a-db', 'select pg_switch_wal()');
    const archived = async (): Promise<boolean> => {
      const [row] = await world.sql<{ at: Date | null }>('a-db', 'select last_archived_time as at from pg_stat_archiver');
      return Date.parse(damaged) + 1_000 < (row?.at?.getTime() ?? 0);
    };
    await until(archived, 'the archive to hold the damage', 30_000);

    const parameters = { healthy: 'select count(*) > 100 from orders', since, damaged, backup: false };
    const end = await approveAll(await world.start('restore', { runbook: 'orders-corruption', parameters }));
    assert.equal(end.verdict, 'recovered', end.why);
    const { record } = await leftBy(end, 'site-b');
    const point = String(outputOf(record, 'point', 'point'));
    assert.ok(point >= since && point < deleted, `${since} <= ${point} < ${deleted}`);
    assert.ok(Date.parse(deleted) - Date.parse(point) < 2_500, 'the last one before it');
    for (const host of ['b-db', 'a-db']) assert.deepEqual(await rows(host), wanted, host);
    assert.deepEqual(record.questions.find(({ id }) => id === 'in-service')?.by, ['alice@example.com', 'bob@example.com']);
    assert.match(await world.at('b-db', ['ls', String(outputOf(record, 'adopt', 'kept'))]), /PG_VERSION/u);
    assert.deepEqual(await trafficAt(world), { servers: ['b-db'], name: 'b-db' });
    const known = await world.client.workflow.getHandle(systemId('orders')).query<SystemState>('state');
    assert.deepEqual([known.active, known.unprotectedSince], ['site-b', null]);
  });
});
