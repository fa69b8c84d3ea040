import { z } from 'zod';
import { account } from '../aws/account.ts';
import { tag } from '../aws/tags.ts';
import { StepError } from '../error.ts';
import { refusePending, sayPending } from '../fence/refuse-pending.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { closedGroup } from './closed-group.ts';
import { instancesTagged, madeBefore } from './find.ts';
import { stateOf } from './instance.ts';
import { checkLaunch } from './launch-checks.ts';
import { dropImage } from './launch-image.ts';
import { launchInput, type LaunchInput } from './launch-input.ts';
import { launch, launched, terminate } from './launch-instances.ts';
import { isIsolated } from './way-out.ts';

const output = z.object({
  id: z.string().describe('Id of the instance; the first one of several.'),
  address: z.string().describe('Its private address.'),
  type: z.string().describe('The instance type that was given.'),
  zone: z.string().describe('The availability zone in which it is.'),
  ids: z.array(z.string()).describe('Ids of all of them.'),
  instances: z
    .array(
      z.object({
        id: z.string().describe('Its id.'),
        address: z.string().describe('Its private address.'),
        type: z.string().describe('Its instance type.'),
        zone: z.string().describe('Its availability zone.'),
        subnet: z.string().describe('Its subnet.'),
      }),
    )
    .describe('All of them.'),
});
type Output = z.infer<typeof output>;

const reads = [
  'sts:GetCallerIdentity',
  'ec2:DescribeImages',
  'ec2:DescribeInstances',
  'ec2:DescribeInstanceTypes',
  'ec2:DescribeLaunchTemplateVersions',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
];
const acts = [
  ...reads,
  'ec2:CreateTags',
  'ec2:DescribeInstanceStatus',
  'ec2:RegisterImage',
  'ec2:RunInstances',
  'ec2:TerminateInstances',
  'iam:PassRole',
];

export default step({
  name: 'ec2.launch',
  summary:
    'Launches instances from an image, snapshots or a launch template, with other types and subnets to fall back on, and waits until they are well.',
  effect: 'change',
  expected: 120_000,
  timeout: '20 minutes',
  retry: { times: 5, wait: '5 seconds' },
  input: launchInput,
  output,
  example: {
    site: 'us-west-2',
    image: 'ami-0123456789abcdef0',
    types: ['m7i.large', 'm6i.large'],
    subnets: ['subnet-0123456789abcdef0', 'subnet-0fedcba9876543210'],
    groups: ['sg-0123456789abcdef0'],
    count: 1,
    checks: true,
  },
  permissions: [
    'Use of the keys with which the snapshots are encrypted: kms:CreateGrant, kms:Decrypt, kms:DescribeKey, kms:GenerateDataKeyWithoutPlaintext.',
  ],
  iam: {
    preflight: [
      ...reads,
      'ec2:CreateTags',
      'ec2:DescribeInstanceTypeOfferings',
      'ec2:DescribeSnapshots',
      'ec2:RegisterImage',
      'ec2:RunInstances',
      'iam:PassRole',
      'servicequotas:GetServiceQuota',
    ],
    execute: acts,
    rehearse: [
      ...acts,
      'ec2:CreateSecurityGroup',
      'ec2:DescribeRouteTables',
      'ec2:RevokeSecurityGroupEgress',
      'ec2:RevokeSecurityGroupIngress',
    ],
    undo: ['sts:GetCallerIdentity', 'ec2:DescribeInstances', 'ec2:TerminateInstances', 'ec2:DescribeImages', 'ec2:DeregisterImage'],
  },
  iamIf: { 'iam:PassRole': ['profile', 'template'], 'ec2:RegisterImage': ['snapshots'], 'ec2:DeregisterImage': ['snapshots'] },

  async preflight(input, context) {
    await account(input.site, context);
    return [...(await sayPending(input.site, context)), ...(await checkLaunch(input, context))];
  },

  async execute(input, context) {
    await refusePending(input.site, context);
    await launch(input, context);
  },

  verify: running,

  async rehearse(input, context) {
    rehearsalOnly(context);
    const { site, subnets } = input;
    const vpc = await isIsolated(subnets, site, context);
    // An address of production may not be in these subnets, and nothing reaches a rehearsal by it.
    const { address: _, ...rest } = input;
    const isolated: LaunchInput = { ...rest, groups: [await closedGroup(vpc, site, context)] };
    await launch(isolated, context);
    const outcome = await running(isolated, context);
    return {
      ...outcome,
      evidence: [
        ...outcome.evidence,
        `Nothing leads out of their subnets (${subnets.join(', ')}), and their security group lets nothing in or out.`,
      ],
    };
  },

  async undo({ site }, context) {
    const made = await madeBefore(
      () => launched(site, context),
      (found) => found.length > 0,
      context,
    );
    await terminate(
      made.map(({ InstanceId }) => InstanceId!),
      site,
      context,
    );
    const images = await dropImage(site, context);
    return [
      made.length === 0
        ? `No instance of this step runs at ${site}.`
        : `Terminated at ${site}: ${made.map(({ InstanceId }) => InstanceId).join(', ')}.`,
      ...images,
    ];
  },
});

async function running({ site, count }: LaunchInput, context: StepContext): Promise<Outcome<Output>> {
  const mine = await instancesTagged({ [tag.key]: context.key }, site, context);
  const up = mine.filter((one) => stateOf(one) === 'running').toSorted((one, other) => one.InstanceId!.localeCompare(other.InstanceId!));
  if (up.length !== count)
    throw new StepError(
      'not-launched',
      `${up.length} of ${count} instances of this step run at ${site}: ${mine.map((one) => `${one.InstanceId} is ${stateOf(one)}`).join(', ') || 'there is none'}`,
    );
  const instances = up.map((one) => ({
    id: one.InstanceId!,
    address: one.PrivateIpAddress ?? '',
    type: one.InstanceType ?? '',
    zone: one.Placement?.AvailabilityZone ?? '',
    subnet: one.SubnetId ?? '',
  }));
  const { subnet: _, ...first } = instances[0]!;
  return {
    outputs: { ...first, ids: instances.map(({ id }) => id), instances },
    evidence: instances.map(({ id, type, zone, address }) => `EC2 says that ${id} (${type}, ${zone}) is running at ${address}.`),
  };
}
