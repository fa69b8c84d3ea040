import assert from 'node:assert/strict';
import type { EC2 } from '@aws-sdk/client-ec2';
import { onCall, service } from '../../activities/aws/client.ts';
import type { Cloud } from './cloud.ts';
import { typeOf } from './estate.ts';

/** A network at a site of an emulated AWS, and what runs in it. */
export interface Network {
  readonly ec2: EC2;
  readonly vpc: string;
  readonly subnet: string;
  /** In another zone. */
  readonly other: string;
  readonly group: string;
  readonly image: string;
}

/** A VPC without a way out, two subnets, a security group, an image. */
export async function network(cloud: Cloud, site = 'east'): Promise<Network> {
  const ec2 = await service('ec2', site, cloud.context());
  const { Vpc } = await ec2.createVpc({ CidrBlock: '10.20.0.0/16' });
  const vpc = Vpc!.VpcId!;
  const { region } = cloud.sites[site]!;
  const subnet = async (block: string, zone: string) =>
    (await ec2.createSubnet({ VpcId: vpc, CidrBlock: block, AvailabilityZone: `${region}${zone}` })).Subnet!.SubnetId!;
  const { GroupId } = await ec2.createSecurityGroup({ GroupName: 'app', Description: 'app', VpcId: vpc });
  await ec2.authorizeSecurityGroupIngress({ GroupId, IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, CidrIp: '10.20.0.0/16' });
  const made = { ec2, vpc, subnet: await subnet('10.20.1.0/24', 'a'), other: await subnet('10.20.2.0/24', 'b'), group: GroupId! };
  const { ImageId } = await ec2.registerImage({
    Name: 'app',
    Architecture: 'x86_64',
    RootDeviceName: '/dev/xvda',
    VirtualizationType: 'hvm',
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: await snapshot(ec2, `${region}a`), DeleteOnTermination: true } }],
  });
  return { ...made, image: ImageId! };
}

/** A finished snapshot of an empty volume. */
export async function snapshot(ec2: EC2, zone: string): Promise<string> {
  const { VolumeId } = await ec2.createVolume({ AvailabilityZone: zone, Size: 8 });
  return (await ec2.createSnapshot({ VolumeId: VolumeId! })).SnapshotId!;
}

/** An instance in service, by id. */
export async function machine({ ec2, image, subnet, group }: Network, tags: { readonly [key: string]: string } = {}): Promise<string> {
  const { Instances } = await ec2.runInstances({
    ImageId: image,
    InstanceType: 'm5.large',
    MinCount: 1,
    MaxCount: 1,
    SubnetId: subnet,
    SecurityGroupIds: [group],
    TagSpecifications: [
      { ResourceType: 'instance', Tags: Object.entries({ Name: 'app', ...tags }).map(([Key, Value]) => ({ Key, Value })) },
    ],
  });
  return Instances![0]!.InstanceId!;
}

/** An instance's state, as EC2 says, and the groups of all its interfaces. */
export async function seen(ec2: EC2, id: string): Promise<{ readonly state: string; readonly groups: readonly string[] }> {
  const { Reservations } = await ec2.describeInstances({ InstanceIds: [id] });
  const [instance] = Reservations![0]!.Instances!;
  const { NetworkInterfaces = [] } = await ec2.describeNetworkInterfaces({ Filters: [{ Name: 'attachment.instance-id', Values: [id] }] });
  return { state: instance!.State!.Name!, groups: NetworkInterfaces.flatMap(({ Groups = [] }) => Groups.map(({ GroupId }) => GroupId!)) };
}

/** What cannot be at any site: the same refusals for every type that acts on an instance. */
export function elsewhere(cloud: Cloud, made: ReturnType<Cloud['context']>, account: string): ReturnType<Cloud['context']> {
  return { ...made, aws: (site) => ({ ...cloud.sites[site]!, account }) };
}

/** Does something, and holds every call that it makes to what the type declares for that phase. */
export async function declared<T>(name: string, phase: 'preflight' | 'execute' | 'rehearse' | 'undo', work: () => Promise<T>): Promise<T> {
  const calls: string[] = [];
  const stop = onCall(({ action }) => calls.push(action));
  try {
    return await work();
  } finally {
    stop();
    const known = [...(typeOf(name).iam?.[phase] ?? []), 'sts:GetCallerIdentity', 'iam:SimulatePrincipalPolicy'];
    assert.deepEqual(
      [...new Set(calls)].filter((action) => !known.includes(action)),
      [],
      `calls of ${name} that it does not declare`,
    );
  }
}
