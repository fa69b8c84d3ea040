import type { DBInstance, DBSnapshot } from '@aws-sdk/client-rds';
import type { Image } from '@aws-sdk/client-ec2';
import { service, type Caller } from '../aws/client.ts';
import { tag, tagOf } from '../aws/tags.ts';
import { filters, has, imagesTagged, instancesTagged, pages, snapshotsTagged, volumesTagged } from './find.ts';
import { disksOf } from './image-made.ts';
import { instances as kind } from './kinds.ts';

const gibibyte = 2 ** 30;

/** In the order in which they are taken away: what is used goes after what uses it. */
export const kinds = ['instance', 'database', 'volume', 'image', 'snapshot', 'database-snapshot', 'address', 'security-group'] as const;

/** Who looks, and for which system. */
export type Looker = Caller & { readonly system: { readonly name: string } };

/** A resource at AWS that Lifeboat made. */
export interface Made {
  readonly kind: (typeof kinds)[number];
  readonly id: string;
  readonly tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[];
  /** It is on its way out already. */
  readonly going: boolean;
  /** It is complete: a backup that is not counts for none. */
  readonly sound: boolean;
  /** When it was made, milliseconds since 1970. */
  readonly at: number;
  /** Of a snapshot: size of what it is of. */
  readonly bytes: number;
  /** What it cannot be taken away from: ids of instances, images and network interfaces. */
  readonly usedBy: readonly string[];
  /** Of a snapshot of a database: that database. */
  readonly of?: string;
}

/** Everything at a site that Lifeboat made of the system. What has other tags, or none, is not looked at. */
export async function everythingMade(site: string, context: Looker): Promise<readonly Made[]> {
  const tags = { [tag.system]: context.system.name };
  const readers = [instances, volumes, imagesAndSnapshots, addresses, groups, databases, databaseSnapshots];
  const all = await Promise.all(readers.map((read) => read(tags, site, context)));
  return all.flat().filter(({ tags: own }) => has(own, tags) && tagOf(own, tag.key) !== undefined);
}

type Tags = { readonly [name: string]: string };

async function instances(tags: Tags, site: string, context: Looker): Promise<readonly Made[]> {
  const found = (await instancesTagged(tags, site, context)).filter(({ State }) => State?.Name !== 'terminated');
  return found.map(({ InstanceId = '', Tags = [], State, LaunchTime }) => ({
    ...plain('instance', InstanceId, Tags, LaunchTime),
    going: State?.Name === 'shutting-down',
  }));
}

async function volumes(tags: Tags, site: string, context: Looker): Promise<readonly Made[]> {
  const found = (await volumesTagged(tags, site, context)).filter(({ State }) => State !== 'deleted');
  return found.map(({ VolumeId = '', Tags = [], State, CreateTime, Attachments = [] }) => ({
    ...plain('volume', VolumeId, Tags, CreateTime),
    going: State === 'deleting',
    usedBy: Attachments.flatMap(({ InstanceId }) => InstanceId ?? []),
  }));
}

async function imagesAndSnapshots(tags: Tags, site: string, context: Looker): Promise<readonly Made[]> {
  const [images, snapshots] = await Promise.all([imagesTagged({}, site, context), snapshotsTagged(tags, site, context)]);
  const users = new Map<string, string[]>();
  for (const image of images)
    for (const { Ebs } of disksOf(image)) users.set(Ebs!.SnapshotId!, [...(users.get(Ebs!.SnapshotId!) ?? []), image.ImageId!]);
  return [
    ...images.map(asImage).filter(({ tags: own }) => has(own, tags)),
    ...snapshots.map(({ SnapshotId = '', Tags = [], State, StartTime, VolumeSize = 0 }) => ({
      ...plain('snapshot', SnapshotId, Tags, StartTime),
      sound: State === 'completed',
      bytes: VolumeSize * gibibyte,
      usedBy: users.get(SnapshotId) ?? [],
    })),
  ];
}

