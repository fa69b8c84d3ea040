import assert from 'node:assert/strict';
import { systemId, type SystemState } from '../../workflows/wire.ts';
import { asked, choose } from '../e2e/world.ts';
import { needsFullLab } from './can-stand.ts';
import { leftBy } from '../e2e/scene.ts';
import { approveAll, momentAt, outputOf, trafficAt } from './scene.ts';
import { FullWorld } from './world.ts';

describe('the restore of the full lab to a point in time', function () {
  this.timeout(180_000);
  let world: FullWorld;
  before(async function () {
    needsFullLab(this);
    world = await FullWorld.up();
  });
  after(async () => world?.down());

  it('serves the rows as they were at that moment once two people agreed, keeps the old data, and ends protected', async () => {
    const rows = (host: string) => world.sql(host, 'select * from orders order by id');
    await world.at('a-app', ['pgbackrest', '--stanza=orders', '--type=full', 'backup'], 'pgbackrest');
    await world.sql('a-db', `insert into orders(item) values ('before')`);
    const moment = await momentAt(world, 'a-db');
    const wanted = await rows('a-db');
    await world.sql('a-db', `insert into orders(item) values ('after')`);
    await world.sql('a-db', 'delete from orders where id % 2 = 0');

    const handle = await world.start('restore', { runbook: 'orders-restore', parameters: { to: moment, backup: false } });
    const gate = await asked(handle, 'in-service', 1, 60_000);
    assert.equal(gate.count, 2);
    assert.deepEqual(await rows('b-db'), await rows('a-db'), 'nothing is changed before people agree');
    await choose(handle, gate, 'approve', 'alice@example.com');
    const end = await approveAll(handle);
    assert.equal(end.verdict, 'recovered', end.why);
    const { record } = await leftBy(end, 'site-b');
    assert.deepEqual(record.questions.find(({ id }) => id === 'in-service')?.by, ['alice@example.com', 'bob@example.com']);
    for (const host of ['b-db', 'a-db']) assert.deepEqual(await rows(host), wanted, host);
    const kept = String(outputOf(record, 'adopt', 'kept'));
    assert.match(await world.at('b-db', ['ls', kept]), /PG_VERSION/u);
    const follower = `select count(*)::int as n from pg_stat_replication where state = 'streaming'`;
    assert.deepEqual(await world.sql('b-db', follower), [{ n: 1 }]);
    assert.deepEqual(await trafficAt(world), { servers: ['b-db'], name: 'b-db' });
    const known = await world.client.workflow.getHandle(systemId('orders')).query<SystemState>('state');
    assert.deepEqual([known.active, known.unprotectedSince, known.fences], ['site-b', null, []]);
  });
});
