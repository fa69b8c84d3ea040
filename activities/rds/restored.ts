import type { DBInstance } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { tag, tagOf } from '../aws/tags.ts';
import { nameFor } from '../aws/token.ts';
import { waitFor } from '../aws/wait.ts';
import { isClosed } from '../ec2/closed-group.ts';
import { StepError } from '../error.ts';
import { beating } from '../note.ts';
import type { Outcome, StepContext } from '../step.ts';
import { fromTag } from './saved.ts';
import { instances as kind } from './kinds.ts';
import { orders, type Placement } from './placed.ts';
import { findInstance, readInstance } from './read.ts';

/** How long a restore usually takes until the instance serves, milliseconds. */
export const expected = 900_000;
/** The moment that the instance holds, ISO time, in a tag. */
export const pointTag = 'lifeboat:point';

export const restoredOutput = z.object({
  id: z.string().describe('Identifier of the restored instance; in a rehearsal not the one that was given.'),
  arn: z.string().describe('Its ARN.'),
  address: z.string().describe('Name or address of its endpoint.'),
  port: z.number().describe('Port of its endpoint, a number.'),
  class: z.string().describe('Its class.'),
  groups: z.array(z.string().describe('A group.')).describe('Ids of its security groups.'),
  from: z.string().describe('ARN of what it was restored from.'),
  'recovery-point': z.string().describe('The moment up to which it holds the data, ISO time.'),
});
export type Restored = z.infer<typeof restoredOutput>;

/** The IAM actions of both restores, beside those that read what is restored. */
export const actions = {
  preflight: [
    'sts:GetCallerIdentity',
    'rds:DescribeDBInstances',
    'rds:DescribeDBSubnetGroups',
    'rds:DescribeDBParameterGroups',
    'rds:DescribeOrderableDBInstanceOptions',
    'servicequotas:GetServiceQuota',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSubnets',
    'ec2:DescribeRouteTables',
  ],
  execute: [
    'sts:GetCallerIdentity',
    'rds:DescribeDBInstances',
    'rds:DescribeDBSubnetGroups',
    'rds:ModifyDBInstance',
    'rds:AddTagsToResource',
    'ec2:DescribeSecurityGroups',
    'ec2:CreateSecurityGroup',
    'ec2:CreateTags',
    'ec2:RevokeSecurityGroupIngress',
    'ec2:RevokeSecurityGroupEgress',
  ],
  undo: ['sts:GetCallerIdentity', 'rds:DescribeDBInstances', 'rds:DeleteDBInstance'],
} as const;

/** A restore: what it makes, and how RDS is told. */
export interface Restore {
  readonly site: string;
  readonly id: string;
  readonly place: Placement;
  /** ARN of what it is made from. */
  readonly from: string;
  /** Orders it with these parameters. */
  order(common: Awaited<ReturnType<typeof orders>> & { readonly DBInstanceClass?: string }): Promise<unknown>;
}

/** The name that the step gives: never production's in a rehearsal. */
export function nameOf(id: string, context: StepContext): string {
  return context.run.live ? id : nameFor(context, id);
}

/**
 * What this step made under this name before; undefined where nothing has it.
 * @throws StepError `name-taken` where it is another's.
 */
export async function madeHere(site: string, id: string, context: StepContext): Promise<DBInstance | undefined> {
  const found = await findInstance(site, id, context);
  if (!found || tagOf(found.TagList, tag.key) === context.key) return found;
  const run = tagOf(found.TagList, tag.run);
  throw new StepError(
    'name-taken',
    `The name ${id} at ${site} is taken by an instance that is not of this step${run === undefined ? '' : ` but of the run ${run}`}: it is left alone; give another name.`,
    'person',
  );
}

/** Restores, and waits until the instance is there as it was ordered. */
export async function restore(wanted: Restore, context: StepContext): Promise<void> {
  const { site, id, from, place } = wanted;
  const there = await madeHere(site, id, context);
  if (there && tagOf(there.TagList, fromTag) !== from)
    throw new StepError(
      'wrong-source',
      `${id} at ${site} was restored from ${tagOf(there.TagList, fromTag)} by this step, not from ${from}.`,
      'person',
    );
  if (!there) await order(wanted, context);
  const found = await serving(site, id, context);
  if (found.BackupRetentionPeriod === place['backup-days']) return;
  await mayChange(site, context);
  const rds = await service('rds', site, context);
  await rds.modifyDBInstance({ DBInstanceIdentifier: id, BackupRetentionPeriod: place['backup-days'], ApplyImmediately: true });
  await serving(site, id, context, ({ BackupRetentionPeriod }) => BackupRetentionPeriod === place['backup-days']);
}

