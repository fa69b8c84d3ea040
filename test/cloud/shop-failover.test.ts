import assert from 'node:assert/strict';
import { attend } from './scene.ts';
import { until } from '../e2e/world.ts';
import { rows, type Estate } from '../lab/cloud-estate.ts';
import { CloudWorld } from './world.ts';

describe('shop moves to the other region while both are well', function () {
  this.timeout(170_000);
  let world: CloudWorld;
  let shop: Estate;
  before(async () => {
    world = await CloudWorld.up({ sites: ['us-east-1', 'us-west-2'] });
    shop = rows(world.lab);
  });
  after(() => world?.down());

  it('loses no order, launches each server once, leads clients there and is protected again', async () => {
    const [east, west] = await Promise.all([world.at('us-east-1'), world.at('us-west-2')]);
    const before = await shop.countOf(east, 'shop-db');
    await shop.order(east, 'shop-db');
    const { end } = await attend(await world.start('failover', 'shop', { mode: 'planned' }));
    assert.equal(end.verdict, 'recovered', end.why);
    assert.equal(end.serving, 'us-west-2');
    assert.equal(await shop.countOf(west, 'shop-db-west'), before + 1);
    await shop.order(west, 'shop-db-west');
    await until(async () => (await shop.countOf(east, 'shop-db')) === before + 2, 'the new order to be replicated');
    const running = (await world.cloud.ledger()).filter(({ service, kind, gone }) => service === 'ec2' && kind === 'instance' && !gone);
    const web = (region: string): number =>
      running.filter((one) => one.region === region && one.tags['aws:autoscaling:groupName'] === 'shop-web').length;
    assert.equal(running.filter(({ region, tags }) => region === 'us-west-2' && tags['lifeboat:step'] === 'app').length, 2);
    assert.deepEqual([web('us-east-1'), web('us-west-2')], [0, 2]);
    assert.deepEqual(await world.weights('shop.example.com.'), { 'us-east-1': 0, 'us-west-2': 100 });
    const { fences, unprotectedSince } = await world.known('shop');
    assert.deepEqual([fences, unprotectedSince], [[], null]);
    const keys = (await world.hooks()).map(({ key }) => key);
    assert.equal(new Set(keys).size, keys.length);
  });
});
