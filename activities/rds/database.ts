import type { DBCluster, DBInstance } from '@aws-sdk/client-rds';
import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import type { Tag } from '../aws/tags.ts';
import { waitFor } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import type { Place } from './connect.ts';
import { clusters, instances } from './kinds.ts';
import { findInstance } from './read.ts';

/** An instance, or a cluster of them, as far as both are alike. */
export interface Database extends Place {
  readonly kind: 'instance' | 'cluster';
  readonly arn: string;
  readonly engine: string;
  readonly status: string;
  readonly groups: readonly { readonly id: string; readonly active: boolean }[];
  /** Name of its subnet group. */
  readonly subnets: string;
  readonly tags: readonly { Key?: string | undefined; Value?: string | undefined }[];
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** Identifiers of the instances that take writes: itself, or the writer of the cluster. */
  readonly writers: readonly string[];
  /** Of an instance: its zone now. */
  readonly zone: string | undefined;
  /** State of an instance's replication, such as `replicating`; undefined where RDS tells none. */
  readonly replication: string | undefined;
  /** In how many places it could take writes. */
  readonly seats: number;
}

/** The instance of this identifier as it is now; where there is none, the cluster. Throws where there is neither. */
export async function readDatabase(place: Place, context: StepContext): Promise<Database> {
  const { site, id } = place;
  const instance = await findInstance(site, id, context);
  if (instance) return ofInstance(place, instance);
  const cluster = (await clusters.describe([id], site, context)).get(id);
  if (cluster) return ofCluster(place, cluster);
  throw new StepError(
    'rds-no-instance',
    `There is no database instance and no cluster ${id} at ${site} (${context.aws(site).region}): correct the name, or the site.`,
    'mistake',
  );
}

/** Waits until what it reads holds. `expected`: milliseconds. */
export function waitForDatabase(
  { kind, site, id }: Pick<Database, 'kind' | 'site' | 'id'>,
  expected: number,
  ready: (database: Database) => boolean,
  context: StepContext,
): Promise<unknown> {
  const place = { site, id };
  return kind === 'instance'
    ? waitFor({ kind: instances, id, site, expected, ready: (state) => ready(ofInstance(place, state)) }, context)
    : waitFor({ kind: clusters, id, site, expected, ready: (state) => ready(ofCluster(place, state)) }, context);
}

/** Replaces its security groups. */
export async function setGroups({ kind, site, id }: Database, groups: readonly string[], context: StepContext): Promise<void> {
  const rds = await service('rds', site, context);
  const change = { VpcSecurityGroupIds: [...groups], ApplyImmediately: true };
  await mayChange(site, context);
  if (kind === 'instance') await rds.modifyDBInstance({ DBInstanceIdentifier: id, ...change });
  else await rds.modifyDBCluster({ DBClusterIdentifier: id, ...change });
}

/** Whether exactly these groups are in force. */
export function hasGroups({ groups }: Database, wanted: readonly string[]): boolean {
  return groups.length === wanted.length && groups.every(({ id, active }) => active && wanted.includes(id));
}

export async function vpcOf({ subnets, site }: Database, context: StepContext): Promise<string> {
  const rds = await service('rds', site, context);
  const { DBSubnetGroups: [group] = [] } = await rds.describeDBSubnetGroups({ DBSubnetGroupName: subnets });
  if (group?.VpcId !== undefined) return group.VpcId;
  throw new StepError('rds-no-vpc', `The subnet group ${subnets} at ${site} is of no VPC that RDS tells.`, 'person');
}

export async function setTags({ arn, site }: Pick<Database, 'arn' | 'site'>, tags: Tag[], context: StepContext): Promise<void> {
  const rds = await service('rds', site, context);
  await mayChange(site, context);
  await rds.addTagsToResource({ ResourceName: arn, Tags: tags });
}

export async function removeTags(
  { arn, site }: Pick<Database, 'arn' | 'site'>,
  keys: readonly string[],
  context: StepContext,
): Promise<void> {
  const rds = await service('rds', site, context);
  await mayChange(site, context);
  await rds.removeTagsFromResource({ ResourceName: arn, TagKeys: [...keys] });
}

export function ofInstance(place: Place, one: DBInstance): Database {
  return {
    ...place,
    kind: 'instance',
    arn: one.DBInstanceArn!,
    engine: one.Engine ?? '',
    status: one.DBInstanceStatus ?? '',
    groups: groupsOf(one.VpcSecurityGroups),
    subnets: one.DBSubnetGroup?.DBSubnetGroupName ?? '',
    tags: one.TagList ?? [],
    address: one.Endpoint?.Address,
    port: one.Endpoint?.Port,
    writers: [place.id],
    zone: one.AvailabilityZone,
    replication: one.StatusInfos?.find(({ StatusType }) => StatusType === 'read replication')?.Status,
    seats: one.MultiAZ ? 2 : 1,
  };
}

export function ofCluster(place: Place, one: DBCluster): Database {
  return {
    ...place,
    kind: 'cluster',
    arn: one.DBClusterArn!,
    engine: one.Engine ?? '',
    status: one.Status ?? '',
    groups: groupsOf(one.VpcSecurityGroups),
    subnets: one.DBSubnetGroup ?? '',
    tags: one.TagList ?? [],
    address: one.Endpoint,
    port: one.Port,
    writers: (one.DBClusterMembers ?? [])
      .filter(({ IsClusterWriter }) => IsClusterWriter)
      .map(({ DBInstanceIdentifier }) => DBInstanceIdentifier!),
    zone: undefined,
    replication: undefined,
    seats: (one.DBClusterMembers ?? []).length,
  };
}

function groupsOf(groups: DBInstance['VpcSecurityGroups'] = []): Database['groups'] {
  return groups.map(({ VpcSecurityGroupId, Status }) => ({ id: VpcSecurityGroupId!, active: Status === 'active' }));
}
