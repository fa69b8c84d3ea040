import { AwsError } from '../../activities/aws/error.ts';
import { service, type Services } from '../../activities/aws/client.ts';
import { until } from '../activities/estate.ts';
import type { Cloud } from '../activities/cloud.ts';

/** A client of a service at a site, as a step gets one. */
export function at<K extends keyof Services>(cloud: Cloud, site: 'east' | 'west' | 'vault', name: K): Promise<Services[K]> {
  return service(name, site, cloud.context({ key: 'test', run: 'test' }));
}

/** With what AWS refuses: the name, and its sentence. */
export async function refusal(promise: Promise<unknown>): Promise<{ readonly name: string; readonly message: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof AwsError) return { name: error.aws, message: error.message };
    throw error;
  }
  throw new Error('It should have been refused, and it was not.');
}

/** An image of one disk of 8 GiB, and its snapshot. */
export async function image(cloud: Cloud, site: 'east' | 'west' | 'vault' = 'east', name = 'base'): Promise<string> {
  const ec2 = await at(cloud, site, 'ec2');
  const { VolumeId } = await ec2.createVolume({ AvailabilityZone: `${cloud.sites[site]!.region}a`, Size: 8 });
  await available(cloud, site, VolumeId!);
  const { SnapshotId } = await ec2.createSnapshot({ VolumeId });
  await until('the snapshot', async () => {
    const { Snapshots } = await ec2.describeSnapshots({ SnapshotIds: [SnapshotId!] });
    return Snapshots![0]!.State === 'completed';
  });
  const { ImageId } = await ec2.registerImage({
    Name: name,
    RootDeviceName: '/dev/xvda',
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId, VolumeType: 'gp3' } }],
  });
  return ImageId!;
}

async function available(cloud: Cloud, site: 'east' | 'west' | 'vault', id: string): Promise<void> {
  const ec2 = await at(cloud, site, 'ec2');
  await until('the volume', async () => (await ec2.describeVolumes({ VolumeIds: [id] })).Volumes![0]!.State === 'available');
}

/** A running instance with a root disk and an encrypted data disk. */
export async function instance(cloud: Cloud, site: 'east' | 'west' | 'vault' = 'east'): Promise<string> {
  const ec2 = await at(cloud, site, 'ec2');
  const { Instances } = await ec2.runInstances({
    ImageId: await image(cloud, site, `base-${Math.random()}`),
    InstanceType: 'm7i.large',
    MinCount: 1,
    MaxCount: 1,
    BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 20, VolumeType: 'gp3', Encrypted: true } }],
  });
  const id = Instances![0]!.InstanceId!;
  await until('the instance', async () => (await stateOf(cloud, site, id)) === 'running');
  return id;
}

export async function stateOf(cloud: Cloud, site: 'east' | 'west' | 'vault', id: string): Promise<string | undefined> {
  const ec2 = await at(cloud, site, 'ec2');
  const { Reservations } = await ec2.describeInstances({ InstanceIds: [id] });
  return Reservations![0]!.Instances![0]!.State!.Name;
}

/** Disks of an instance by device. */
export async function disks(cloud: Cloud, site: 'east' | 'west' | 'vault', id: string) {
  const ec2 = await at(cloud, site, 'ec2');
  const { Volumes } = await ec2.describeVolumes({ Filters: [{ Name: 'attachment.instance-id', Values: [id] }] });
  return Object.fromEntries(Volumes!.map((one) => [one.Attachments![0]!.Device!, one]));
}

/** A key at a site that these accounts may use. */
export async function key(cloud: Cloud, site: 'east' | 'west' | 'vault', shared: readonly string[] = []): Promise<string> {
  const kms = await at(cloud, site, 'kms');
  const principals = [cloud.sites[site]!.account!, ...shared].map((id) => `arn:aws:iam::${id}:root`);
  const { KeyMetadata } = await kms.createKey({
    Policy: JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: { AWS: principals }, Action: 'kms:*', Resource: '*' }] }),
  });
  return KeyMetadata!.Arn!;
}

/** A PostgreSQL of 20 GiB at a site. */
export async function database(cloud: Cloud, site: 'east' | 'west' | 'vault', id: string, more: object = {}): Promise<void> {
  const rds = await at(cloud, site, 'rds');
  await rds.createDBInstance({
    DBInstanceIdentifier: id,
    DBInstanceClass: 'db.m7g.large',
    Engine: 'postgres',
    AllocatedStorage: 20,
    MasterUsername: 'shop',
    MasterUserPassword: 'not-a-secret',
    BackupRetentionPeriod: 7,
    ...more,
  });
  await until('the database', async () => (await statusOf(cloud, site, id)) === 'available');
}

export async function statusOf(cloud: Cloud, site: 'east' | 'west' | 'vault', id: string): Promise<string | undefined> {
  const rds = await at(cloud, site, 'rds');
  return (await rds.describeDBInstances({ DBInstanceIdentifier: id })).DBInstances![0]!.DBInstanceStatus;
}
