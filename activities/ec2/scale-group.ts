import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling';
import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isRehearsals, mustBeRehearsals } from '../aws/of-rehearsal.ts';
import { StepError } from '../error.ts';
import { refusePending, sayPending } from '../fence/refuse-pending.ts';
import { siteName } from '../fields.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { roomFor } from './quota.ts';
import { before, forgetBefore, inService, readGroup, rememberBefore, typesOf, waitInService, type Sizes } from './scaling.ts';

/** docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html */
const processes = [
  'AddToLoadBalancer',
  'AlarmNotification',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'Launch',
  'ReplaceUnhealthy',
  'ScheduledActions',
  'Terminate',
] as const;

const number = (description: string) => z.int().min(0).max(10_000).describe(description);
const input = z.object({
  site: siteName('The AWS site of the group, by its name in the inventory.'),
  group: z
    .string()
    .regex(/^[A-Za-z0-9 _.@/-]{1,255}$/u, 'the name of an Auto Scaling group')
    .describe('The Auto Scaling group, by its name.'),
  desired: number('How many instances it shall have.'),
  min: number('Fewest that it may have. Default: as it is, or `desired` where that is fewer.').optional(),
  max: number('Most that it may have. Default: as it is; then `desired` must not be more.').optional(),
  suspend: z.array(z.enum(processes)).describe('Processes that are suspended once it has that size. Default: none.').default([]),
  resume: z.array(z.enum(processes)).describe('Processes that go on, before the size is changed. Default: none.').default([]),
});
const output = z.object({
  instances: z.array(z.string()).describe('Ids of its instances in service.'),
  desired: z.number().describe('How many it shall have, a number.'),
});
type Input = z.infer<typeof input>;

const reads = ['sts:GetCallerIdentity', 'autoscaling:DescribeAutoScalingGroups'];
const acts = [
  ...reads,
  'autoscaling:CreateOrUpdateTags',
  'autoscaling:DescribeScalingActivities',
  'autoscaling:ResumeProcesses',
  'autoscaling:SuspendProcesses',
  'autoscaling:UpdateAutoScalingGroup',
];

export default step({
  name: 'ec2.scale-group',
  summary: 'Sets how many instances an Auto Scaling group has, and waits until so many are in service.',
  effect: 'change',
  expected: 120_000,
  timeout: '20 minutes',
  retry: { times: 5, wait: '5 seconds' },
  input,
  output,
  example: { site: 'us-west-2', group: 'shop-web', desired: 4, suspend: [], resume: [] },
  permissions: [],
  iam: {
    preflight: [
      ...reads,
      'ec2:DescribeInstanceTypes',
      'ec2:DescribeInstances',
      'ec2:DescribeLaunchTemplateVersions',
      'servicequotas:GetServiceQuota',
    ],
    execute: acts,
    rehearse: acts,
    undo: [...acts, 'autoscaling:DeleteTags'],
  },

  async preflight(wanted, context) {
    const { site, group } = wanted;
    await account(site, context);
    const now = await readGroup(wanted, context);
    const { desired, min, max } = sizesFor(wanted, now);
    const pending = desired > (now.DesiredCapacity ?? 0) ? await sayPending(site, context) : [];
    const more = desired - (now.Instances?.length ?? 0);
    const room = more > 0 ? [await roomFor(await typesOf(now, site, context), more, site, context)] : [];
    return [
      `${group} at ${site} has ${now.Instances?.length ?? 0} instances (${now.MinSize} to ${now.MaxSize}, desired ${now.DesiredCapacity}); it is to have ${desired} (${min} to ${max}).`,
      ...room,
      ...pending,
    ];
  },

  async execute(wanted, context) {
    const now = await readGroup(wanted, context);
    if (wanted.desired > (now.DesiredCapacity ?? 0)) await refusePending(wanted.site, context);
    await scale(wanted, now, context);
  },

  verify: scaled,

  async rehearse(wanted, context) {
    const now = await readGroup(wanted, context);
    mustStandIn(wanted, now, context);
    await scale(wanted, now, context);
    return scaled(wanted, context);
  },

  undo: async (wanted, context) => {
    const done = await asBefore(wanted, context);
    return done.length > 0 ? done : [`${wanted.group} at ${wanted.site} was not changed by this step.`];
  },

  async sweep(wanted, context) {
    rehearsalOnly(context);
    // What is no stand-in was refused: nothing was done to it.
    return isRehearsals((await readGroup(wanted, context)).Tags) ? asBefore(wanted, context) : [];
  },
});

