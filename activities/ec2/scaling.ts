import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling';
import { mayChange } from '../aws/account.ts';
import { service, type Caller } from '../aws/client.ts';
import { waitFor, type Kind } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';

export interface Group {
  readonly site: string;
  readonly group: string;
}
export interface Sizes {
  readonly desired: number;
  readonly min: number;
  readonly max: number;
}

/** On a group: the key of the step that changed it, and what it was before. */
const beforeTag = 'lifeboat:before';
/** Usual time until a new instance is in service, milliseconds. */
const expected = 120_000;

/** How long a lack of capacity is borne, milliseconds: the group tries its other zones and types by itself. */
const borne = 180_000;

interface State {
  readonly group: AutoScalingGroup;
  /** When and for what the newest activity failed; undefined: it did not. Times in milliseconds since 1970. */
  readonly failure: { readonly at: number; readonly text: string } | undefined;
}

const groups: Kind<State> = {
  name: 'auto scaling group',
  batch: 50,
  async describe(names, site, context) {
    const scaling = await service('autoScaling', site, context);
    const { AutoScalingGroups = [] } = await scaling.describeAutoScalingGroups({ AutoScalingGroupNames: [...names], MaxRecords: 100 });
    const states = AutoScalingGroups.map(async (group) => {
      const short = inService(group).length < (group.DesiredCapacity ?? 0);
      return [group.AutoScalingGroupName!, { group, failure: short ? await failureOf(group, site, context) : undefined }] as const;
    });
    return new Map(await Promise.all(states));
  },
};

/** @throws StepError `no-group`. */
export async function readGroup({ site, group }: Group, context: StepContext): Promise<AutoScalingGroup> {
  const scaling = await service('autoScaling', site, context);
  const { AutoScalingGroups: [found] = [] } = await scaling.describeAutoScalingGroups({ AutoScalingGroupNames: [group] });
  if (found) return found;
  throw new StepError('no-group', `${site} (${context.aws(site).region}) has no Auto Scaling group ${group}`, 'mistake');
}

/** Ids of the instances that are in service and well. */
export function inService({ Instances = [] }: AutoScalingGroup): string[] {
  return Instances.filter(
    ({ LifecycleState, HealthStatus }) => LifecycleState === 'InService' && HealthStatus?.toLowerCase() === 'healthy',
  ).map(({ InstanceId }) => InstanceId!);
}

/** @throws StepError `scaling-failed` where the group cannot start what it is to have. */
export async function waitInService({ site, group }: Group, desired: number, context: StepContext): Promise<void> {
  const since = Date.now();
  const ready = ({ group: now, failure }: State): boolean => {
    if (inService(now).length === desired && now.Instances?.length === desired) return true;
    // What failed before says nothing of now.
    if (failure === undefined || failure.at < since - 5_000) return false;
    if (/capacity/iu.test(failure.text) && Date.now() < since + borne) return false;
    throw new StepError('scaling-failed', `${group} at ${site} cannot start what it is to have: ${failure.text}`, 'person');
  };
  await waitFor({ kind: groups, id: group, site, expected, ready }, context);
}

/** Instance types that the group may start: those of what it has, else of its launch template. */
export async function typesOf(group: AutoScalingGroup, site: string, context: StepContext): Promise<readonly string[]> {
  const mixed = group.MixedInstancesPolicy?.LaunchTemplate;
  const named = [
    ...(mixed?.Overrides ?? []).map(({ InstanceType }) => InstanceType),
    ...(group.Instances ?? []).map(({ InstanceType }) => InstanceType),
  ].filter((type) => type !== undefined);
  const template = group.LaunchTemplate ?? mixed?.LaunchTemplateSpecification;
  if (named.length > 0 || template === undefined) return [...new Set(named)];
  const ec2 = await service('ec2', site, context);
  const { LaunchTemplateVersions: [version] = [] } = await ec2.describeLaunchTemplateVersions({
    LaunchTemplateId: template.LaunchTemplateId,
    Versions: [template.Version ?? '$Default'],
  });
  const type = version?.LaunchTemplateData?.InstanceType;
  return type === undefined ? [] : [type];
}

/** Writes down on the group how it was, unless this step did before. */
export async function rememberBefore({ site, group }: Group, now: AutoScalingGroup, context: StepContext): Promise<void> {
  if (before(now, context)) return;
  const suspended = (now.SuspendedProcesses ?? []).map(({ ProcessName }) => ProcessName);
  const value = [context.key, now.DesiredCapacity, now.MinSize, now.MaxSize, suspended.join('+')].join(' ').trim();
  const scaling = await service('autoScaling', site, context);
  await mayChange(site, context);
  await scaling.createOrUpdateTags({ Tags: [{ ...tagOn(group), Value: value, PropagateAtLaunch: false }] });
}

/** How the group was before this step changed it; undefined: it did not. */
export function before(
  { Tags = [] }: AutoScalingGroup,
  context: StepContext,
): (Sizes & { readonly suspended: readonly string[] }) | undefined {
  const [key, desired, min, max, suspended = ''] = Tags.find(({ Key }) => Key === beforeTag)?.Value?.split(' ') ?? [];
  if (key !== context.key) return undefined;
  return { desired: Number(desired), min: Number(min), max: Number(max), suspended: suspended.split('+').filter((one) => one !== '') };
}

export async function forgetBefore({ site, group }: Group, context: StepContext): Promise<void> {
  const scaling = await service('autoScaling', site, context);
  await mayChange(site, context);
  await scaling.deleteTags({ Tags: [tagOn(group)] });
}

function tagOn(group: string) {
  return { ResourceId: group, ResourceType: 'auto-scaling-group', Key: beforeTag };
}

async function failureOf(group: AutoScalingGroup, site: string, context: Caller): Promise<State['failure']> {
  const scaling = await service('autoScaling', site, context);
  const { Activities: [newest] = [] } = await scaling.describeScalingActivities({
    AutoScalingGroupName: group.AutoScalingGroupName,
    MaxRecords: 1,
  });
  if (newest?.StatusCode !== 'Failed') return undefined;
  return { at: newest.StartTime?.getTime() ?? 0, text: newest.StatusMessage ?? newest.Description ?? 'its last activity failed' };
}
