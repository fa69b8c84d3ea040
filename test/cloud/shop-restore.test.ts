import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clients } from '../../lab/aws/clients.ts';
import { rows, type Estate } from '../lab/cloud-estate.ts';
import { attend } from './scene.ts';
import { CloudWorld } from './world.ts';

describe('shop after somebody has deleted its orders', function () {
  this.timeout(170_000);
  let world: CloudWorld;
  let shop: Estate;
  let east: Clients;
  before(async () => {
    world = await CloudWorld.up({ sites: ['us-east-1', 'us-west-2'] });
    shop = rows(world.lab);
    east = await world.at('us-east-1');
  });
  after(() => world?.down());

  it('serves as it was a moment before, under the name that its clients know, and what was there is kept', async () => {
    await shop.order(east, 'shop-db');
    const before = await shop.countOf(east, 'shop-db');
    // RDS restores to whole seconds.
    await sleep(1_500);
    const to = new Date(Math.floor(Date.now() / 1_000) * 1_000).toISOString();
    await sleep(1_500);
    await shop.ask(east, 'shop-db', 'delete from orders', 'shop');
    assert.equal(await shop.countOf(east, 'shop-db'), 0);
    const { end, asked } = await attend(await world.start('restore', 'shop', { parameters: { to } }));
    assert.equal(end.verdict, 'restored', end.why);
    assert.equal(end.serving, 'us-east-1');
    assert.deepEqual(
      asked.filter(({ kind }) => kind === 'gate').map(({ id, count }) => [id, count]),
      [['in-service', 2]],
    );
    assert.equal(await shop.countOf(east, 'shop-db'), before);
    await shop.order(east, 'shop-db');
    assert.equal(await shop.countOf(east, 'shop-db'), before + 1);
    assert.deepEqual((await world.known('shop')).fences, []);
    const all = (await world.cloud.ledger()).filter(
      ({ service, kind, gone, region }) => service === 'rds' && kind === 'instance' && !gone && region === 'us-east-1',
    );
    assert.equal(all.length, 2);
    const [kept] = all.filter(({ id }) => id.startsWith('shop-db-old-'));
    assert.ok(Date.parse(kept!.tags['lifeboat:expires']!) > Date.now() + 80 * 86_400_000);
  });
});