function mustStandIn({ site, group }: Input, { Tags }: AutoScalingGroup, context: StepContext): void {
  mustBeRehearsals(`${group} at ${site}`, Tags, context, `Name one that has under \`rehearsal.at.${site}.resources\`.`);
}

/** Puts the group back to what it was before this step; nothing where it did not change it. */
async function asBefore(wanted: Input, context: StepContext): Promise<string[]> {
  const { site, group } = wanted;
  const was = before(await readGroup(wanted, context), context);
  if (was === undefined) return [];
  await resize(wanted, was, context);
  await setProcesses(wanted, was.suspended, context);
  if (was.desired > 0) await waitInService(wanted, was.desired, context);
  await forgetBefore(wanted, context);
  return [`${group} at ${site} is to have ${was.desired} instances again (${was.min} to ${was.max}).`];
}

async function scale(wanted: Input, now: AutoScalingGroup, context: StepContext): Promise<void> {
  const sizes = sizesFor(wanted, now);
  await rememberBefore(wanted, now, context);
  const left = suspendedOf(now).filter((one) => !wanted.resume.some((other) => other === one));
  await setProcesses(wanted, left, context);
  if (now.DesiredCapacity !== sizes.desired || now.MinSize !== sizes.min || now.MaxSize !== sizes.max) await resize(wanted, sizes, context);
  await waitInService(wanted, sizes.desired, context);
  // Last: a group that may launch nothing never reaches its size.
  await setProcesses(wanted, [...left, ...wanted.suspend], context);
}

/** @throws StepError `beyond-limits`. */
function sizesFor({ group, site, desired, min, max }: Input, { MinSize = 0, MaxSize = 0 }: AutoScalingGroup): Sizes {
  const sizes = { desired, min: min ?? Math.min(MinSize, desired), max: max ?? MaxSize };
  if (sizes.min <= desired && desired <= sizes.max) return sizes;
  throw new StepError(
    'beyond-limits',
    `${group} at ${site} may have ${sizes.min} to ${sizes.max} instances, and ${desired} are asked for: give \`min\` and \`max\` too`,
    'mistake',
  );
}

async function resize({ site, group }: Input, { desired, min, max }: Sizes, context: StepContext): Promise<void> {
  const scaling = await service('autoScaling', site, context);
  await mayChange(site, context);
  await scaling.updateAutoScalingGroup({ AutoScalingGroupName: group, DesiredCapacity: desired, MinSize: min, MaxSize: max });
}

/** Suspends exactly these. */
async function setProcesses(wanted: Input, suspended: readonly string[], context: StepContext): Promise<void> {
  const now = suspendedOf(await readGroup(wanted, context));
  const scaling = await service('autoScaling', wanted.site, context);
  const named = (some: readonly string[]) => ({ AutoScalingGroupName: wanted.group, ScalingProcesses: [...new Set(some)] });
  const on = now.filter((one) => !suspended.includes(one));
  const off = suspended.filter((one) => !now.includes(one));
  if (on.length > 0) {
    await mayChange(wanted.site, context);
    await scaling.resumeProcesses(named(on));
  }
  if (off.length > 0) {
    await mayChange(wanted.site, context);
    await scaling.suspendProcesses(named(off));
  }
}

function suspendedOf({ SuspendedProcesses = [] }: AutoScalingGroup): readonly string[] {
  return SuspendedProcesses.map(({ ProcessName }) => ProcessName!);
}

async function scaled(wanted: Input, context: StepContext): Promise<Outcome<z.infer<typeof output>>> {
  const { site, group, desired } = wanted;
  const now = await readGroup(wanted, context);
  const well = inService(now);
  if (now.DesiredCapacity !== desired || well.length !== desired || now.Instances?.length !== desired)
    throw new StepError(
      'not-scaled',
      `${group} at ${site} has ${well.length} instances in service, and is to have ${now.DesiredCapacity}; ${desired} were asked for`,
    );
  return {
    outputs: { instances: well, desired },
    evidence: [`Auto Scaling says that ${group} at ${site} has ${well.length} of ${desired} instances in service.`],
  };
}
