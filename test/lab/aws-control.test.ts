import assert from 'node:assert/strict';
import { cloud } from '../activities/cloud.ts';
import { StepError } from '../../activities/error.ts';
import { at, refusal } from './cloud.ts';
import { until } from '../../lab/until.ts';

// docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html, docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
describe('emulated AWS, faults and the ledger', () => {
  async function volume() {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const { VolumeId } = await ec2.createVolume({ AvailabilityZone: 'us-east-1a', Size: 8 });
    const snapshot = () => ec2.createSnapshot({ VolumeId });
    const snapshots = async () => (await c.ledger()).filter(({ kind, gone }) => kind === 'snapshot' && !gone).length;
    return { c, ec2, VolumeId: VolumeId!, snapshot, snapshots };
  }
  const code = (promise: Promise<unknown>) =>
    promise.then(
      () => 'fine',
      (error: unknown) => (error instanceof StepError ? error.code : String(error)),
    );

  for (const [kind, expected, effects] of [
    ['refuse', 'aws-fault', 0],
    ['throttle', 'aws-throttled', 0],
    ['reset', 'aws-lost', 0],
    ['lose', 'aws-lost', 1],
    ['slow', 'fine', 1],
    ['late', 'fine', 1],
  ] as const)
    it(`a call that meets "${kind}" has ${effects} effects, and the next none of it`, async () => {
      const { c, snapshot, snapshots } = await volume();
      await c.faults([{ service: 'ec2', operation: 'CreateSnapshot', kind, seconds: 0.05 }]);
      assert.equal(await code(snapshot()), expected);
      assert.equal(await snapshots(), effects);
      assert.equal(await code(snapshot()), 'fine');
      assert.equal((await c.fired())[0]!.fired, 1);
    });

  it('a fault strikes as often as was said, after as many as was said, in its region, and no dry run', async () => {
    const { c, ec2, VolumeId, snapshot } = await volume();
    await c.faults([
      { service: 'ec2', operation: 'CreateSnapshot', region: 'us-west-2', kind: 'refuse' },
      { service: 'ec2', operation: 'CreateSnapshot', kind: 'refuse', code: 'Unavailable', status: 503, times: 2, after: 1 },
    ]);
    assert.equal((await refusal(ec2.createSnapshot({ VolumeId, DryRun: true }))).name, 'DryRunOperation');
    const met = [await code(snapshot()), await code(snapshot()), await code(snapshot()), await code(snapshot())];
    assert.deepEqual(met, ['fine', 'aws-fault', 'aws-fault', 'fine']);
    assert.deepEqual(
      (await c.fired()).map(({ fired }) => fired),
      [0, 2],
    );
  });

  it('the faults and settings of one cloud are not those of another', async () => {
    const [{ c, snapshot }, other] = [await volume(), await volume()];
    await c.faults([{ kind: 'refuse', times: 100 }]);
    await c.settings({ unreachable: ['us-east-1', 'us-west-2'] });
    assert.equal(await code(other.snapshot()), 'fine');
    assert.equal(await code(snapshot()), 'aws-lost');
  });

  it('a bucket of tokens is emptied by calls and filled by time', async () => {
    const { c, ec2 } = await volume();
    await c.settings({ buckets: { 'ec2:DescribeVolumes': { size: 3, rate: 0.5 } } });
    const burst = () => Promise.all(Array.from({ length: 6 }, () => code(ec2.describeVolumes({}))));
    const throttled = (codes: string[]) => codes.filter((one) => one === 'aws-throttled').length;
    const first = await burst();
    assert.ok(throttled(first) >= 2, first.join(' '));
    await until('a token is back', async () => (await code(ec2.describeVolumes({}))) === 'fine');
    const second = await burst();
    assert.ok(throttled(second) >= 2, second.join(' '));
  });

  it('the ledger has what is there and what was there, with tags, and nothing that AWS brings itself', async () => {
    const { c, ec2, VolumeId } = await volume();
    await ec2.createTags({ Resources: [VolumeId], Tags: [{ Key: 'a', Value: 'b' }] });
    await ec2.deleteVolume({ VolumeId });
    const entries = await c.ledger();
    assert.deepEqual(
      entries.map(({ service, kind, id, region, account, tags, gone }) => ({ service, kind, id, region, account, tags, gone })),
      [{ service: 'ec2', kind: 'volume', id: VolumeId, region: 'us-east-1', account: c.account, tags: { a: 'b' }, gone: true }],
    );
  });

  it('a resource that is renamed is the same in the ledger', async () => {
    const c = await cloud();
    const rds = await at(c, 'east', 'rds');
    const engine = { Engine: 'postgres', DBInstanceClass: 'db.m7g.large', AllocatedStorage: 20, MasterUsername: 'u' };
    await rds.createDBInstance({ DBInstanceIdentifier: 'one', ...engine });
    await rds.modifyDBInstance({ DBInstanceIdentifier: 'one', NewDBInstanceIdentifier: 'two', ApplyImmediately: true });
    const databases = (await c.ledger()).filter(({ service, kind }) => service === 'rds' && kind === 'instance');
    assert.deepEqual(
      databases.map(({ id, gone }) => [id, gone]),
      [['two', false]],
    );
  });

  it('what the control interface does not know it refuses', async () => {
    const c = await cloud();
    await assert.rejects(c.settings({ second: {} } as never), /no such setting: second/u);
    await assert.rejects(c.faults([{ kind: 'break' as never }]), /no such kind of fault: break/u);
  });
});
