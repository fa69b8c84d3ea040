import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { spend, throttled, type Spending } from '../../activities/aws/budget.ts';
import { takes } from '../../activities/aws/limits.ts';

let accounts = 0;
const call = (operation: string, more: Partial<Spending> = {}, apiShare = 1): Spending => ({
  facts: { region: 'us-east-1', account: `account-${accounts}`, apiShare },
  service: 'ec2',
  operation,
  ...more,
});

/** How many of these go at once. */
async function atOnce(count: number, one: Spending): Promise<number> {
  let done = 0;
  const end = new AbortController();
  const all = Array.from({ length: count }, () => spend({ ...one, signal: end.signal }).then(() => (done += 1)));
  await sleep(30);
  const gone = done;
  end.abort();
  await Promise.allSettled(all);
  return gone;
}

describe('The budget of API calls', () => {
  beforeEach(() => void (accounts += 1));

  it('lets a burst go and makes the rest wait for the rate of the action', async () => {
    const started = performance.now();
    await Promise.all(Array.from({ length: 7 }, () => spend(call('RunInstances'))));
    const took = performance.now() - started;
    assert.ok(took > 950 && took < 1_600, `5 at once and 2 a second: ${Math.round(took)} ms`);
  });

  it('is of the part that the site may use', async () => {
    assert.equal(await atOnce(20, call('DescribeInstances', {}, 0.1)), 10);
  });

  it('is its own for each action, region and account, and one for all steps', async () => {
    assert.equal(await atOnce(9, call('RunInstances')), 5);
    assert.equal(await atOnce(9, call('RunInstances')), 0);
    assert.equal(await atOnce(9, call('CopyImage')), 9);
    const elsewhere = call('RunInstances');
    assert.equal(await atOnce(9, { ...elsewhere, facts: { ...elsewhere.facts, region: 'us-west-2' } }), 5);
    accounts += 1;
    assert.equal(await atOnce(9, call('RunInstances')), 5);
  });

  it('is one for Route 53 in all regions', async () => {
    const one = call('ListResourceRecordSets', { service: 'route53' });
    assert.equal(await atOnce(60, one), 50);
    assert.equal(await atOnce(60, { ...one, operation: 'GetChange', facts: { ...one.facts, region: 'us-west-2' } }), 0);
  });

  it('counts the instances that one call starts', async () => {
    const [requests, resources] = takes('ec2', 'RunInstances', { MaxCount: 40 });
    assert.deepEqual([requests!.tokens, resources!.tokens], [1, 40]);
    assert.deepEqual(takes('ec2', 'StopInstances', { InstanceIds: ['i-1', 'i-2'] })[1]!.tokens, 2);
  });

  it('makes fewer calls after AWS has throttled, and counts those that were on their way as one', async () => {
    const one = call('DescribeVolumes');
    for (let turn = 0; turn < 10; turn += 1) throttled(one);
    await sleep(520);
    const calm = call('DescribeSnapshots');
    await atOnce(200, calm);
    await sleep(520);
    const [slowed, whole] = [await atOnce(100, one), await atOnce(100, calm)];
    assert.ok(slowed >= 4 && slowed <= 12, `at half its 20 a second, and not at a thousandth: ${slowed}`);
    assert.ok(whole >= 9, `at its 20 a second: ${whole}`);
  });

  it('holds the limit of which least is left to be the one that was reached, and keeps half of the others', async () => {
    const one = call('RunInstances', { input: { MaxCount: 1 } });
    await spend(one);
    // A burst of 1000 instances, and of 5 calls.
    for (let turn = 0; turn < 10; turn += 1) throttled(one);
    await sleep(1_200);
    assert.equal(await atOnce(3, { ...one, input: { MaxCount: 400 } }), 1);
  });

  it('is left by a step that is cancelled, and those behind it go on', async () => {
    await atOnce(5, call('StartInstances'));
    const end = new AbortController();
    const first = spend(call('StartInstances', { signal: end.signal }));
    const second = spend(call('StartInstances'));
    end.abort(new Error('cancelled'));
    await assert.rejects(first, /cancelled|aborted/u);
    const started = performance.now();
    await second;
    assert.ok(performance.now() - started < 1_000);
  });
});
