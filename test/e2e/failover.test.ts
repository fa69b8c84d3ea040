import assert from 'node:assert/strict';
import { fault } from '../../lab/fault.ts';
import { asked, choose, endOf, World } from './world.ts';

describe('an unplanned failover', () => {
  let world: World;
  before(async () => (world = await World.up()));
  after(() => world?.down());

  it('moves a system whose primary died, once a person has approved, and each effect happens once', async () => {
    await fault(world.lab.folder, 'kill-primary');
    const handle = await world.start('unplanned');
    await choose(handle, await asked(handle, 'cut-over'), 'approve');
    const end = await endOf(handle);
    assert.equal(end.verdict, 'recovered, unprotected');
    assert.equal(await world.promotions('b-db'), 1);
    assert.deepEqual((await world.power()).filter(({ host, to }) => host === 'a-db' && to === 'Off').length, 1);
    assert.equal(new Set((await world.hooks()).map(({ key }) => key)).size, 1);
  });
});
