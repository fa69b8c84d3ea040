import assert from 'node:assert/strict';
import { until } from '../workflows/stage.ts';
import { Timekeeper } from './timekeeper.ts';

describe('the times of schedules', () => {
  let keeper: Timekeeper;
  before(async () => {
    keeper = await Timekeeper.up();
  });
  after(() => keeper?.down());

  it('knows the ends of months, days that some months do not have, changes of the clock, and days on which nothing is done', async () => {
    await keeper.write(
      {
        'at-the-end': "{ rehearse: orders-failover, on: last day, at: '04:00', time-zone: UTC }",
        'on-the-31st': "{ rehearse: orders-failover, on: day 31, at: '04:00', time-zone: UTC }",
        'in-the-night': "{ rehearse: orders-failover, at: '02:30' }",
        'last-fridays': "{ rehearse: orders-failover, on: last friday, at: '04:00', time-zone: UTC }",
        looks: "{ check: orders, at: '04:00', time-zone: UTC }",
      },
      'time-zone: Europe/Berlin\nblackout: [2027-12-30..2028-01-02]\n',
    );
    const applied = await keeper.call('apply', '--yes');
    assert.match(applied.err, /february, april, june, september, november have no day 31/u);
    assert.match(applied.err, /on 2027-03-28 there is no 02:30 in Europe\/Berlin/u);
    assert.deepEqual(
      (await keeper.times('at-the-end', '2028-01-01', '2028-04-01')).map((at) => at.slice(0, 10)),
      ['2028-01-31', '2028-02-29', '2028-03-31'],
    );
    assert.deepEqual(await keeper.times('at-the-end', '2027-02-01', '2027-03-01'), ['2027-02-28T04:00']);
    assert.deepEqual(await keeper.times('at-the-end', '2027-12-01', '2028-01-05'), [], 'blackout');
    assert.deepEqual(
      (await keeper.times('on-the-31st', '2027-01-01', '2027-06-01')).map((at) => at.slice(5, 10)),
      ['01-31', '03-31', '05-31'],
    );
    assert.deepEqual(await keeper.times('last-fridays', '2028-02-01', '2028-03-01'), ['2028-02-25T04:00']);
    assert.deepEqual(
      await keeper.times('in-the-night', '2027-03-27', '2027-03-30'),
      ['2027-03-27T01:30', '2027-03-29T00:30'],
      'no such time on the 28th',
    );
    assert.deepEqual((await keeper.times('in-the-night', '2027-10-30', '2027-11-02')).length, 3, 'once a night, the long one too');
    assert.deepEqual(await keeper.changes(), [], 'what the server made of it is what was asked for');
    assert.equal((await keeper.times('looks', '2027-12-30', '2028-01-03')).length, 4, 'looks go on through a blackout');
    assert.equal((await keeper.times('in-the-night', '2027-01-01', '2031-01-01')).length, 4 * 365 + 1 - 4 - 4, 'asked for by the page');
  });

  it('makes up for what was missed while the server was down, within the window alone, and says how much was not', async () => {
    await keeper.write(
      {
        patient: '{ check: orders, every: 2 seconds, catch-up: 1 hour }',
        strict: '{ check: orders, every: 2 seconds, catch-up: 10 seconds }',
      },
      'time-zone: UTC\n',
    );
    await keeper.changes();
    const running = async (name: string) => (await keeper.described(name)).info.runningActions[0]?.workflow.workflowId;
    const under = await until(() => running('patient'), 'a first start');
    await keeper.client.workflow.getHandle(under).terminate();
    const down = Date.now();
    // As long as it has to be so that some of it is out of the window.
    await keeper.outage(15_000);
    const back = Date.now();
    const late = await until(
      async () =>
        (await keeper.described('patient')).info.recentActions.find(
          ({ scheduledAt, takenAt }) =>
            scheduledAt.getTime() > down - 2_000 && takenAt.getTime() >= back - 2_000 && takenAt.getTime() - scheduledAt.getTime() > 10_000,
        ),
      'a start that is made up for',
      30_000,
    );
    assert.ok(late);
    const { info } = await until(
      async () => {
        const found = await keeper.described('strict');
        return found.info.numActionsMissedCatchupWindow > 0 && found;
      },
      'starts that are out of the window',
      30_000,
    );
    assert.equal((await keeper.described('patient')).info.numActionsMissedCatchupWindow, 0);
    const shown = await keeper.call('list');
    assert.match(shown.out, new RegExp(`strict .*${info.numActionsMissedCatchupWindow} missed: too late`, 'u'));
  });
});