function asImage({ ImageId = '', Tags = [], State, CreationDate }: Image): Made {
  return { ...plain('image', ImageId, Tags, new Date(CreationDate ?? 0)), sound: State === 'available' };
}

async function addresses(tags: Tags, site: string, context: Looker): Promise<readonly Made[]> {
  const { Addresses = [] } = await (await service('ec2', site, context)).describeAddresses({ Filters: filters(tags) });
  const users = await kind.describe([...new Set(Addresses.flatMap(({ InstanceId }) => InstanceId || []))], site, context);
  // One that was terminated may be told for a while as what the address is on.
  const isThere = (id: string): boolean => users.has(id) && users.get(id)?.State?.Name !== 'terminated';
  return Addresses.map(({ AllocationId = '', Tags = [], InstanceId, NetworkInterfaceId }) => ({
    ...plain('address', AllocationId, Tags, undefined),
    usedBy: InstanceId ? [InstanceId].filter(isThere) : [NetworkInterfaceId ?? ''].filter(Boolean),
  }));
}

async function groups(tags: Tags, site: string, context: Looker): Promise<readonly Made[]> {
  const ec2 = await service('ec2', site, context);
  const found = await pages(async (NextToken) => {
    const page = await ec2.describeSecurityGroups({ Filters: filters(tags), MaxResults: 1_000, NextToken });
    return { items: page.SecurityGroups, next: page.NextToken };
  });
  if (found.length === 0) return [];
  const Filters = [{ Name: 'group-id', Values: found.map(({ GroupId }) => GroupId!) }];
  const interfaces = await pages(async (NextToken) => {
    const page = await ec2.describeNetworkInterfaces({ Filters, MaxResults: 1_000, NextToken });
    return { items: page.NetworkInterfaces, next: page.NextToken };
  });
  return found.map(({ GroupId = '', Tags = [] }) => ({
    ...plain('security-group', GroupId, Tags, undefined),
    usedBy: interfaces
      .filter(({ Groups = [] }) => Groups.some((group) => group.GroupId === GroupId))
      .map(({ Attachment, NetworkInterfaceId }) => Attachment?.InstanceId ?? NetworkInterfaceId!),
  }));
}

async function databases(_tags: Tags, site: string, context: Looker): Promise<readonly Made[]> {
  const rds = await service('rds', site, context);
  const found = await pages<DBInstance>(async (token) => {
    const page = await rds.describeDBInstances({ MaxRecords: 100, ...(token === undefined ? {} : { Marker: token }) });
    return { items: page.DBInstances, next: page.Marker };
  });
  return found.map(({ DBInstanceIdentifier = '', TagList = [], DBInstanceStatus, InstanceCreateTime }) => ({
    ...plain('database', DBInstanceIdentifier, TagList, InstanceCreateTime),
    going: DBInstanceStatus === 'deleting',
  }));
}

async function databaseSnapshots(_tags: Tags, site: string, context: Looker): Promise<readonly Made[]> {
  const rds = await service('rds', site, context);
  const found = await pages<DBSnapshot>(async (token) => {
    const page = await rds.describeDBSnapshots({
      SnapshotType: 'manual',
      MaxRecords: 100,
      ...(token === undefined ? {} : { Marker: token }),
    });
    return { items: page.DBSnapshots, next: page.Marker };
  });
  return found.map((one) => ({
    ...plain(
      'database-snapshot',
      one.DBSnapshotIdentifier ?? '',
      one.TagList ?? [],
      one.OriginalSnapshotCreateTime ?? one.SnapshotCreateTime,
    ),
    going: one.Status === 'deleting',
    sound: one.Status === 'available',
    bytes: (one.AllocatedStorage ?? 0) * gibibyte,
    of: one.DBInstanceIdentifier ?? '',
  }));
}

function plain(kind: Made['kind'], id: string, tags: Made['tags'], at: Date | undefined): Made {
  return { kind, id, tags, going: false, sound: true, at: at?.getTime() ?? 0, bytes: 0, usedBy: [] };
}
