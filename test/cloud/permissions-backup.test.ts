import assert from 'node:assert/strict';
import { give, policiesAt, ungive } from './policies.ts';
import { attend } from './scene.ts';
import { CloudWorld } from './world.ts';

describe('under the policies that lifeboat iam prints, in two accounts', function () {
  this.timeout(170_000);
  let world: CloudWorld;
  before(async () => (world = await CloudWorld.up({ sites: ['us-east-1', 'us-west-2', 'vault'] })));
  after(() => world?.down());

  it('the nightly backup goes through', async () => {
    await give(world, await policiesAt(world, 'shop-backup'));
    const { end } = await attend(await world.start('backup', 'shop'));
    await ungive(world);
    assert.equal(end.verdict, 'proven', end.why);
  });
});
