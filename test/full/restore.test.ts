import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { addressOf } from '../../lab/full/full-lab.ts';
import { systemId, type SystemState } from '../../workflows/wire.ts';
import { needsFullLab } from './can-stand.ts';
import { approveAll, leftBy, outputOf } from './scene.ts';
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
    const end = await approveAll(handle);
    assert.equal(end.verdict, 'recovered', end.why);
    const { record } = await leftBy(end, 'site-b');
    console.log(JSON.stringify(record.steps.map((x) => [x.id, (x as any).startedAt, (x as any).endedAt])));
    console.log(JSON.stringify(record).slice(0, 6000));
    for (const host of ['b-db', 'a-db']) assert.deepEqual(await rows(host), wanted, host);
    const kept = String(outputOf(record, 'adopt', 'kept'));
    assert.match(await world.at('b-db', ['ls', kept]), /PG_VERSION/u);
    const follower = `select count(*)::int as n from pg_stat_replication where state = 'streaming'`;
    assert.deepEqual(await world.sql('b-db', follower), [{ n: 1 }]);
    const names = new Resolver();
    names.setServers([addressOf(world.lab, 'edge')]);
    assert.deepEqual(await names.resolve4('db.orders.test'), [addressOf(world.lab, 'b-db')]);
    const known = await world.client.workflow.getHandle(systemId('orders')).query<SystemState>('state');
    assert.deepEqual([known.active, known.unprotectedSince, known.fences], ['site-b', null, []]);
  });
});

/** A moment of the server's clock with nothing written just before or just after it, ISO. */
export async function momentAt(world: FullWorld, host: string): Promise<string> {
  const [row] = await world.sql<{ at: Date }>(host, `select pg_sleep(0.05), clock_timestamp() as at`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  return row!.at.toISOString();
}
