import type { EC2 } from '@aws-sdk/client-ec2';
import type { LedgerEntry } from '../../lab/aws/control.ts';
import { service } from '../../activities/aws/client.ts';
import type { Cloud } from './cloud.ts';
import { until } from './estate.ts';
import { network } from './machines.ts';

/** An instance with a root disk `/dev/xvda` (8 GiB) and data disks `/dev/sdf` (20 GiB, encrypted) and `/dev/sdg` (5 GiB). */
export interface Guest {
  readonly ec2: EC2;
  readonly id: string;
  readonly subnet: string;
  readonly zone: string;
  /** The key of the encrypted disk, by its ARN. */
  readonly key: string;
  /** Volume by device. */
  readonly disks: { readonly [device: string]: string };
}

export async function guest(cloud: Cloud, site = 'east'): Promise<Guest> {
  const { ec2, image, subnet, group } = await network(cloud, site);
  const key = await keyAt(cloud, site, [cloud.vault]);
  const { Instances } = await ec2.runInstances({
    ImageId: image,
    InstanceType: 'm5.large',
    MinCount: 1,
    MaxCount: 1,
    SubnetId: subnet,
    SecurityGroupIds: [group],
    BlockDeviceMappings: [
      { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 20, VolumeType: 'gp3', Encrypted: true, KmsKeyId: key } },
      { DeviceName: '/dev/sdg', Ebs: { VolumeSize: 5, VolumeType: 'gp3' } },
    ],
  });
  const id = Instances![0]!.InstanceId!;
  const { Reservations } = await ec2.describeInstances({ InstanceIds: [id] });
  const mappings = Reservations![0]!.Instances![0]!.BlockDeviceMappings!;
  const disks = Object.fromEntries(mappings.map(({ DeviceName, Ebs }) => [DeviceName!, Ebs!.VolumeId!]));
  return { ec2, id, subnet, key, disks, zone: `${cloud.sites[site]!.region}a` };
}

/** A key at a site, by its ARN, that its account and these others may use. */
export async function keyAt(cloud: Cloud, site: string, others: readonly string[] = []): Promise<string> {
  const kms = await service('kms', site, cloud.context());
  const AWS = [cloud.sites[site]!.account!, ...others].map((account) => `arn:aws:iam::${account}:root`);
  const { KeyMetadata } = await kms.createKey({
    Policy: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'kms:*', Resource: '*' }] }),
  });
  return KeyMetadata!.Arn!;
}

/** What there is of a kind in a region and account, in order of making. */
export async function left(cloud: Cloud, kind: string, site = 'east'): Promise<readonly LedgerEntry[]> {
  const { region, account } = cloud.sites[site]!;
  return (await cloud.ledger()).filter((one) => one.kind === kind && !one.gone && one.region === region && one.account === account);
}

/** Of those the ones that a step made. */
export async function ours(cloud: Cloud, kind: string, site = 'east'): Promise<readonly LedgerEntry[]> {
  return (await left(cloud, kind, site)).filter(({ tags }) => tags['lifeboat:key'] !== undefined);
}

/** The emulator tells times in whole seconds: what is made from now on is told to be younger than what there is. */
export function nextSecond(): Promise<void> {
  const now = Math.floor(Date.now() / 1_000);
  return until('the next second', () => Math.floor(Date.now() / 1_000) > now);
}
