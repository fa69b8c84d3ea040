import assert from 'node:assert/strict';
import { fault } from '../../lab/fault.ts';
import { Crowd } from '../judge/crowd.ts';
import {
  answer,
  approve,
  assertLossIsExact,
  attend,
  cuts,
  failures,
  isStandby,
  leftBy,
  pairOfWorkers,
  renew,
  stateOfProcess,
} from './scene.ts';
import { asked, choose, endOf, stateOf, until, World } from './world.ts';

describe('an old primary that comes back', () => {
  let world: World;
  let crowd: Crowd;
  before(async () => {
    world = await World.up({ workers: false });
    await pairOfWorkers(world);
  });
  after(() => world?.down());
  afterEach(() => crowd?.stop());
  const lab = (name: string, ...args: string[]): Promise<string> => fault(world.lab.folder, name, args);

  /** Power comes back, once more, when all is over: nobody writes there, and nobody gets a session that could. */
  async function returnsAndStaysOut(): Promise<void> {
    await lab('power', 'a-db', 'on');
    await crowd.writes('b-db');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await crowd.writes('b-db');
    await crowd.stop();
    crowd.neverTwo('a-db', 'b-db');
    assert.equal(await world.promotions('b-db'), 1);
  }

  it('goes on from a freeze before, during and after the fence: it takes no write once the other does', async () => {
    await renew(world);
    crowd = await Crowd.start(world.lab);
    await lab('freeze-primary', 'a-db');
    const handle = await world.start('unplanned');
    await asked(handle, 'cut-over');
    await lab('heal', 'freeze-primary');
    await crowd.writes('a-db');
    await lab('freeze-primary', 'a-db');
    let approved = (await approve(handle)).attempt;
    await until(async () => {
      const { steps, questions } = await stateOf(handle);
      // Frozen between the question and its answer, the source may look worse than was shown: then it is asked again.
      const again = questions.find(({ id, attempt }) => id === 'cut-over' && attempt > approved);
      if (again) approved = (await approve(handle, again.attempt)).attempt;
      return steps.some(({ id, state }) => id === 'fence' && state !== 'waiting');
    }, 'the fence to begin');
    const during = again(async () => {
      await lab('heal', 'freeze-primary');
      await lab('freeze-primary', 'a-db');
    });
    const end = await endOf(handle);
    await during.stop();
    await lab('heal', 'freeze-primary');
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    await crowd.writes('b-db');
    await returnsAndStaysOut();
    await assertLossIsExact(world, end, 'b-db');
  });

  it('is switched on again and again during the run: it is fenced in earnest or not at all', async () => {
    await renew(world);
    crowd = await Crowd.start(world.lab);
    await lab('kill-primary');
    const handle = await world.start('unplanned');
    await approve(handle);
    const pressing = again(() => lab('power', 'a-db', 'on'));
    // Some seconds of it; then somebody keeps the button pressed.
    const calm = new Promise((resolve) => setTimeout(resolve, 4_000)).then(() => pressing.stop()).then(() => lab('power', 'a-db', 'off'));
    const end = await attend(handle, ({ kind }) => (pressing.stopped ? (kind === 'task' ? 'refuse' : 'retry') : null));
    await calm;
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    await crowd.writes('b-db');
    await returnsAndStaysOut();
    await assertLossIsExact(world, end, 'b-db');
  });

  it('is back in service between fence and promotion: nothing is promoted until it is off again, and what is lost is counted', async () => {
    await renew(world);
    await world.stopWorkers();
    await world.startWorker('site-a');
    const late = await world.startWorker('site-b', { at: 'postgres.promote.execute@before:freeze', mark: 'between' });
    crowd = await Crowd.start(world.lab);
    await lab('kill-primary');
    const handle = await world.start('unplanned');
    await approve(handle);
    await until(() => stateOfProcess(late.pid) === 'T', 'the worker to stand before the promotion');
    assert.equal(await cuts(world, 'a-db'), 1);
    // Somebody enables the service on the disk and switches the machine on.
    await lab('cut-replication');
    await lab('autostart', 'a-db', 'on');
    await lab('power', 'a-db', 'on');
    await crowd.writes('a-db');
    late.thaw();
    const asks = await asked(handle, 'promote');
    assert.match(asks.facts.map(({ value }) => value).join(' '), /nothing was promoted.*says that its power is On/u);
    assert.ok(await isStandby(world, 'b-db'));
    await crowd.writes('a-db');
    crowd.onlyEver('a-db');
    assert.deepEqual(
      asks.choices.map(({ choice }) => choice).filter((choice) => choice === 'back-out' || choice === 'unplanned'),
      [],
    );

    await lab('autostart', 'a-db', 'off');
    // The fence that no longer holds is made again before the promotion is tried again.
    await choose(handle, asks, 'retry');
    const end = await endOf(handle);
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    await crowd.writes('b-db');
    await returnsAndStaysOut();
    assert.ok((await crowd.lostOn('b-db')).length > 0, 'what it took in between was never replicated');
    assert.ok((await assertLossIsExact(world, end, 'b-db')) > 0);
  });

  it('would start with its machine: the gate says so, the fence is refused before the button is pressed, and goes on once that is mended', async () => {
    await renew(world);
    crowd = await Crowd.start(world.lab);
    await lab('autostart', 'a-db', 'on');
    await lab('kill-primary');
    const handle = await world.start('unplanned');
    const gate = await approve(handle);
    assert.match(gate.facts.find(({ label }) => label === 'preflight of fence')?.value ?? '', /starts at boot/u);
    await answer(handle, 'fence', 'refuse', { by: ['carol@example.com'] });
    const asks = await asked(handle, 'fence', 2);
    assert.deepEqual(await failures(handle), ['fence: starts-at-boot', 'fence: refused']);
    assert.equal(await cuts(world, 'a-db'), 0);
    assert.ok(await isStandby(world, 'b-db'));
    await lab('autostart', 'a-db', 'off');
    await choose(handle, asks, 'retry');
    const end = await endOf(handle);
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    await crowd.writes('b-db');
    await returnsAndStaysOut();
    assert.match((await leftBy(end)).report, /starts at boot/u);
  });

  it('loses what was never sent, and the record counts it exactly', async () => {
    await renew(world);
    crowd = await Crowd.start(world.lab);
    await lab('cut-replication');
    await Promise.all([crowd.writes('a-db'), until(async () => (await markers(world)) > 15, 'markers that are not sent')]);
    await lab('kill-primary');
    const handle = await world.start('unplanned');
    const gate = await approve(handle);
    assert.match(gate.choices.map(({ signal }) => signal).join(' '), /about \d+ [kM]?B lost/u);
    const end = await endOf(handle);
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    await crowd.writes('b-db');
    await returnsAndStaysOut();
    assert.ok((await crowd.lostOn('b-db')).every((row) => row.server === 'a-db'));
    assert.ok((await crowd.lostOn('b-db')).length > 0);
    assert.ok((await assertLossIsExact(world, end, 'b-db')) > 3);
  });
});

/** Markers that the primary has and its standby has not. */
async function markers(world: World): Promise<number> {
  const [a, b] = await Promise.all(
    ['a-db', 'b-db'].map((host) => world.sql<{ n: string }>(host, 'select count(*) as n from lifeboat_markers')),
  );
  return Number(a![0]!.n) - Number(b![0]!.n);
}

/** Does it again and again until it is stopped. */
function again(act: () => Promise<unknown>): { stop(): Promise<void>; readonly stopped: boolean } {
  let over = false;
  const running = (async () => {
    while (!over) {
      await act();
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  })();
  return {
    stop: () => ((over = true), running),
    get stopped() {
      return over;
    },
  };
}
