import type { Snapshot } from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { account } from '../aws/account.ts';
import { tag, tagOf } from '../aws/tags.ts';
import { StepError } from '../error.ts';
import { siteName } from '../fields.ts';
import { noteAlso, noted } from '../note.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { closedGroup } from './closed-group.ts';
import { findSources, readSources } from './copy-sources.ts';
import { setName } from './fields.ts';
import { madeBefore } from './find.ts';
import { noBackup } from './kept.ts';
import { dropImage } from './launch-image.ts';
import { launchInput, type LaunchInput } from './launch-input.ts';
import { launch, launched, terminate } from './launch-instances.ts';
import { roomFor } from './quota.ts';
import { asBackup, deviceOf, mark } from './snapshot-set.ts';
import { isIsolated } from './way-out.ts';

const like = launchInput.shape;
const input = z.object({
  site: siteName('The AWS site at which the snapshots lie, by its name in the inventory.'),
  set: setName('The snapshots that were taken together, by the name that ec2.snapshot gave them.'),
  types: like.types.unwrap().describe('Instance types, tried in turn where there is no capacity.'),
  subnets: like.subnets.describe('Subnets that nothing leads out of, by id; tried in turn where there is no capacity.'),
  architecture: like.architecture,
  boot: like.boot,
});
type Input = z.infer<typeof input>;
const output = z.object({
  set: z.string().describe('The label of the backup that was proven.'),
  at: z.string().describe('The moment that it holds, ISO time.'),
  compared: z.array(z.string().describe('One thing that was seen.')).describe('What was seen, and what was not, a sentence each.'),
});
type Output = z.infer<typeof output>;

/** What an attempt has seen: afterwards the instance is gone. */
const seen = z.object({ ran: z.string(), at: z.string() });

const reads = ['sts:GetCallerIdentity', 'ec2:DescribeSnapshots', 'ec2:DescribeSubnets', 'ec2:DescribeRouteTables'];
const acts = [
  ...reads,
  'ec2:CreateSecurityGroup',
  'ec2:CreateTags',
  'ec2:DeregisterImage',
  'ec2:DescribeImages',
  'ec2:DescribeInstances',
  'ec2:DescribeInstanceStatus',
  'ec2:DescribeSecurityGroups',
  'ec2:RegisterImage',
  'ec2:RevokeSecurityGroupEgress',
  'ec2:RevokeSecurityGroupIngress',
  'ec2:RunInstances',
  'ec2:TerminateInstances',
];

export default step({
  name: 'ec2.verify',
  summary:
    'Starts an instance from the snapshots of all volumes of another where nothing leads out, waits until it is well, and takes it away again: so the backup is proven.',
  effect: 'change',
  expected: 180_000,
  timeout: '1 hour',
  retry: { times: 5, wait: '10 seconds' },
  input,
  output,
  example: {
    site: 'us-west-2',
    set: '2026-11-22T02:00:00.000Z i-0123456789abcdef0',
    types: ['m7i.large', 'm6i.large'],
    subnets: ['subnet-0123456789abcdef0'],
  },
  permissions: [
    'Use of the keys with which the snapshots are encrypted: kms:CreateGrant, kms:Decrypt, kms:DescribeKey, kms:GenerateDataKeyWithoutPlaintext.',
  ],
  iam: {
    preflight: [...reads, 'ec2:DescribeInstances', 'ec2:DescribeInstanceTypes', 'servicequotas:GetServiceQuota'],
    execute: acts,
    rehearse: acts,
    undo: ['sts:GetCallerIdentity', 'ec2:DescribeInstances', 'ec2:TerminateInstances', 'ec2:DescribeImages', 'ec2:DeregisterImage'],
  },

  async preflight({ site, set, types, subnets }, context) {
    await account(site, context);
    const [vpc, found, room] = await Promise.all([
      isIsolated(subnets, site, context),
      findSources({ site, from: site, set }, context),
      roomFor(types, 1, site, context),
    ]);
    return [
      // A step before this one may be to copy them.
      found ? `The ${found.length} snapshots of "${set}" are at ${site}.` : `"${set}" is not at ${site} yet.`,
      `Nothing leads out of ${subnets.join(', ')} of ${vpc}.`,
      room,
    ];
  },

  async execute(wanted, context) {
    if (noted(context, seen) === undefined) await start(wanted, context);
    await takeAway(wanted.site, context);
  },

  verify: (wanted, context) => proven(wanted, context),

  async rehearse(wanted, context) {
    rehearsalOnly(context);
    if (noted(context, seen) === undefined) await start(wanted, context);
    await takeAway(wanted.site, context);
    return proven(wanted, context);
  },

  undo: ({ site }, context) => takeAway(site, context),
});

async function start(wanted: Input, context: StepContext): Promise<void> {
  const { site } = wanted;
  const vpc = await isIsolated(wanted.subnets, site, context);
  const snapshots = await readSources({ site, from: site, set: wanted.set }, context);
  await launch(asLaunch(wanted, snapshots, await closedGroup(vpc, site, context)), context);
  const [one] = await launched(site, context);
  if (one) noteAlso(context, { ran: one.InstanceId!, at: new Date().toISOString() });
}

function asLaunch(input: Input, snapshots: readonly Snapshot[], group: string): LaunchInput {
  const { set: _, ...wanted } = input;
  return launchInput.parse({
    ...wanted,
    snapshots: snapshots.map((one) => ({ device: deviceOf(one), snapshot: one.SnapshotId })),
    root: tagOf(snapshots[0]?.Tags, mark.root),
    groups: [group],
    name: 'lifeboat-proof',
    keep: 1,
  });
}

async function takeAway(site: string, context: StepContext): Promise<string[]> {
  const made = await madeBefore(
    () => launched(site, context),
    ({ length }) => length > 0 || noted(context, seen) !== undefined,
    context,
  );
  const ids = made.map(({ InstanceId }) => InstanceId!);
  await terminate(ids, site, context);
  const images = await dropImage(site, context);
  return [ids.length === 0 ? `No instance of this step runs at ${site}.` : `Terminated at ${site}: ${ids.join(', ')}.`, ...images];
}

/** Nobody else has seen it run: without what an attempt of this step noted, nothing is proven. */
async function proven({ site, set }: Input, context: StepContext): Promise<Outcome<Output>> {
  const known = noted(context, seen);
  if (!known) throw new StepError('not-verified', `No attempt of this step has seen an instance of "${set}" run at ${site}.`);
  const left = await launched(site, context);
  if (left.length > 0) throw new StepError('not-clean', `${left.map(({ InstanceId }) => InstanceId).join(', ')} still runs at ${site}.`);
  const snapshots = await readSources({ site, from: site, set }, context);
  const compared = [
    `An instance (${known.ran}) was started at ${site} from its ${snapshots.length} volumes, where nothing leads out, and passed both status checks of EC2.`,
    'What its files hold was not compared.',
  ];
  const backup = asBackup(snapshots, site);
  const outcome: Outcome<Output> = {
    outputs: { set, at: backup.at, compared },
    backups: [{ store: site, holds: 'volumes', complete: false, backups: [{ ...backup, provenAt: known.at, compared }] }],
    evidence: [...compared, 'It was terminated, and its image deregistered.'],
  };
  return tagOf(snapshots[0]?.Tags, tag.purpose) === 'rehearsal' ? noBackup(outcome) : outcome;
}
