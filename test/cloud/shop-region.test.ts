import assert from 'node:assert/strict';
import type { Clients } from '../../lab/aws/clients.ts';
import { journalOf, until } from '../e2e/world.ts';
import { rows, type Estate } from '../lab/cloud-estate.ts';
import { attend } from './scene.ts';
import { CloudWorld } from './world.ts';

describe('shop when its region dies', function () {
  this.timeout(290_000);
  let world: CloudWorld;
  let shop: Estate;
  let east: Clients;
  let west: Clients;
  before(async () => {
    world = await CloudWorld.up({ sites: ['us-east-1', 'us-west-2'] });
    shop = rows(world.lab);
    [east, west] = await Promise.all([world.at('us-east-1'), world.at('us-west-2')]);
  });
  after(() => world?.down());

  /** Instances of a tier at a site that are not gone, by the emulator's own ledger. */
  const tier = async (region: string, tag: string, value: string): Promise<number> =>
    (await world.cloud.ledger())
      .filter((one) => one.kind === 'instance' && one.service === 'ec2' && !one.gone)
      .filter((one) => one.region === region && one.tags[tag] === value).length;
  const servers = (region: string): Promise<number> => tier(region, 'lifeboat:step', 'app');
  const web = (region: string): Promise<number> => tier(region, 'aws:autoscaling:groupName', 'shop-web');
  const switched = async (): Promise<boolean> =>
    (await west.s3.listObjectsV2({ Bucket: 'shop-switch' })).Contents?.some(({ Key }) => Key === 'us-east-1-is-down') ?? false;
  const fences = async (): Promise<string[]> => (await world.known('shop')).fences.map(({ host, by }) => `${host} ${by}`);

  it('serves from the other one once two people took it upon them that nothing there could be cut off', async () => {
    const before = await shop.countOf(east, 'shop-db');
    await shop.order(east, 'shop-db');
    await until(async () => (await shop.countOf(west, 'shop-db-west')) === before + 1, 'the order to be replicated');
    await world.fault('region-down', 'us-east-1');
    // Its worker dies with it.
    await world.workers.find(({ site }) => site === 'us-east-1')!.kill();
    const { end, asked } = await attend(await world.start('failover', 'shop', { mode: 'unplanned', cause: 'site' }));
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    assert.equal(end.serving, 'us-west-2');
    assert.deepEqual(
      asked.filter(({ kind }) => kind === 'task').map(({ id, count }) => [id, count]),
      [['fence', 2]],
    );
    assert.deepEqual(await fences(), ['us-east-1/shop-db fence.pending']);
    assert.equal(await shop.countOf(west, 'shop-db-west'), before + 1);
    await shop.order(west, 'shop-db-west');
    assert.deepEqual([await servers('us-west-2'), await web('us-west-2'), await switched()], [2, 2, true]);
  });

  it('is taken back: first what was owed, then with every order since, protected, and nothing left running', async () => {
    const before = await shop.countOf(west, 'shop-db-west');
    await world.heal();
    await world.startWorker('us-east-1');
    const handle = await world.start('failback', 'shop');
    const { end } = await attend(handle);
    assert.equal(end.verdict, 'recovered', end.why);
    const done = (await journalOf(handle)).flatMap((entry) => (entry.what === 'done' ? [entry.step] : []));
    assert.equal(done[0], 'settle');
    assert.deepEqual(await fences(), []);
    const { active, unprotectedSince } = await world.known('shop');
    assert.deepEqual([active, unprotectedSince], ['us-east-1', null]);
    assert.equal(await shop.countOf(east, 'shop-db'), before);
    await shop.order(east, 'shop-db');
    await until(async () => (await shop.countOf(west, 'shop-db-west')) === before + 1, 'the new order to be replicated');
    assert.deepEqual([await servers('us-west-2'), await web('us-west-2'), await switched()], [0, 0, false]);
    assert.deepEqual([await servers('us-east-1'), await web('us-east-1')], [2, 2]);
    assert.deepEqual(await world.weights('shop.example.com.'), { 'us-east-1': 100, 'us-west-2': 0 });
    const kept = (await world.cloud.ledger()).filter(({ service, kind, gone }) => service === 'rds' && kind === 'instance' && !gone);
    assert.equal(kept.filter(({ id }) => /-old-[0-9a-z]{12}$/u.test(id)).length, 2);
  });
});
