import { service } from '../../activities/aws/client.ts';
import { tagsFor } from '../../activities/aws/tags.ts';
import type { StepContext } from '../../activities/step.ts';
import type { Guest } from './disks.ts';

/** One of each kind that it takes away, with these tags. */
export async function oneOfEach(east: Guest, context: StepContext, keep?: number, label = 'one'): Promise<void> {
  const Tags = tagsFor(context, keep);
  const [ec2, rds] = [east.ec2, await service('rds', 'east', context)];
  const tagged = <T extends string>(...types: T[]) => ({ TagSpecifications: types.map((ResourceType) => ({ ResourceType, Tags })) });
  const { Volumes } = await ec2.describeVolumes({ VolumeIds: [east.disks['/dev/sdg']!] });
  const { Images } = await ec2.describeImages({ Owners: ['self'] });
  const { GroupId } = await ec2.createSecurityGroup({
    GroupName: label,
    Description: label,
    VpcId: (await ec2.describeSubnets({ SubnetIds: [east.subnet] })).Subnets![0]!.VpcId!,
    ...tagged('security-group' as const),
  });
  const { Instances } = await ec2.runInstances({
    ImageId: Images!.find(({ Name }) => Name === 'app')!.ImageId!,
    InstanceType: 'm5.large',
    MinCount: 1,
    MaxCount: 1,
    SubnetId: east.subnet,
    SecurityGroupIds: [GroupId!],
    ...tagged('instance' as const, 'volume' as const),
  });
  const id = Instances![0]!.InstanceId!;
  await ec2.createImage({ InstanceId: id, Name: label, NoReboot: true, ...tagged('image' as const, 'snapshot' as const) });
  const { VolumeId } = await ec2.createVolume({ AvailabilityZone: Volumes![0]!.AvailabilityZone!, Size: 5, ...tagged('volume' as const) });
  await ec2.attachVolume({ VolumeId: VolumeId!, InstanceId: id, Device: '/dev/sdf' });
  await ec2.createSnapshot({ VolumeId: east.disks['/dev/sdg']!, ...tagged('snapshot' as const) });
  const { AllocationId } = await ec2.allocateAddress({ Domain: 'vpc', ...tagged('elastic-ip' as const) });
  await ec2.associateAddress({ AllocationId: AllocationId!, InstanceId: id });
  await rds.createDBInstance({
    DBInstanceIdentifier: `db-${label}`,
    Engine: 'postgres',
    DBInstanceClass: 'db.m7g.large',
    AllocatedStorage: 20,
    MasterUsername: 'shop',
    MasterUserPassword: 'only-for-this-test',
    Tags,
  });
  const { DBSnapshots = [] } = await rds.describeDBSnapshots({ SnapshotType: 'automated' });
  for (const { DBSnapshotIdentifier } of DBSnapshots) await rds.deleteDBSnapshot({ DBSnapshotIdentifier });
  await rds.createDBSnapshot({ DBInstanceIdentifier: `db-${label}`, DBSnapshotIdentifier: `db-${label}-1`, Tags });
}
