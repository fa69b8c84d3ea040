import assert from 'node:assert/strict';
import { paths } from '../../lab/full/full-lab.ts';
import { endOf } from '../e2e/world.ts';
import { needsFullLab } from './can-stand.ts';
import { leftBy } from '../e2e/scene.ts';
import { approveAll, outputOf } from './scene.ts';
import { FullWorld } from './world.ts';

describe('a whole host of the full lab', function () {
  this.timeout(180_000);
  let world: FullWorld;
  before(async function () {
    needsFullLab(this);
    world = await FullWorld.up();
  });
  after(async () => world?.down());
  const start = (kind: string, input: object = {}) => world.start(kind, { system: 'a-app-host', ...input }, `${kind}-a-app-host`);
  const sums = (): Promise<string> =>
    world.at('a-app', ['sh', '-c', 'find /srv/orders /etc/bind /etc/lifeboat -type f -print0 | sort -z | xargs -0 sha256sum']);

  it('is saved with a proven copy, loses its disk, and is what it was again on a blank one', async () => {
    const saved = await endOf(await start('backup'));
    assert.equal(saved.verdict, 'proven', saved.why);
    const before = await sums();
    await world.fault('disk-lost', 'a-app');
    const end = await approveAll(await start('restore'));
    assert.equal(end.verdict, 'restored', end.why);
    const { record } = await leftBy(end, 'site-b');
    assert.equal(await sums(), before);
    assert.ok(Number(outputOf(record, 'rebuild', 'files')) > 48);
    assert.equal(outputOf(record, 'names', 'state'), 'active');
    // As the lab began, when its disk was lost, and by the run: on, then off and on again.
    const power = (await world.power()).filter(({ host }) => host === 'a-app');
    assert.deepEqual(
      power.map(({ to }) => to),
      ['On', 'Off', 'On', 'Off', 'On'],
    );
    assert.equal(await world.at('a-app', ['stat', '-c', '%U %a', paths.repository, paths.vault]), 'pgbackrest 750\nvault 700\n');
  });
});
