import assert from 'node:assert/strict';
import { cloud } from '../activities/cloud.ts';
import { until } from '../activities/estate.ts';
import { at, disks, instance, key, refusal } from './cloud.ts';

// docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshots.html, API_CopySnapshot.html, API_ModifySnapshotAttribute.html
describe('emulated AWS, snapshots of volumes', () => {
  it('a snapshot takes its time, shows progress, and keeps the time that was set when it was made', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const { VolumeId } = await ec2.createVolume({ AvailabilityZone: 'us-east-1a', Size: 8 });
    await c.settings({ seconds: { 'ec2:snapshot': 0.6 } });
    const made = await ec2.createSnapshot({ VolumeId });
    assert.equal(made.State, 'pending');
    await c.settings({ seconds: {} });
    const seen = new Set<string>();
    await until('the snapshot', async () => {
      const [one] = (await ec2.describeSnapshots({ SnapshotIds: [made.SnapshotId!] })).Snapshots!;
      seen.add(one!.Progress!);
      return one!.State === 'completed';
    });
    assert.ok(seen.size > 2, [...seen].join(' '));
    assert.equal((await ec2.createSnapshot({ VolumeId })).State, 'completed');
  });

  it('a snapshot may end in error, and one that is finished stays finished', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const { VolumeId } = await ec2.createVolume({ AvailabilityZone: 'us-east-1a', Size: 8 });
    const good = await ec2.createSnapshot({ VolumeId });
    await c.settings({ final: { 'ec2:snapshot': 'error' } });
    const bad = await ec2.createSnapshot({ VolumeId });
    const { Snapshots } = await ec2.describeSnapshots({ SnapshotIds: [good.SnapshotId!, bad.SnapshotId!] });
    assert.deepEqual(Snapshots!.map((one) => String(one.State)).sort(), ['completed', 'error']);
  });

  it('a set takes all volumes but those left out, with their tags where asked', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const id = await instance(c);
    const { '/dev/sdf': data } = await disks(c, 'east', id);
    await ec2.createTags({ Resources: [data!.VolumeId!], Tags: [{ Key: 'role', Value: 'data' }] });
    const all = await ec2.createSnapshots({
      InstanceSpecification: { InstanceId: id },
      CopyTagsFromSource: 'volume',
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'set', Value: 'one' }] }],
    });
    assert.equal(all.Snapshots!.length, 2);
    const ofData = all.Snapshots!.find((one) => one.VolumeId === data!.VolumeId)!;
    assert.equal(ofData.State, 'completed');
    assert.deepEqual(ofData.Tags!.map(({ Key }) => String(Key)).sort(), ['role', 'set']);
    const [described] = (await ec2.describeSnapshots({ SnapshotIds: [ofData.SnapshotId!] })).Snapshots!;
    assert.equal(described!.KmsKeyId, data!.KmsKeyId);
    const one = { InstanceId: id, ExcludeDataVolumeIds: [data!.VolumeId!] };
    assert.equal((await ec2.createSnapshots({ InstanceSpecification: one })).Snapshots!.length, 1);
    const none = { InstanceId: id, ExcludeBootVolume: true, ExcludeDataVolumeIds: [data!.VolumeId!] };
    assert.equal((await ec2.createSnapshots({ InstanceSpecification: none })).Snapshots?.length ?? 0, 0);
  });

  it('an unknown one is told by its id', async () => {
    const ec2 = await at(await cloud(), 'east', 'ec2');
    const { name, message } = await refusal(ec2.describeSnapshots({ SnapshotIds: ['snap-0123456789abcdef0'] }));
    assert.equal(name, 'InvalidSnapshot.NotFound');
    assert.match(message, /snap-0123456789abcdef0/u);
  });

  it('an unfinished one is neither copied nor made a volume of', async () => {
    const c = await cloud();
    const [east, west] = [await at(c, 'east', 'ec2'), await at(c, 'west', 'ec2')];
    const { VolumeId } = await east.createVolume({ AvailabilityZone: 'us-east-1a', Size: 8 });
    await c.settings({ seconds: { 'ec2:snapshot': 60 } });
    const { SnapshotId } = await east.createSnapshot({ VolumeId });
    const copy = west.copySnapshot({ SourceRegion: 'us-east-1', SourceSnapshotId: SnapshotId });
    assert.equal((await refusal(copy)).name, 'IncorrectState');
    assert.equal((await refusal(east.createVolume({ AvailabilityZone: 'us-east-1a', SnapshotId }))).name, 'IncorrectState');
  });

  it('twenty copies go on at once in a region, and no more', async () => {
    const c = await cloud();
    const [east, west] = [await at(c, 'east', 'ec2'), await at(c, 'west', 'ec2')];
    const { VolumeId } = await east.createVolume({ AvailabilityZone: 'us-east-1a', Size: 8 });
    const { SnapshotId } = await east.createSnapshot({ VolumeId });
    await c.settings({ seconds: { 'ec2:snapshot': 60 } });
    const copy = () => west.copySnapshot({ SourceRegion: 'us-east-1', SourceSnapshotId: SnapshotId });
    for (let n = 0; n < 20; n++) await copy();
    assert.equal((await refusal(copy())).name, 'ResourceLimitExceeded');
    assert.ok((await east.copySnapshot({ SourceRegion: 'us-east-1', SourceSnapshotId: SnapshotId })).SnapshotId);
  });

  it('a copy has a key of its own region, and ends in error with one that is not there', async () => {
    const c = await cloud();
    const [east, west] = [await at(c, 'east', 'ec2'), await at(c, 'west', 'ec2')];
    const own = await key(c, 'west');
    const { VolumeId } = await east.createVolume({ AvailabilityZone: 'us-east-1a', Size: 8, Encrypted: true });
    const { SnapshotId } = await east.createSnapshot({ VolumeId });
    const copy = async (KmsKeyId: string) => {
      const made = await west.copySnapshot({ SourceRegion: 'us-east-1', SourceSnapshotId: SnapshotId, Encrypted: true, KmsKeyId });
      return (await west.describeSnapshots({ SnapshotIds: [made.SnapshotId!] })).Snapshots![0]!;
    };
    const good = await copy(own);
    assert.deepEqual([good.State, good.KmsKeyId, good.VolumeId], ['completed', own, 'vol-ffffffff']);
    const bad = await copy(own.replace('us-west-2', 'us-east-1'));
    assert.deepEqual([bad.State, bad.StateMessage], ['error', 'Given key ID is not accessible']);
  });

  it('one is seen and copied by another account only while it is shared, with a key that is shared too', async () => {
    const c = await cloud();
    const [west, vault] = [await at(c, 'west', 'ec2'), await at(c, 'vault', 'ec2')];
    const shared = await key(c, 'west', [c.vault]);
    const { VolumeId } = await west.createVolume({ AvailabilityZone: 'us-west-2a', Size: 8, Encrypted: true, KmsKeyId: shared });
    const { SnapshotId } = await west.createSnapshot({ VolumeId });
    const copy = () => vault.copySnapshot({ SourceRegion: 'us-west-2', SourceSnapshotId: SnapshotId, Encrypted: true });
    assert.equal((await refusal(copy())).name, 'InvalidSnapshot.NotFound');
    await west.modifySnapshotAttribute({ SnapshotId, CreateVolumePermission: { Add: [{ UserId: c.vault }] } });
    const { SnapshotId: copied } = await copy();
    assert.equal((await vault.describeSnapshots({ SnapshotIds: [copied!] })).Snapshots![0]!.State, 'completed');
    assert.equal((await vault.describeSnapshots({ SnapshotIds: [SnapshotId!] })).Snapshots![0]!.OwnerId, c.account);
    await west.modifySnapshotAttribute({ SnapshotId, CreateVolumePermission: { Remove: [{ UserId: c.vault }] } });
    assert.equal((await refusal(copy())).name, 'InvalidSnapshot.NotFound');
  });

  it('one that has the default key cannot be shared', async () => {
    const c = await cloud();
    const west = await at(c, 'west', 'ec2');
    const { VolumeId } = await west.createVolume({ AvailabilityZone: 'us-west-2a', Size: 8, Encrypted: true });
    const { SnapshotId } = await west.createSnapshot({ VolumeId });
    const share = west.modifySnapshotAttribute({
      SnapshotId,
      OperationType: 'add',
      UserIds: [c.vault],
      Attribute: 'createVolumePermission',
    });
    assert.equal((await refusal(share)).name, 'OperationNotPermitted');
  });

  it('a list of them comes in pages', async () => {
    const ec2 = await at(await cloud(), 'east', 'ec2');
    const { VolumeId } = await ec2.createVolume({ AvailabilityZone: 'us-east-1a', Size: 8 });
    for (let n = 0; n < 7; n++) await ec2.createSnapshot({ VolumeId });
    const first = await ec2.describeSnapshots({ OwnerIds: ['self'], MaxResults: 5 });
    assert.equal(first.Snapshots!.length, 5);
    const second = await ec2.describeSnapshots({ OwnerIds: ['self'], MaxResults: 5, NextToken: first.NextToken });
    assert.deepEqual([second.Snapshots!.length, second.NextToken], [2, undefined]);
  });
});