/** Each class in turn, while there is no capacity for it. */
async function order(wanted: Restore, context: StepContext): Promise<void> {
  const { site, id, place } = wanted;
  const common = await beating(context, orders(place, site, context));
  const classes = place.classes.length > 0 ? place.classes : [undefined];
  for (const [index, one] of classes.entries()) {
    await mayChange(site, context);
    try {
      await beating(context, wanted.order({ ...common, ...(one === undefined ? {} : { DBInstanceClass: one }) }));
      return;
    } catch (error) {
      if (isAws(error, 'DBInstanceAlreadyExists*') && (await madeHere(site, id, context))) return;
      if (!isAws(error, 'InsufficientDBInstanceCapacity*') || index === classes.length - 1) throw error;
    }
  }
}

function serving(site: string, id: string, context: StepContext, is: (found: DBInstance) => boolean = () => true): Promise<DBInstance> {
  const ready = (found: DBInstance): boolean => {
    const { DBInstanceStatus: status = '' } = found;
    if (/^(?:failed|incompatible|restore-error|insufficient-capacity|inaccessible|deleting|storage-full)/u.test(status))
      throw new StepError(
        'restore-failed',
        `${id} at ${site} is ${status} after its restore: remove it, see its events, and retry.`,
        'person',
      );
    return status === 'available' && (found.VpcSecurityGroups ?? []).every(({ Status }) => Status === 'active') && is(found);
  };
  return waitFor({ kind, id, site, expected, ready }, context);
}

/** Reads back that it stands as it was ordered, reachable from nowhere but where its groups say. */
export async function restored(site: string, id: string, place: Placement, context: StepContext): Promise<Outcome<Restored>> {
  const found = await readInstance(site, id, context);
  await madeHere(site, id, context);
  const { DBInstanceStatus: status, Endpoint, TagList, DBInstanceClass = '', VpcSecurityGroups = [] } = found;
  if (status !== 'available') throw new StepError('not-restored', `${id} at ${site} is ${status}.`);
  const groups = VpcSecurityGroups.flatMap(({ VpcSecurityGroupId, Status }) => (Status === 'active' ? [VpcSecurityGroupId!] : []));
  const wrong = await faults(found, groups, place, site, context);
  if (wrong.length > 0) throw new StepError('not-harmless', `${id} at ${site} was restored, but ${wrong.join(', and ')}.`, 'person');
  const outputs = {
    id,
    arn: found.DBInstanceArn!,
    address: Endpoint?.Address ?? '',
    port: Endpoint?.Port ?? 0,
    class: DBInstanceClass,
    groups,
    from: tagOf(TagList, fromTag) ?? '',
    'recovery-point': tagOf(TagList, pointTag) ?? '',
  };
  return {
    outputs,
    evidence: [
      `${id} at ${site} is available as ${DBInstanceClass}, restored from ${outputs.from} as it was at ${outputs['recovery-point']}.`,
      `It is not public, makes backups for ${found.BackupRetentionPeriod ?? 0} days, and its security groups are ${groups.join(', ')}${place.groups.length > 0 ? '' : ', which let nothing in or out'}.`,
    ],
  };
}

async function faults(
  found: DBInstance,
  groups: readonly string[],
  place: Placement,
  site: string,
  context: StepContext,
): Promise<readonly string[]> {
  const { PubliclyAccessible, DBSubnetGroup, BackupRetentionPeriod = 0, DBParameterGroups = [] } = found;
  const same = place.groups.length === groups.length && place.groups.every((group) => groups.includes(group));
  const closed = place.groups.length > 0 ? same : groups.length > 0 && (await isClosed(groups, site, context));
  return [
    ...(PubliclyAccessible === true ? ['it is public'] : []),
    ...(DBSubnetGroup?.DBSubnetGroupName?.toLowerCase() === place.subnets.toLowerCase()
      ? []
      : [`it is in the subnet group ${DBSubnetGroup?.DBSubnetGroupName}`]),
    ...(closed ? [] : [`its security groups are ${groups.join(', ') || 'not in force'}`]),
    ...(BackupRetentionPeriod === place['backup-days'] ? [] : [`it keeps backups for ${BackupRetentionPeriod} days`]),
    ...(place.parameters === undefined || DBParameterGroups.some(({ DBParameterGroupName: name }) => name === place.parameters)
      ? []
      : [`its parameter group is ${DBParameterGroups[0]?.DBParameterGroupName}`]),
  ];
}
