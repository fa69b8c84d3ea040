import assert from 'node:assert/strict';
import { cloud } from '../activities/cloud.ts';
import { until } from '../activities/estate.ts';
import { at, disks, image, instance, key, refusal, stateOf } from './cloud.ts';

// docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html, and the API reference page of each action.
describe('emulated AWS, instances', () => {
  it('an instance is pending, stopping, shutting down for as long as was set, and its checks take time', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const ImageId = await image(c);
    await c.settings({ seconds: { 'ec2:instance': 0.4, 'ec2:status': 1.2 } });
    const { Instances } = await ec2.runInstances({ ImageId, InstanceType: 'm7i.large', MinCount: 1, MaxCount: 1 });
    const id = Instances![0]!.InstanceId!;
    const ids = { InstanceIds: [id] };
    const seen = [await stateOf(c, 'east', id)];
    await until('running', async () => (await stateOf(c, 'east', id)) === 'running');
    const checks = async () => (await ec2.describeInstanceStatus(ids)).InstanceStatuses![0]!.InstanceStatus!.Status;
    seen.push(await checks());
    await until('its checks', async () => (await checks()) === 'ok');
    await ec2.stopInstances(ids);
    seen.push(await stateOf(c, 'east', id));
    await until('stopped', async () => (await stateOf(c, 'east', id)) === 'stopped');
    await ec2.terminateInstances(ids);
    seen.push(await stateOf(c, 'east', id));
    await until('terminated', async () => (await stateOf(c, 'east', id)) === 'terminated');
    assert.deepEqual(seen, ['pending', 'initializing', 'stopping', 'shutting-down']);
  });

  it('a security group of a name is there once in a VPC, however many ask for it at once', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const { Vpcs } = await ec2.describeVpcs({});
    const group = { GroupName: 'one', Description: 'one', VpcId: Vpcs![0]!.VpcId! };
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => ec2.createSecurityGroup(group)));
    assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 1);
    const { SecurityGroups } = await ec2.describeSecurityGroups({ Filters: [{ Name: 'group-name', Values: ['one'] }] });
    assert.equal(SecurityGroups?.length, 1);
  });

  it('one that was terminated is not started, and terminating it again changes nothing', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const ids = { InstanceIds: [await instance(c)] };
    await ec2.terminateInstances(ids);
    assert.equal((await refusal(ec2.startInstances(ids))).name, 'IncorrectInstanceState');
    assert.equal((await refusal(ec2.stopInstances(ids))).name, 'IncorrectInstanceState');
    await ec2.terminateInstances(ids);
  });

  it('its type is changed only while it is stopped', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const InstanceId = await instance(c);
    const change = () => ec2.modifyInstanceAttribute({ InstanceId, InstanceType: { Value: 'm7i.xlarge' } });
    assert.equal((await refusal(change())).name, 'IncorrectInstanceState');
    await ec2.stopInstances({ InstanceIds: [InstanceId] });
    await change();
  });

  it('a volume is attached once, in its zone, at a free device', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const [one, two] = [await instance(c), await instance(c)];
    const volume = async (zone: string) => (await ec2.createVolume({ AvailabilityZone: zone, Size: 8 })).VolumeId;
    const [VolumeId, far] = [await volume('us-east-1a'), await volume('us-east-1b')];
    const attach = (id: string | undefined, InstanceId: string, Device: string) => ec2.attachVolume({ VolumeId: id, InstanceId, Device });
    assert.equal((await refusal(attach(far, one, '/dev/sdg'))).name, 'InvalidVolume.ZoneMismatch');
    assert.equal((await refusal(attach(VolumeId, one, '/dev/sdf'))).name, 'InvalidParameterValue');
    await attach(VolumeId, one, '/dev/sdg');
    assert.equal((await refusal(attach(VolumeId, two, '/dev/sdg'))).name, 'VolumeInUse');
    await ec2.detachVolume({ VolumeId });
    await attach(VolumeId, two, '/dev/sdg');
    assert.deepEqual(Object.keys(await disks(c, 'east', two)).sort(), ['/dev/sdf', '/dev/sdg', '/dev/xvda']);
    await c.settings({ seconds: { 'ec2:volume': 60 } });
    assert.equal((await refusal(attach(await volume('us-east-1a'), one, '/dev/sdg'))).name, 'IncorrectState');
  });

  it('the same token gives the same instance, with other parameters it is refused, and so it is when that instance is gone', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const ImageId = await image(c);
    const run = async (InstanceType: 'm7i.large' | 'm7i.xlarge') =>
      (await ec2.runInstances({ ImageId, InstanceType, MinCount: 1, MaxCount: 1, ClientToken: 'one' })).Instances![0]!.InstanceId!;
    const ids = await Promise.all([run('m7i.large'), run('m7i.large'), run('m7i.large')]);
    assert.equal(new Set(ids).size, 1);
    assert.equal((await refusal(run('m7i.xlarge'))).name, 'IdempotentParameterMismatch');
    await ec2.terminateInstances({ InstanceIds: [ids[0]!] });
    assert.equal((await refusal(run('m7i.large'))).name, 'IdempotentInstanceTerminated');
    const volume = async () => (await ec2.createVolume({ AvailabilityZone: 'us-east-1a', Size: 8, ClientToken: 'two' })).VolumeId;
    assert.equal(await volume(), await volume());
  });

  it('a type without capacity is refused in that zone alone, and one beyond the quota everywhere', async () => {
    const c = await cloud();
    const [ec2, quotas] = [await at(c, 'east', 'ec2'), await at(c, 'east', 'quotas')];
    const ImageId = await image(c);
    const run = (AvailabilityZone: string) =>
      ec2.runInstances({ ImageId, InstanceType: 'm7i.large', MinCount: 1, MaxCount: 1, Placement: { AvailabilityZone } });
    await c.settings({ capacity: [{ type: 'm7i.large', zone: 'us-east-1a' }] });
    assert.equal((await refusal(run('us-east-1a'))).name, 'InsufficientInstanceCapacity');
    await run('us-east-1b');
    await c.settings({ capacity: [], quotas: { 'L-1216C47A': 3 } });
    assert.equal((await refusal(run('us-east-1b'))).name, 'VcpuLimitExceeded');
    assert.equal((await quotas.getServiceQuota({ ServiceCode: 'ec2', QuotaCode: 'L-1216C47A' })).Quota!.Value, 3);
  });

  it('an image has every disk of its instance, with its encryption, and its copy the key of its region', async () => {
    const c = await cloud();
    const [east, west] = [await at(c, 'east', 'ec2'), await at(c, 'west', 'ec2')];
    const InstanceId = await instance(c);
    await c.settings({ seconds: { 'ec2:image': 0.8 } });
    const tags = [{ ResourceType: 'snapshot' as const, Tags: [{ Key: 'of', Value: 'image' }] }];
    const { ImageId } = await east.createImage({ InstanceId, Name: 'shop', TagSpecifications: tags });
    const of = async (ec2: typeof east, id: string) => (await ec2.describeImages({ ImageIds: [id] })).Images![0]!;
    const copy = (Name: string, KmsKeyId: string) =>
      west.copyImage({ Name, SourceImageId: ImageId, SourceRegion: 'us-east-1', Encrypted: true, KmsKeyId });
    const own = await key(c, 'west');
    assert.equal((await of(east, ImageId!)).State, 'pending');
    assert.equal((await refusal(copy('shop', own))).name, 'InvalidAMIID.Unavailable');
    const run = east.runInstances({ ImageId, InstanceType: 'm7i.large', MinCount: 1, MaxCount: 1 });
    assert.equal((await refusal(run)).name, 'InvalidAMIID.Unavailable');
    await until('the image', async () => (await of(east, ImageId!)).State === 'available');
    const shape = (found: Awaited<ReturnType<typeof of>>) =>
      found.BlockDeviceMappings!.map(({ DeviceName, Ebs }) => `${DeviceName} ${Ebs!.VolumeSize} ${Ebs!.Encrypted}`).sort();
    const expected = ['/dev/sdf 20 true', '/dev/xvda 8 false'];
    assert.deepEqual(shape(await of(east, ImageId!)), expected);
    const { Snapshots } = await east.describeSnapshots({ Filters: [{ Name: 'tag:of', Values: ['image'] }] });
    assert.equal(Snapshots!.length, 2);
    assert.equal((await refusal(east.createImage({ InstanceId, Name: 'shop' }))).name, 'InvalidAMIName.Duplicate');
    assert.equal((await refusal(copy('shop', own.replace('us-west-2', 'us-east-1')))).name, 'InvalidKmsKey.InvalidState');
    const copied = await of(west, (await copy('shop', own)).ImageId!);
    assert.deepEqual(shape(copied), ['/dev/sdf 20 true', '/dev/xvda 8 true']);
  });

  it('an instance has the disks of its image, changed as was asked', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const found = await disks(c, 'east', await instance(c));
    assert.deepEqual(
      Object.entries(found)
        .map(([device, { Size, Encrypted }]) => `${device} ${Size} ${Encrypted}`)
        .sort(),
      ['/dev/sdf 20 true', '/dev/xvda 8 false'],
    );
    const run = ec2.runInstances({ ImageId: 'ami-0123456789abcdef0', InstanceType: 'm7i.large', MinCount: 1, MaxCount: 1 });
    assert.equal((await refusal(run)).name, 'InvalidAMIID.NotFound');
  });

  it('a volume whose key cannot be used ends in error', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const KmsKeyId = await key(c, 'west');
    const { VolumeId } = await ec2.createVolume({ AvailabilityZone: 'us-east-1a', Size: 8, Encrypted: true, KmsKeyId });
    assert.equal((await ec2.describeVolumes({ VolumeIds: [VolumeId!] })).Volumes![0]!.State, 'error');
  });

  it('an interface has the groups that were given to it, and no others', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const { VpcId } = (await ec2.describeVpcs({})).Vpcs![0]!;
    const group = async (GroupName: string) => (await ec2.createSecurityGroup({ GroupName, Description: GroupName, VpcId })).GroupId!;
    const [open, closed] = [await group('open'), await group('closed')];
    const one = { MinCount: 1, MaxCount: 1, InstanceType: 'm7i.large' as const, SecurityGroupIds: [open] };
    const { Instances } = await ec2.runInstances({ ...one, ImageId: await image(c) });
    const [{ InstanceId, NetworkInterfaces }] = Instances! as [{ InstanceId: string; NetworkInterfaces: { NetworkInterfaceId: string }[] }];
    const { NetworkInterfaceId } = NetworkInterfaces[0]!;
    await ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId, Groups: [closed] });
    const found = await ec2.describeNetworkInterfaces({ NetworkInterfaceIds: [NetworkInterfaceId] });
    assert.deepEqual(
      found.NetworkInterfaces![0]!.Groups!.map(({ GroupId }) => GroupId),
      [closed],
    );
    const { Reservations } = await ec2.describeInstances({ InstanceIds: [InstanceId] });
    assert.deepEqual(
      Reservations![0]!.Instances![0]!.SecurityGroups!.map(({ GroupId }) => GroupId),
      [closed],
    );
  });

  it('missing capacity is a failure of the service, a refusal one of the caller', async () => {
    const c = await cloud();
    const ImageId = await image(c);
    await c.settings({ capacity: [{ type: 'm7i.large' }] });
    const sts = await at(c, 'east', 'sts');
    const { Credentials } = await sts.assumeRole({ RoleArn: c.sites['east']!.role!.arn, RoleSessionName: 'test' });
    const run = async (more: string) => {
      const scope = `AWS4-HMAC-SHA256 Credential=${Credentials!.AccessKeyId}/20260101/us-east-1/ec2/aws4_request`;
      const headers = { authorization: scope, 'content-type': 'application/x-www-form-urlencoded' };
      const body = `Action=RunInstances&Version=2016-11-15&ImageId=${ImageId}&InstanceType=m7i.large&MinCount=1&MaxCount=1${more}`;
      return (await fetch(c.endpoint, { method: 'POST', headers, body })).status;
    };
    assert.deepEqual([await run(''), await run('&DryRun=true'), await run('&SubnetId=subnet-0123456789abcdef0')], [500, 412, 400]);
  });

  it('tags are only given to what is there, and what is not implemented says so', async () => {
    const c = await cloud();
    const ec2 = await at(c, 'east', 'ec2');
    const tag = ec2.createTags({ Resources: ['vol-0123456789abcdef0'], Tags: [{ Key: 'a', Value: 'b' }] });
    assert.equal((await refusal(tag)).name, 'InvalidVolume.NotFound');
    assert.equal((await refusal(ec2.describeFastSnapshotRestores({}))).name, 'NotImplemented');
    const rds = await at(c, 'east', 'rds');
    assert.equal((await refusal(rds.describePendingMaintenanceActions({}))).name, 'NotImplemented');
    const route53 = await at(c, 'east', 'route53');
    assert.equal((await refusal(route53.listTrafficPolicies({}))).name, 'NotImplemented');
    const secrets = await at(c, 'east', 'secrets');
    assert.equal((await refusal(secrets.validateResourcePolicy({ ResourcePolicy: '{}' }))).name, 'NotImplemented');
  });
});
