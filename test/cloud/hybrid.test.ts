import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Clients } from '../../lab/aws/clients.ts';
import { hostOf } from '../../lab/lab.ts';
import { until } from '../e2e/world.ts';
import { leftBy } from '../e2e/scene.ts';
import { lostAt, markersAt } from '../judge/markers.ts';
import { outputOf } from '../full/scene.ts';
import { Crowd } from '../judge/crowd.ts';
import { hear } from '../lab/estate.ts';
import { attend } from './scene.ts';
import { CloudWorld } from './world.ts';

describe('a pair of which one is an instance at AWS', function () {
  this.timeout(240_000);
  const record = 'orders.example.com.';
  let world: CloudWorld;
  let east: Clients;
  let instance: string;
  let crowd: Crowd | undefined;
  before(async () => {
    world = await CloudWorld.up({ hybrid: true });
    east = await world.at('us-east-1');
    ({ instance } = world.filled.hybrid!);
  });
  afterEach(async () => {
    await crowd?.stop();
    crowd = undefined;
  });
  after(async () => world?.down());

  const streams = async (from: string): Promise<boolean> =>
    (await world.sql<{ n: number }>(from, `select count(*)::int as n from pg_stat_replication where state = 'streaming'`))[0]!.n === 1;
  const fences = async (): Promise<string[]> => (await world.known('orders')).fences.map(({ host, by }) => `${host} ${by}`);
  const powers = async (host: string): Promise<string[]> =>
    (await world.power()).filter((entry) => entry.host === host).map(({ to, by }) => `${to} by ${by}`);
  /** Instances of the application tier, by the emulator's own ledger. */
  const tier = async (): Promise<number> =>
    (await world.cloud.ledger()).filter(
      ({ kind, tags, state }) => kind === 'instance' && tags['aws:autoscaling:groupName'] === 'orders-web' && state === 'running',
    ).length;

  it('is moved to AWS when its own primary dies, and what is lost is what the report says', async () => {
    crowd = await Crowd.start(world.lab, 'a-db');
    await world.fault('kill-primary');
    const { end } = await attend(await world.start('failover', 'orders', { mode: 'unplanned', cause: 'hardware' }));
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    await crowd.writes('c-db');
    crowd.neverTwo('a-db', 'c-db');
    await crowd.stop();
    const { record: left, report } = await leftBy(end, 'us-east-1');
    assert.equal(left.point?.lost, await lostAt(world, 'c-db'));
    // Replication keeps the order: what was acknowledged well before the last marker that a-db handed over is there too.
    const died = Date.parse(left.startedAt);
    const handed = Math.max(...(await markersAt(world, 'c-db')).flatMap(({ at, there }) => (there && at < died ? [at] : [])));
    assert.deepEqual(
      (await crowd.lostOn('c-db')).filter(({ at }) => Date.parse(at) < handed - 1_000),
      [],
    );
    assert.deepEqual(await powers('a-db').then((all) => all.slice(-1)), ['Off by controller']);
    assert.deepEqual(await fences(), ['a-db power.off']);
    assert.equal(await tier(), 2);
    assert.deepEqual(await world.weights(record), { 'site-a': 0, 'us-east-1': 100 });
    const said = /AWS at us-east-1 is http:\/\/127\.0\.0\.1:\d+, and not AWS itself/u;
    assert.match(left.warnings.join('\n'), said);
    assert.match(report, said);
  });

  it('is taken home with nothing lost, protected again, and its tier at AWS ends', async () => {
    crowd = await Crowd.start(world.lab, 'c-db');
    const { end } = await attend(await world.start('failback', 'orders'));
    assert.equal(end.verdict, 'recovered', end.why);
    await crowd.writes('a-db');
    crowd.neverTwo('c-db', 'a-db');
    await crowd.stop();
    assert.deepEqual(await crowd.lostOn('a-db'), []);
    assert.ok(await streams('a-db'));
    assert.deepEqual(await fences(), []);
    const { active, unprotectedSince } = await world.known('orders');
    assert.deepEqual([active, unprotectedSince], ['site-a', null]);
    assert.equal(await tier(), 0);
    assert.deepEqual(await world.weights(record), { 'site-a': 100, 'us-east-1': 0 });
  });

  it('is moved to AWS by plan with nothing lost, and its own server follows at once', async () => {
    crowd = await Crowd.start(world.lab, 'a-db');
    const { end } = await attend(await world.start('failover', 'orders', { mode: 'planned', cause: 'exercise' }));
    assert.equal(end.verdict, 'recovered', end.why);
    await crowd.writes('c-db');
    crowd.neverTwo('a-db', 'c-db');
    await crowd.stop();
    assert.deepEqual(await crowd.lostOn('c-db'), []);
    assert.ok(await streams('c-db'));
    assert.equal(await tier(), 2);
  });

  it('is moved home when its instance is to be trusted no more: that is cut off, though it still writes, and stopped', async () => {
    crowd = await Crowd.start(world.lab, 'c-db');
    // No runbook is named: it is the one of the way home, for AWS serves.
    const { end } = await attend(await world.start('failover', 'orders', { mode: 'unplanned', cause: 'hardware' }));
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    await crowd.writes('a-db');
    crowd.neverTwo('c-db', 'a-db');
    await crowd.stop();
    assert.deepEqual(await fences(), ['c-db ec2.isolate']);
    for (const from of Object.values(hostOf(world.lab, 'c-db').seenFrom)) assert.notEqual((await hear(from[22])).slice(0, 3), 'SSH');
    assert.equal((await world.cloud.ledger()).find(({ id }) => id === instance)?.state, 'stopped');
    assert.deepEqual((await powers('c-db')).slice(-1), ['Off by instance']);
    assert.deepEqual(await world.weights(record), { 'site-a': 100, 'us-east-1': 0 });
    const { record: left } = await leftBy(end, 'site-a');
    assert.equal(left.runbook, 'orders-failover-home');
    assert.equal(left.point?.lost, await lostAt(world, 'a-db'));
  });

  it('then has its instance let back as the standby, and is protected', async () => {
    const { end } = await attend(await world.start('restore', 'orders'));
    assert.equal(end.verdict, 'restored', end.why);
    await until(() => streams('a-db'), 'c-db to stream');
    assert.deepEqual(await fences(), []);
    assert.equal((await world.known('orders')).unprotectedSince, null);
    const { Reservations: [one] = [] } = await east.ec2.describeInstances({ InstanceIds: [instance] });
    const [found] = one!.Instances!;
    assert.deepEqual(
      found!.SecurityGroups!.map(({ GroupId }) => GroupId),
      [(world.filled.hybrid!.resources as { readonly [name: string]: unknown })['db-group']],
    );
    assert.equal(found!.State?.Name, 'running');
    assert.equal(await tier(), 0);
  });

  it('is moved home when its region is dead: two people take it upon them that its fence is owed, and it is made before anything there is started', async () => {
    await attend(await world.start('failover', 'orders', { mode: 'planned', cause: 'exercise' }));
    await world.fault('region-down', 'us-east-1');
    const { end, asked } = await attend(await world.start('failover', 'orders', { mode: 'unplanned', cause: 'site' }));
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    // Records are changed in us-east-1 alone.
    const tasks = asked.filter(({ kind }) => kind === 'task').map(({ id, count }) => `${id} of ${count}`);
    assert.deepEqual(tasks, ['fence of 2', 'traffic of 1']);
    assert.deepEqual(await fences(), ['c-db fence.pending']);
    await world.sql('a-db', `insert into orders(item) values ('after the move')`);
    // In a region that is only cut off somebody may go on.
    await world.sql('c-db', `insert into orders(item) values ('in the dead region')`);
    await world.heal('region-down');

    const { end: protect } = await attend(await world.start('restore', 'orders'));
    const { record: left } = await leftBy(protect, 'site-a');
    assert.deepEqual(outputOf(left, 'settle', 'settled'), ['c-db']);
    assert.equal(outputOf(left, 'release', 'harmless'), 'down');
    assert.match(await readFile(outputOf(left, 'compare', 'export') as string, 'utf8'), /in the dead region/u);
    await until(() => streams('a-db'), 'c-db to stream');
    const items = await world.sql<{ item: string }>('c-db', `select item from orders where item ~ 'the (move|dead region)'`);
    assert.deepEqual(items, [{ item: 'after the move' }]);
    assert.deepEqual(await fences(), []);
  });
});
