import type { DBInstance, DBSubnetGroup } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { service } from '../aws/client.ts';
import { closedGroup } from '../ec2/closed-group.ts';
import { days } from '../ec2/fields.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { noWayOut } from './no-way-out.ts';

/** Where and how a restored instance is put. */
export const placement = {
  subnets: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,254}$/u, 'the name of a subnet group')
    .describe('Name of the subnet group that it is put into. In a rehearsal its subnets have no way out.'),
  groups: z
    .array(z.string().regex(/^sg-[0-9a-f]{8,17}$/u, 'the id of a security group'))
    .max(5)
    .default([])
    .describe('Ids of its security groups. Default: one that lets nothing in or out.'),
  classes: z
    .array(z.string().regex(/^db\.[a-z0-9-]+\.[a-z0-9]+$/u, 'a class of RDS, such as db.m7g.large'))
    .max(10)
    .default([])
    .describe('Its class; the next one is tried where there is no capacity for the one before. Default: the class that it had.'),
  parameters: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9.-]{0,254}$/u, 'the name of a parameter group')
    .describe('Name of its parameter group. Default: that of its engine.')
    .optional(),
  'backup-days': z.int().min(0).max(35).default(0).describe('For how many days it keeps backups of its own. Default: 0, it makes none.'),
  'multi-az': z.boolean().default(false).describe('Whether it gets a standby in another zone.'),
  days: days(),
};
const shape = z.object(placement);
export type Placement = z.infer<typeof shape>;

/** What both restores of RDS are told: harmless until somebody says otherwise. */
export async function orders(place: Placement, site: string, context: StepContext) {
  const { subnets, parameters } = place;
  const group = await subnetGroup(subnets, site, context);
  return {
    DBSubnetGroupName: subnets,
    VpcSecurityGroupIds: place.groups.length > 0 ? place.groups : [await closedGroup(group.VpcId!, site, context)],
    PubliclyAccessible: false,
    DeletionProtection: false,
    MultiAZ: place['multi-az'],
    BackupRetentionPeriod: place['backup-days'],
    ...(parameters === undefined ? {} : { DBParameterGroupName: parameters }),
  };
}

/** Reads what the placement names, and throws where something of it is missing or does not fit. */
export async function mayPlace(place: Placement, engine: Pick<DBInstance, 'Engine' | 'EngineVersion'>, site: string, context: StepContext) {
  const group = await subnetGroup(place.subnets, site, context);
  await Promise.all([
    groupsThere(place.groups, group, site, context),
    parametersThere(place, site, context),
    ...place.classes.map((one) => offered(one, engine, site, context)),
  ]);
  const isolated = context.run.live ? [] : [await noWayOut(subnetsOf(group), site, context)];
  return [`It is put into the subnet group ${place.subnets} of ${group.VpcId} at ${site}.`, ...isolated];
}

/** Throws where a rehearsal would put it where it can reach something. */
export async function mustBeIsolated({ subnets }: Placement, site: string, context: StepContext): Promise<void> {
  await noWayOut(subnetsOf(await subnetGroup(subnets, site, context)), site, context);
}

async function subnetGroup(name: string, site: string, context: StepContext): Promise<DBSubnetGroup> {
  const rds = await service('rds', site, context);
  const { DBSubnetGroups: [group] = [] } = await rds.describeDBSubnetGroups({ DBSubnetGroupName: name });
  if (group?.VpcId !== undefined) return group;
  throw new StepError('rds-no-subnets', `There is no subnet group ${name} at ${site}: make it, or name another.`, 'person');
}

async function groupsThere(groups: readonly string[], { VpcId }: DBSubnetGroup, site: string, context: StepContext): Promise<void> {
  if (groups.length === 0) return;
  const ec2 = await service('ec2', site, context);
  const { SecurityGroups = [] } = await ec2.describeSecurityGroups({ GroupIds: [...groups] });
  const strangers = SecurityGroups.filter((group) => group.VpcId !== VpcId).map(({ GroupId }) => GroupId);
  if (strangers.length > 0)
    throw new StepError('wrong-vpc', `${strangers.join(', ')} at ${site} are not of ${VpcId}, in which the instance is put.`, 'mistake');
}

async function parametersThere({ parameters }: Placement, site: string, context: StepContext): Promise<void> {
  if (parameters === undefined) return;
  await (await service('rds', site, context)).describeDBParameterGroups({ DBParameterGroupName: parameters });
}

async function offered(
  wanted: string,
  { Engine, EngineVersion }: Pick<DBInstance, 'Engine' | 'EngineVersion'>,
  site: string,
  context: StepContext,
): Promise<void> {
  const rds = await service('rds', site, context);
  const version = EngineVersion === undefined ? {} : { EngineVersion };
  const { OrderableDBInstanceOptions = [] } = await rds.describeOrderableDBInstanceOptions({ Engine, ...version, DBInstanceClass: wanted });
  if (OrderableDBInstanceOptions.length > 0) return;
  throw new StepError(
    'class-not-offered',
    `${wanted} is not offered at ${site} for ${Engine} ${EngineVersion ?? ''}: name another class.`,
    'mistake',
  );
}

function subnetsOf({ Subnets = [] }: DBSubnetGroup): readonly string[] {
  return Subnets.flatMap(({ SubnetIdentifier }) => (SubnetIdentifier === undefined ? [] : [SubnetIdentifier]));
}
