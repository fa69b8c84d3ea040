import assert from 'node:assert/strict';
import { until } from '../workflows/stage.ts';
import { json } from './call.ts';
import { hour, Timekeeper, whole } from './timekeeper.ts';

describe('lifeboat schedules', () => {
  let keeper: Timekeeper;
  before(async () => {
    keeper = await Timekeeper.up();
  });
  after(() => keeper?.down());

  it('shows the difference and changes nothing unasked, then makes it so, and finds nothing to do when it is applied again', async () => {
    await keeper.write(whole);
    const shown = await keeper.call('apply');
    assert.equal(shown.code, 2, 'there is nobody to ask');
    assert.match(shown.out, /create +orders-monthly +rehearsal of orders by orders-failover, every first sunday at 04:00 Europe\/Berlin/u);
    await assert.rejects(keeper.described('orders-monthly'), /not found/iu);
    assert.deepEqual(await keeper.changes(), ['create orders-monthly', 'create orders-ready']);
    const { action, policies, spec, info, typedSearchAttributes, memo } = await keeper.described('orders-monthly');
    assert.deepEqual(policies, { overlap: 'SKIP', catchupWindow: 6 * hour, pauseOnFailure: false });
    assert.deepEqual(
      [action.workflowType, action.workflowId, action.taskQueue, action.args],
      [
        'rehearsal',
        'rehearsal-orders',
        'lifeboat',
        [
          {
            system: 'orders',
            runbook: 'orders-failover',
            mode: 'unplanned',
            parameters: { incident: 'monthly' },
            by: 'schedule orders-monthly',
          },
        ],
      ],
    );
    assert.equal(action.priority?.priorityKey, 4);
    assert.deepEqual(memo, { lifeboat: 'lifeboat' });
    assert.deepEqual(
      typedSearchAttributes
        .getAll()
        .map(({ key, value }) => `${key.name}=${String(value)}`)
        .toSorted(),
      ['LifeboatKind=rehearsal', 'LifeboatRunbook=orders-failover', 'LifeboatSystem=orders'],
    );
    assert.equal(spec.timezone, 'Europe/Berlin');
    for (const at of info.nextActionTimes) {
      const there = new Intl.DateTimeFormat('en-GB', {
        timeZone: 'Europe/Berlin',
        weekday: 'short',
        day: 'numeric',
        hour: 'numeric',
      }).format(at);
      assert.match(there, /^Sun[^\d]+[1-7][^\d]+0?4$/u, `${at.toISOString()} is no first Sunday at four`);
      assert.ok(at.getUTCMinutes() < 5, 'jitter');
    }
    const again = await keeper.call('apply');
    assert.equal(again.code, 0, again.err);
    assert.match(again.out, /there is nothing to do/u);
  });

  it('shows the coming times of all, as the server computes them, and what is known of each', async () => {
    const next = json(await keeper.call('next', '--count', '60', '--json')) as { name: string; at: string; there: string }[];
    assert.ok(
      next.some(({ name }) => name === 'orders-monthly'),
      'of each its next time, however often others come',
    );
    assert.ok(next.length === 60 || next.length === 61, `${next.length} times`);
    const there = await keeper.times('orders-ready', new Date().toISOString(), new Date(Date.now() + 40 * hour).toISOString());
    assert.ok(there.includes(next.findLast(({ name }) => name === 'orders-ready')!.at.slice(0, 16)));
    assert.deepEqual(
      next.map(({ at }) => at),
      next.map(({ at }) => at).toSorted(),
    );
    const text = await keeper.call('next', '--count', '1');
    assert.match(text.out, /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +\w+.* (?:UTC|Europe\/Berlin) +orders-ready/u);
    const shown = await keeper.call();
    assert.equal(shown.code, 0, shown.err);
    assert.match(shown.out, /orders-monthly +every first sunday at 04:00 Europe\/Berlin +in .* +never/u);
  });

  it('changes, pauses and removes what is its own, and nothing else', async () => {
    await keeper.another('theirs', 'orders');
    await keeper.another('of-another', 'orders', 'another');
    const { 'orders-monthly': monthly } = whole;
    await keeper.write({
      'orders-monthly': monthly.replace('04:00', '05:30'),
      'orders-weekly': "{ check: orders, on: monday, at: '09:00', paused: not yet }",
    });
    // What was made a moment ago is listed a moment later.
    await until(async () => (await keeper.listed()).length === 4, 'four schedules in the list');
    assert.deepEqual(await keeper.changes(), ['change orders-monthly', 'create orders-weekly', 'remove orders-ready']);
    assert.match((await keeper.described('orders-monthly')).info.nextActionTimes[0]!.toISOString(), /T0[34]:3/u);
    assert.deepEqual((await keeper.described('orders-weekly')).state.note, 'schedules.yaml: not yet');
    await assert.rejects(keeper.described('orders-ready'), /not found/iu);
    await Promise.all([keeper.described('theirs'), keeper.described('of-another')]);
    await keeper.write({ ...whole, theirs: '{ check: orders, every: 1 hour }' });
    const refused = await keeper.call('apply', '--yes');
    assert.equal(refused.code, 4);
    assert.match(refused.err, /lifeboat-theirs belongs to somebody else, not to lifeboat\. Nothing was changed/u);
    await assert.rejects(keeper.described('orders-ready'), /not found/iu);
  });

  it('leaves alone what is for a system that it does not know, and says how to be rid of it', async () => {
    await keeper.another('payments-ready', 'payments', 'lifeboat');
    await until(async () => (await keeper.listed()).includes('lifeboat-payments-ready'), 'it in the list');
    await keeper.write(whole);
    const called = await keeper.call('apply', '--yes');
    assert.equal(called.code, 0, called.err);
    assert.match(
      called.err,
      /payments-ready is for payments, which this inventory does not have.*lifeboat schedules remove payments-ready/u,
    );
    await keeper.described('payments-ready');
    assert.equal((await keeper.call('remove', 'payments-ready')).code, 0);
    await assert.rejects(keeper.described('payments-ready'), /not found/iu);
    const foreign = await keeper.call('remove', 'theirs');
    assert.equal(foreign.code, 4, foreign.err);
    await keeper.described('theirs');
  });

  it("keeps a person's pause and says whose it is, and puts back what was edited in Temporal", async () => {
    await keeper.handle('orders-ready').pause('moving the rack until Friday');
    await keeper
      .handle('orders-monthly')
      .update((before) => ({ ...before, policies: { overlap: 'ALLOW_ALL', catchupWindow: '365 days' } }) as never);
    const called = await keeper.call('apply', '--yes');
    assert.match(called.err, /orders-ready stays paused, as a person wanted it: moving the rack until Friday/u);
    assert.match(called.out, /change +orders-monthly +back to every first sunday .*: it was edited in Temporal/u);
    assert.deepEqual((await keeper.described('orders-monthly')).policies, {
      overlap: 'SKIP',
      catchupWindow: 6 * hour,
      pauseOnFailure: false,
    });
    assert.equal((await keeper.described('orders-ready')).state.paused, true);
    assert.deepEqual(await keeper.changes(), []);
    const resumed = await keeper.call('resume', 'orders-ready');
    assert.equal(resumed.code, 0, resumed.err);
    const unreasoned = await keeper.call('pause', 'orders-ready');
    assert.equal(unreasoned.code, 2);
    assert.equal((await keeper.call('pause', 'orders-ready', '--reason', 'audit', '--json')).code, 0);
    assert.match((await keeper.call('list')).out, /orders-ready .*paused.*audit \(zoe\)/u);
    await keeper.call('resume', 'orders-ready');
  });

  it('starts one now, by names alone, and not a second while it is under way; what was skipped is said', async () => {
    const first = await keeper.call('run', 'orders-monthly', '--json');
    assert.equal(first.code, 0, first.err);
    const { workflowId } = json(first) as { workflowId: string };
    assert.match(workflowId, /^rehearsal-orders-\d{4}-\d\d-\d\dT/u);
    const second = await keeper.call('run', 'orders-monthly');
    assert.equal(second.code, 4);
    assert.ok(second.err.includes(`orders-monthly was not started: ${workflowId} is still under way`), second.err);
    const shown = await keeper.call('list');
    assert.match(shown.out, /orders-monthly .*ago: running .*1 skipped: one was still running/u);
    await keeper.client.workflow.getHandle(workflowId).terminate();
    const unknown = await keeper.call('run', 'orders-montly');
    assert.equal(unknown.code, 2);
    assert.match(unknown.err, /Did you mean "orders-monthly"/u);
  });
});
