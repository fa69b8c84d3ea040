import type { EC2 } from '@aws-sdk/client-ec2';
import type { Clients } from '../clients.ts';
import type { Region } from '../home.ts';
import { named, nameTags } from './named.ts';
import type { Network } from './network.ts';

const type = 't3.medium';

/** An image with a root and a data disk, both encrypted. */
export async function makeImage({ ec2 }: Clients, name: string, key: string): Promise<string> {
  const disks = [
    { DeviceName: '/dev/xvda', Size: 8 },
    { DeviceName: '/dev/sdf', Size: 20 },
  ];
  const mappings = await Promise.all(
    disks.map(async ({ DeviceName, Size }) => ({
      DeviceName,
      Ebs: { SnapshotId: await makeSnapshot(ec2, name, Size, key), VolumeType: 'gp3' as const },
    })),
  );
  const { ImageId } = await ec2.registerImage({
    Name: name,
    Architecture: 'x86_64',
    RootDeviceName: '/dev/xvda',
    VirtualizationType: 'hvm',
    BlockDeviceMappings: mappings,
    TagSpecifications: named('image', name),
  });
  return ImageId!;
}

/** The same image in the other region, under that region's key. */
export async function copyImage({ ec2 }: Clients, image: string, from: Region, name: string, key: string): Promise<string> {
  const { ImageId } = await ec2.copyImage({
    Name: name,
    SourceImageId: image,
    SourceRegion: from,
    Encrypted: true,
    KmsKeyId: key,
    ClientToken: `lab-${name}`,
    TagSpecifications: named('image', name),
  });
  return ImageId!;
}

export async function makeTemplate({ ec2 }: Clients, name: string, image: string, groups: readonly string[]): Promise<string> {
  const { LaunchTemplate } = await ec2.createLaunchTemplate({
    LaunchTemplateName: name,
    LaunchTemplateData: { ImageId: image, InstanceType: type, SecurityGroupIds: [...groups] },
    TagSpecifications: named('launch-template', name),
  });
  return LaunchTemplate!.LaunchTemplateId!;
}

/** A running instance with the disks of its image. */
export async function launchFrom(
  { ec2 }: Clients,
  name: string,
  image: string,
  place: { readonly subnet: string; readonly groups: readonly string[] },
): Promise<string> {
  const { Instances: [instance] = [] } = await ec2.runInstances({
    ImageId: image,
    InstanceType: type,
    MinCount: 1,
    MaxCount: 1,
    SubnetId: place.subnet,
    SecurityGroupIds: [...place.groups],
    ClientToken: `lab-${name}`,
    TagSpecifications: [...named('instance', name), ...named('volume', name)],
  });
  return instance!.InstanceId!;
}

export async function makeScaleGroup(
  { autoScaling }: Clients,
  name: string,
  template: string,
  { subnets }: Pick<Network, 'subnets'>,
  desired: number,
  more: { readonly [key: string]: string } = {},
): Promise<void> {
  await autoScaling.createAutoScalingGroup({
    AutoScalingGroupName: name,
    LaunchTemplate: { LaunchTemplateId: template, Version: '$Latest' },
    MinSize: 0,
    MaxSize: 4,
    DesiredCapacity: desired,
    VPCZoneIdentifier: subnets.join(','),
    Tags: [...nameTags(name), ...Object.entries(more).map(([Key, Value]) => ({ Key, Value }))].map((tag) => ({
      ...tag,
      ResourceId: name,
      ResourceType: 'auto-scaling-group',
      PropagateAtLaunch: true,
    })),
  });
}

/** What a rehearsal acts on in place of a group: as large as nothing, where no way leads out, and tagged as a rehearsal's. */
export async function makeStandIn(clients: Clients, name: string, image: string, network: Network): Promise<void> {
  const standIn = `${name}-rehearsal`;
  const template = await makeTemplate(clients, standIn, image, [network['isolated-closed-group']]);
  await makeScaleGroup(clients, standIn, template, { subnets: network['isolated-subnets'] }, 0, {
    'lifeboat:purpose': 'rehearsal',
  });
}

/** An address, on an instance where one is given. */
export async function makeAddress({ ec2 }: Clients, name: string, instance?: string): Promise<string> {
  const { AllocationId } = await ec2.allocateAddress({ Domain: 'vpc', TagSpecifications: named('elastic-ip', name) });
  if (instance !== undefined) await ec2.associateAddress({ AllocationId, InstanceId: instance });
  return AllocationId!;
}

async function makeSnapshot(ec2: EC2, name: string, size: number, key: string): Promise<string> {
  const zone = `${await ec2.config.region()}a`;
  const { VolumeId } = await ec2.createVolume({ AvailabilityZone: zone, Size: size, VolumeType: 'gp3', Encrypted: true, KmsKeyId: key });
  const { SnapshotId } = await ec2.createSnapshot({ VolumeId, TagSpecifications: named('snapshot', name) });
  await ec2.deleteVolume({ VolumeId });
  return SnapshotId!;
}
