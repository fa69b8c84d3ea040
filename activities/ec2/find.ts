import type { Filter, Image, Instance, Snapshot, Volume } from '@aws-sdk/client-ec2';
import { service, type Caller } from '../aws/client.ts';
import { tagOf } from '../aws/tags.ts';
import { StepError } from '../error.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';
import { instances } from './kinds.ts';

/** Tags that a resource must have, with exactly these values. */
export interface Tagged {
  readonly [tag: string]: string;
}

/** The account's own snapshots with these tags, oldest first. */
export async function snapshotsTagged(tags: Tagged, site: string, context: Caller): Promise<readonly Snapshot[]> {
  const ec2 = await service('ec2', site, context);
  const all = await pages(async (NextToken) => {
    const page = await ec2.describeSnapshots({ OwnerIds: ['self'], Filters: filters(tags), MaxResults: 1_000, NextToken });
    return { items: page.Snapshots, next: page.NextToken };
  });
  return all
    .filter((one) => has(one.Tags, tags))
    .toSorted((one, other) => timeOf(one.StartTime) - timeOf(other.StartTime) || one.SnapshotId!.localeCompare(other.SnapshotId!));
}

/** The account's own images with these tags, or of a name; oldest first. */
export async function imagesTagged(tags: Tagged, site: string, context: Caller, more: readonly Filter[] = []): Promise<readonly Image[]> {
  const ec2 = await service('ec2', site, context);
  const all = await pages(async (NextToken) => {
    const page = await ec2.describeImages({ Owners: ['self'], Filters: [...filters(tags), ...more], MaxResults: 1_000, NextToken });
    return { items: page.Images, next: page.NextToken };
  });
  return all
    .filter((one) => has(one.Tags, tags))
    .toSorted(
      (one, other) => (one.CreationDate ?? '').localeCompare(other.CreationDate ?? '') || one.ImageId!.localeCompare(other.ImageId!),
    );
}

export async function volumesTagged(tags: Tagged, site: string, context: Caller): Promise<readonly Volume[]> {
  const ec2 = await service('ec2', site, context);
  const all = await pages(async (NextToken) => {
    const page = await ec2.describeVolumes({ Filters: filters(tags), MaxResults: 500, NextToken });
    return { items: page.Volumes, next: page.NextToken };
  });
  return all
    .filter((one) => has(one.Tags, tags))
    .toSorted((one, other) => timeOf(one.CreateTime) - timeOf(other.CreateTime) || one.VolumeId!.localeCompare(other.VolumeId!));
}

export async function instancesTagged(tags: Tagged, site: string, context: Caller): Promise<readonly Instance[]> {
  const ec2 = await service('ec2', site, context);
  const all = await pages(async (NextToken) => {
    const page = await ec2.describeInstances({ Filters: filters(tags), MaxResults: 1_000, NextToken });
    return { items: page.Reservations?.flatMap(({ Instances = [] }) => Instances), next: page.NextToken };
  });
  return all.filter((one) => has(one.Tags, tags));
}

/** An instance that has not been terminated. @throws StepError `instance-missing`. */
export async function readInstance(id: string, site: string, context: StepContext): Promise<Instance> {
  const found = (await instances.describe([id], site, context)).get(id);
  const state = found?.State?.Name;
  if (found && state !== 'terminated' && state !== 'shutting-down') return found;
  const why = found ? `is ${state}` : 'is not there';
  throw new StepError('instance-missing', `The instance ${id} ${why} at ${site} (${context.aws(site).region}).`, 'person');
}

/**
 * What an earlier attempt made, or this one a moment ago. EC2 shows what was made only after a while: where an attempt went before
 * this one and not all is there, it is asked for again before anything is made anew.
 */
export async function madeBefore<T>(
  look: () => Promise<readonly T[]>,
  isAll: (found: readonly T[]) => boolean,
  context: StepContext,
): Promise<readonly T[]> {
  const before = context.step.attempt > 1 || context.resume !== undefined;
  for (let wait = 500; ; wait *= 2) {
    const found = await look();
    if (isAll(found) || !before || wait > 2_000) return found;
    await beating(context, context.sleep(wait));
  }
}

/** All pages of a list. */
export async function pages<T>(
  page: (token: string | undefined) => Promise<{ readonly items: readonly T[] | undefined; readonly next: string | undefined }>,
): Promise<readonly T[]> {
  const all: T[] = [];
  let token: string | undefined;
  do {
    const { items = [], next } = await page(token);
    all.push(...items);
    token = next || undefined;
  } while (token !== undefined);
  return all;
}

export function timeOf(date: Date | undefined): number {
  return date?.getTime() ?? 0;
}

export function filters(tags: Tagged): Filter[] {
  return Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
}

/** In a filter `*` and `?` stand for anything: what it lets through is compared once more. */
export function has(tags: Parameters<typeof tagOf>[0], wanted: Tagged): boolean {
  return Object.entries(wanted).every(([key, value]) => tagOf(tags, key) === value);
}
