import assert from 'node:assert/strict';
import { closedGroup } from '../../activities/ec2/closed-group.ts';
import { StepError } from '../../activities/error.ts';
import { awsSweeper } from '../../activities/sweep/aws.ts';
import { sweep, type Swept } from '../../activities/sweep/sweep.ts';
import type { SweepContext } from '../../activities/sweep/sweeper.ts';
import { cloud, type Cloud, type CloudOptions } from './cloud.ts';
import { guest, type Guest } from './disks.ts';
import { failure, rehearse, typeOf } from './estate.ts';
import { oneOfEach } from './one-of-each.ts';

const day = 86_400_000;

describe('What rehearsals leave at AWS', function () {
  this.timeout(60_000);
  let at: Cloud;
  let east: Guest;
  beforeEach(async () => {
    at = await cloud();
    east = await guest(at);
  });

  const rehearsal = (more: CloudOptions = {}) => at.context({ live: false, run: 'rehearsal-shop', ...more });
  const there = async (): Promise<readonly string[]> =>
    (await at.ledger())
      .filter(({ gone, kind }) => !gone && kind !== 'network-interface' && kind !== 'parameter-group')
      .map(({ kind, id }) => `${kind} ${id}`);
  const context = (more: Partial<SweepContext> = {}): SweepContext => ({
    system: { name: 'shop' },
    site: 'east',
    place: { folders: [], aws: at.sites['east']! },
    viewpoint: 'east',
    run: { workflowId: 'sweep-shop' },
    aws: () => at.sites['east']!,
    signal: new AbortController().signal,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    stillOurs: async () => undefined,
    ...more,
  });
  /** Of the run that a test begins with, unless it is told another. */
  const swept = (made = context(), more: object = {}): Promise<Swept> => {
    const { startedAt } = rehearsal().run;
    const wish = { of: { run: 'rehearsal-shop', startedAt }, which: 'over' as const, remove: true, within: 20_000, ...more };
    return sweep(wish, made, { over: async () => false, before: [], begun: () => undefined }, [awsSweeper]);
  };

  it('goes, one of each kind, in the order that lets it, and nothing of others does', async () => {
    const before = await there();
    const others = [
      rehearsal({ run: 'rehearsal-shop-2' }),
      rehearsal({ system: { name: 'billing' } }),
      at.context({ run: 'rehearsal-shop', live: true }),
    ];
    for (const [place, other] of others.entries()) await oneOfEach(east, other, day, `other-${place}`);
    const kept = await there();
    await oneOfEach(east, rehearsal());
    const made = (await there()).filter((one) => !kept.includes(one));
    assert.ok(made.length >= 8, made.join());
    await at.settings({ seconds: { 'ec2:instance': 0.3, 'rds:instance': 0.3 } });
    const { removed, left, problems } = await swept();
    assert.deepEqual([left, problems], [[], []]);
    assert.deepEqual(new Set(removed.map(({ kind }) => kind)).size, 8);
    assert.deepEqual(await there(), kept);
    assert.ok(kept.length > before.length);
  });

  it('is only looked at where nothing is to be removed, and told with its run and its end', async () => {
    await oneOfEach(east, rehearsal(), day);
    const before = await there();
    const { left } = await swept(context({ stillOurs: () => assert.fail('nothing is changed') }), { remove: false });
    const { startedAt } = rehearsal().run;
    for (const one of left)
      assert.deepEqual([one.site, one.run, one.expires], ['east', 'rehearsal-shop', new Date(Date.parse(startedAt) + day).toISOString()]);
    assert.equal(left.length, 10);
    assert.deepEqual(await there(), before);
  });

  it('is taken from what still uses it, and never together with that', async () => {
    const made = rehearsal();
    const { Reservations } = await east.ec2.describeInstances({ InstanceIds: [east.id] });
    const vpc = Reservations![0]!.Instances![0]!.VpcId!;
    const group = await closedGroup(vpc, 'east', made);
    await east.ec2.modifyInstanceAttribute({ InstanceId: east.id, Groups: [group] });
    const { left, problems } = await swept(context(), { within: 500 });
    assert.deepEqual(
      left.map(({ name }) => name),
      [group],
    );
    assert.match(problems.join(), new RegExp(`security-group ${group} .* is used by ${east.id}`, 'u'));
  });

  it('is freed by the steps that put it on a stand-in, and goes then', async () => {
    const [isolates, attaches] = [rehearsal(), rehearsal()];
    await east.ec2.createTags({ Resources: [east.id], Tags: [{ Key: 'lifeboat:purpose', Value: 'rehearsal' }] });
    const { SnapshotId } = await east.ec2.createSnapshot({ VolumeId: east.disks['/dev/sdf']! });
    const volume = { site: 'east', id: east.id, snapshot: SnapshotId, device: '/dev/sdh' };
    const before = await there();
    await rehearse('ec2.attach-volume', volume, attaches);
    await rehearse('ec2.isolate', { site: 'east', id: east.id }, isolates);
    const stuck = await swept(context(), { within: 500 });
    assert.deepEqual(stuck.left.map(({ kind }) => kind).sort(), ['security-group', 'volume']);
    await typeOf('ec2.isolate').sweep!({ site: 'east', id: east.id }, isolates);
    await typeOf('ec2.attach-volume').sweep!(volume, attaches);
    assert.deepEqual((await swept()).left, []);
    assert.deepEqual(await there(), before);
  });

  it('survives that it was begun before, and that an answer is lost', async () => {
    await oneOfEach(east, rehearsal());
    await at.faults([
      { service: 'ec2', operation: 'TerminateInstances', kind: 'lose' },
      { service: 'rds', operation: 'DeleteDBInstance', kind: 'lose' },
      { service: 'ec2', operation: 'DeleteVolume', kind: 'throttle' },
    ]);
    assert.deepEqual((await swept()).left, []);
    assert.deepEqual((await swept()).removed, []);
  });

  it('is not said to be gone where nobody can look, and is not touched in another account', async () => {
    await oneOfEach(east, rehearsal());
    const before = await there();
    const strange = { ...at.sites['east']!, account: '999999999999' };
    const other = await swept(context({ aws: () => strange }), { within: 0 });
    assert.match(other.problems.join(), /are of account \d+, and the inventory says 999999999999/u);
    await at.settings({ unreachable: ['us-east-1'] });
    const dark = await swept(context(), { within: 0 });
    assert.notEqual(dark.problems.length, 0);
    await at.settings({ unreachable: [] });
    assert.deepEqual(await there(), before);
    assert.equal(
      (await failure(awsSweeper.remove((await swept(context(), { remove: false })).left, context({ stillOurs: lost })))).code,
      'lent',
    );
    assert.deepEqual(await there(), before);
  });

  it('has a closed group of its own, which no fence shares', async () => {
    const { Reservations } = await east.ec2.describeInstances({ InstanceIds: [east.id] });
    const vpc = Reservations![0]!.Instances![0]!.VpcId!;
    const fence = await closedGroup(vpc, 'east', at.context());
    const own = await closedGroup(vpc, 'east', rehearsal());
    assert.notEqual(fence, own);
    await swept();
    const left = (await at.ledger()).filter(({ id, gone }) => !gone && [fence, own].includes(id)).map(({ id }) => id);
    assert.deepEqual(left, [fence]);
  });
});

const lost = (): Promise<void> => Promise.reject(new StepError('lent', 'The system was lent to another run.', 'mistake'));
