import assert from 'node:assert/strict';
import { fault } from '../../lab/fault.ts';
import { Crowd } from '../judge/crowd.ts';
import { approve, assertLossIsExact, cuts, pairOfWorkers, stateOfProcess } from './scene.ts';
import { asked, choose, endOf, journalOf, until, World } from './world.ts';

describe('the server that is killed and started again on its file', () => {
  let world: World;
  let crowd: Crowd;
  before(async () => {
    world = await World.up({ workers: false });
    await pairOfWorkers(world);
  });
  after(async () => {
    await crowd?.stop();
    await world?.down();
  });

  it('loses no decision, at the gate and during the walk, and the run recovers', async () => {
    await world.stopWorkers();
    await world.startWorker('site-a');
    const fencing = await world.startWorker('site-b', { at: 'power.off.execute@middle:freeze', mark: 'fence' });
    crowd = await Crowd.start(world.lab);
    await fault(world.lab.folder, 'kill-primary');
    const handle = await world.start('unplanned');
    const gate = await asked(handle, 'cut-over');
    // A word that does not count must not be lost either.
    await choose(handle, gate, 'approve', 'zoe@example.com');
    await until(async () => (await journalOf(handle)).some((entry) => entry.what === 'decided'), 'the first word to be recorded');
    await world.restartServer();
    const still = await until(async () => asked(handle, 'cut-over'), 'the gate to stand as it was', 40_000);
    assert.equal(still.askedAt, gate.askedAt);

    await approve(handle);
    // The server dies at once after it took the approval, and again with the fence between its act and its proof.
    await world.restartServer();
    await until(() => stateOfProcess(fencing.pid) === 'T', 'the fence to be pressed', 40_000);
    await world.restartServer();
    fencing.thaw();
    const end = await until(() => endOf(handle), 'the end', 40_000);
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    const decided = (await journalOf(handle)).flatMap((entry) => (entry.what === 'decided' ? [`${entry.by} ${entry.counts}`] : []));
    assert.deepEqual(decided, [
      'zoe@example.com false',
      ...Array.from({ length: gate.count }, (_, n) => `${['alice', 'bob'][n]}@example.com true`),
    ]);
    await crowd.writes('b-db');
    await crowd.stop();
    crowd.neverTwo('a-db', 'b-db');
    assert.deepEqual([await world.promotions('b-db'), await cuts(world, 'a-db')], [1, 1]);
    assert.equal(new Set((await world.hooks()).map(({ key }) => key)).size, 1);
    await assertLossIsExact(world, end, 'b-db');
  });
});
