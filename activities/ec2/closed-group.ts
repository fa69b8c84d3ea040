import type { SecurityGroup } from '@aws-sdk/client-ec2';
import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { tagOf, tagSpecifications } from '../aws/tags.ts';
import { nameFor } from '../aws/token.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { keptTags } from './kept.ts';

/** Marks a group that a fence consists of: nobody MUST remove it or give it a rule. */
const fenceTag = 'lifeboat:fence';
/** Where what was cut off remembers its groups. */
export const groupsTag = 'lifeboat:groups';
/** A name is the only key that groups have: one a VPC, for all systems; a step of a rehearsal has its own, which goes when it is over. */
const nameOf = (context: StepContext): string => (context.run.live ? 'lifeboat-closed' : nameFor(context, 'lifeboat-rehearsal-closed'));

/**
 * The security group of a VPC that lets nothing in or out, by id; made where it is missing, and closed where it has a rule.
 * @throws StepError `name-taken`, `not-closed`.
 */
export async function closedGroup(vpc: string, site: string, context: StepContext): Promise<string> {
  const known = (await find(vpc, site, context)) ?? (await make(vpc, site, context));
  await close(known, site, context);
  if (await isClosed([known.GroupId!], site, context)) return known.GroupId!;
  throw new StepError('not-closed', `the security group ${known.GroupId} of ${vpc} at ${site} was to have no rule, and has one`);
}

/** Whether none of these groups has any rule, read back. False where there is no group. */
export async function isClosed(groups: readonly string[], site: string, context: StepContext): Promise<boolean> {
  if (groups.length === 0) return false;
  const ec2 = await service('ec2', site, context);
  const { SecurityGroups = [] } = await ec2.describeSecurityGroups({ GroupIds: [...groups] });
  return SecurityGroups.length === groups.length && SecurityGroups.every(hasNoRule);
}

function hasNoRule({ IpPermissions = [], IpPermissionsEgress = [] }: SecurityGroup): boolean {
  return IpPermissions.length === 0 && IpPermissionsEgress.length === 0;
}

async function find(vpc: string, site: string, context: StepContext): Promise<SecurityGroup | undefined> {
  const ec2 = await service('ec2', site, context);
  const { SecurityGroups: [group] = [] } = await ec2.describeSecurityGroups({
    Filters: [
      { Name: 'vpc-id', Values: [vpc] },
      { Name: 'group-name', Values: [nameOf(context)] },
    ],
  });
  if (group === undefined || tagOf(group.Tags, fenceTag) !== undefined) return group;
  throw new StepError(
    'name-taken',
    `${vpc} at ${site} has a security group ${nameOf(context)} (${group.GroupId}) that was not made as a fence: give it the tag ${fenceTag} if it may be closed, or rename what uses it`,
    'person',
  );
}

async function make(vpc: string, site: string, context: StepContext): Promise<SecurityGroup> {
  const ec2 = await service('ec2', site, context);
  await mayChange(site, context);
  try {
    const { GroupId } = await ec2.createSecurityGroup({
      GroupName: nameOf(context),
      Description: 'Lets nothing in or out: what it is put on is cut off.',
      VpcId: vpc,
      TagSpecifications: tagSpecifications(['security-group' as const], keptTags(context, undefined, { [fenceTag]: 'closed' })),
    });
    return await read(GroupId!, site, context);
  } catch (error) {
    if (!isAws(error, 'InvalidGroup.Duplicate')) throw error;
    // Another step was faster, or the answer to an earlier attempt was lost.
    const group = await find(vpc, site, context);
    if (group === undefined) throw error;
    return group;
  }
}

async function read(id: string, site: string, context: StepContext): Promise<SecurityGroup> {
  const ec2 = await service('ec2', site, context);
  const { SecurityGroups: [group] = [] } = await ec2.describeSecurityGroups({ GroupIds: [id] });
  if (group === undefined) throw new StepError('aws-gone', `the security group ${id} that was just made is not at ${site}`);
  return group;
}

/** A new group lets everything out; one with other rules was meddled with. */
async function close(
  { GroupId, IpPermissions = [], IpPermissionsEgress = [] }: SecurityGroup,
  site: string,
  context: StepContext,
): Promise<void> {
  const ec2 = await service('ec2', site, context);
  const gone = (error: unknown): void => {
    if (!isAws(error, 'InvalidPermission.NotFound')) throw error;
  };
  if (IpPermissionsEgress.length > 0) {
    await mayChange(site, context);
    await ec2.revokeSecurityGroupEgress({ GroupId, IpPermissions: IpPermissionsEgress }).catch(gone);
  }
  if (IpPermissions.length > 0) {
    await mayChange(site, context);
    await ec2.revokeSecurityGroupIngress({ GroupId, IpPermissions }).catch(gone);
  }
}
