import assert from 'node:assert/strict';
import { fault } from '../../lab/fault.ts';
import { Crowd } from '../judge/crowd.ts';
import { answer, approve, assertLossIsExact, cuts, failures, isStandby, leftBy, pairOfWorkers, renew } from './scene.ts';
import { asked, choose, endOf, journalOf, stateOf, until, World } from './world.ts';

const two = ['alice@example.com', 'carol@example.com'];

describe('a fence that cannot be relied upon', () => {
  let world: World;
  let crowd: Crowd | undefined;
  before(async () => {
    world = await World.up({ workers: false });
    await pairOfWorkers(world);
  });
  after(async () => {
    await crowd?.stop();
    await world?.down();
  });
  afterEach(async () => {
    await crowd?.stop();
    crowd = undefined;
  });

  it('lies while the old primary takes writes: nothing is promoted, people are contradicted, and once it is healed the run recovers', async () => {
    crowd = await Crowd.start(world.lab);
    await fault(world.lab.folder, 'fence-lies', ['a-db']);
    const handle = await world.start('unplanned');
    const gate = await approve(handle);
    assert.equal(gate.count, 2, 'a source that serves takes one more person');
    const task = await asked(handle, 'fence');
    assert.equal(task.kind, 'task');
    assert.deepEqual(await failures(handle), ['fence: fence-lies']);
    assert.ok(await isStandby(world, 'b-db'));
    // Two people repeat what the controller said; the host itself contradicts them.
    for (const by of two) await choose(handle, task, 'done', by);
    const asks = await asked(handle, 'fence', 2);
    assert.equal(asks.kind, 'intervention');
    assert.deepEqual(await failures(handle), ['fence: fence-lies', 'fence: fence-contradicted']);
    assert.ok(await isStandby(world, 'b-db'));
    assert.equal(await cuts(world, 'a-db'), 0);
    await crowd.writes('a-db');
    crowd.onlyEver('a-db');

    await fault(world.lab.folder, 'heal', ['fence-lies']);
    await choose(handle, asks, 'retry');
    const end = await endOf(handle);
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    await crowd.writes('b-db');
    await crowd.stop();
    crowd.neverTwo('a-db', 'b-db');
    assert.deepEqual([await world.promotions('b-db'), await cuts(world, 'a-db')], [1, 1]);
    await assertLossIsExact(world, end, 'b-db');
    const { record, report } = await leftBy(end);
    const fence = record.steps.find((step) => step.id === 'fence')!;
    assert.ok(JSON.stringify(fence).includes('fence-lies'));
    assert.match(report, /says Off, and a-db still answers/u);
  });

  it('lies while the link is cut: silence proves nothing, and nothing is promoted until the link is back', async () => {
    await renew(world);
    crowd = await Crowd.start(world.lab);
    await fault(world.lab.folder, 'fence-lies', ['a-db']);
    await fault(world.lab.folder, 'cut-link');
    const handle = await world.start('unplanned');
    const gate = await approve(handle);
    assert.equal(gate.count, 2);
    const task = await asked(handle, 'fence');
    assert.deepEqual(await failures(handle), ['fence: fence-unknown']);
    assert.ok(await isStandby(world, 'b-db'));
    await crowd.writes('a-db', 'outside');
    await crowd.writes('a-db', 'site-a');
    await choose(handle, task, 'refuse', 'carol@example.com');
    const asks = await asked(handle, 'fence', 2);
    assert.match(asks.facts.map(({ value }) => value).join(' '), /cannot be done/u);
    assert.ok(await isStandby(world, 'b-db'));
    assert.equal(await cuts(world, 'a-db'), 0);
    crowd.onlyEver('a-db');

    await choose(handle, asks, 'abort');
    const end = await endOf(handle);
    assert.equal(end.verdict, 'aborted');
    assert.match(end.why, /site-a serves orders now|No site is known to serve/u);
    const { report } = await leftBy(end);
    assert.match(report, /the link may be cut and the host may still take writes/u);

    // The next run takes the world as it is: link and controller work again.
    await fault(world.lab.folder, 'heal');
    const next = await world.start('unplanned');
    await approve(next);
    assert.equal((await endOf(next)).verdict, 'recovered, unprotected');
    await crowd.writes('b-db');
    await crowd.stop();
    crowd.neverTwo('a-db', 'b-db');
    assert.deepEqual([await world.promotions('b-db'), await cuts(world, 'a-db')], [1, 1]);
  });

  it('hangs, then is dead: it fails in bounded time, and the word of two people counts only once the host is really off', async () => {
    await renew(world);
    crowd = await Crowd.start(world.lab);
    await fault(world.lab.folder, 'fence-hangs', ['a-db']);
    await fault(world.lab.folder, 'kill-primary');
    const handle = await world.start('unplanned');
    await approve(handle);
    const since = Date.now();
    await answer(handle, 'fence', 'refuse', { within: 25_000 });
    assert.ok(Date.now() - since < 20_000, `a controller that hangs held the fence up for ${Date.now() - since} ms`);
    await fault(world.lab.folder, 'heal', ['fence-hangs']);
    await fault(world.lab.folder, 'fence-dead', ['a-db']);
    await answer(handle, 'fence', 'retry', { attempt: 2 });

    // The machine is up, only its database is dead: their word is not believed.
    await answer(handle, 'fence', 'done', { attempt: 3, by: two });
    const asks = await asked(handle, 'fence', 4);
    assert.deepEqual(await failures(handle), [
      'fence: power-unreachable',
      'fence: refused',
      'fence: power-unreachable',
      'fence: fence-contradicted',
    ]);
    assert.ok(await isStandby(world, 'b-db'));

    await fault(world.lab.folder, 'power', ['a-db', 'off']);
    await choose(handle, asks, 'retry');
    const task = await asked(handle, 'fence', 5);
    await choose(handle, task, 'done', two[0]);
    // The same person twice is one person.
    await choose(handle, task, 'done', two[0]);
    await until(
      async () => (await journalOf(handle)).some((entry) => entry.what === 'decided' && /same person/u.test(entry.note)),
      'the second word to be judged',
    );
    assert.ok((await stateOf(handle)).questions.some(({ id }) => id === 'fence'));
    assert.ok(await isStandby(world, 'b-db'));
    await choose(handle, task, 'done', two[1]);
    const end = await endOf(handle);
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    await crowd.writes('b-db');
    await crowd.stop();
    crowd.neverTwo('a-db', 'b-db');
    assert.equal(await world.promotions('b-db'), 1);
    await assertLossIsExact(world, end, 'b-db');
  });
});
