import assert from 'node:assert/strict';
import { attend } from './scene.ts';
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
  });
});
