import type { Instance, Volume } from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { tag, tagOf, tagSpecifications } from '../aws/tags.ts';
import { clientToken } from '../aws/token.ts';
import { waitFor } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import { siteName } from '../fields.ts';
import { noteAlso } from '../note.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { anew } from './anew.ts';
import { allowed } from './dry-run.ts';
import { days, deviceName, instanceId, snapshotId } from './fields.ts';
import { madeBefore, readInstance, volumesTagged } from './find.ts';
import { mustBeCopy, standIn } from './instance.ts';
import { keptTags } from './kept.ts';
import { snapshots, volumes as kind } from './kinds.ts';
import { deleteVolume } from './remove.ts';
import { detach, isAttachedTo, isGone } from './volume.ts';

const input = z.object({
  site: siteName('The AWS site of the instance, by its name in the inventory.'),
  id: instanceId('The instance that gets the volume, by its id.'),
  snapshot: snapshotId('The snapshot of which the volume is made; it lies at the same site.'),
  device: deviceName('Where it is attached, such as /dev/sdf; nothing may be attached there.'),
  type: z.enum(['gp3', 'gp2', 'io1', 'io2', 'st1', 'sc1']).default('gp3').describe('Type of the volume.'),
  gigabytes: z.int().min(1).max(65_536).describe('Size, GiB; at least that of the snapshot. Default: that of the snapshot.').optional(),
  iops: z
    .int()
    .min(100)
    .max(256_000)
    .describe('Operations a second, a number; needed for io1 and io2. Default: that of the type.')
    .optional(),
  days: days(),
});
const output = z.object({
  volume: z.string().describe('Id of the volume.'),
  device: z.string().describe('Where it is attached.'),
  gigabytes: z.number().describe('Its size, GiB.'),
  encrypted: z.boolean().describe('Whether it is encrypted.'),
  zone: z.string().describe('Its availability zone.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

export default step({
  name: 'ec2.attach-volume',
  summary: 'Makes a volume of a snapshot in the zone of an instance, attaches it there, and waits until it is attached.',
  effect: 'change',
  expected: 20_000,
  timeout: '1 hour',
  retry: { times: 5, wait: '3 seconds' },
  input,
  output,
  example: { site: 'us-west-2', id: 'i-0123456789abcdef0', snapshot: 'snap-0123456789abcdef0', device: '/dev/sdf', type: 'gp3' },
  permissions: ['On the key of the snapshot, where it is encrypted: kms:CreateGrant, kms:Decrypt and kms:GenerateDataKeyWithoutPlaintext.'],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'ec2:DescribeInstances', 'ec2:DescribeSnapshots', 'ec2:DescribeVolumes', 'ec2:CreateVolume'],
    execute: execution(),
    rehearse: execution(),
    undo: ['sts:GetCallerIdentity', 'ec2:DescribeInstances', 'ec2:DescribeVolumes', 'ec2:DetachVolume', 'ec2:DeleteVolume'],
  },

  async preflight(wanted, context) {
    const { site, id, snapshot, device } = wanted;
    await account(site, context);
    const instance = await mayTake(wanted, context);
    const ec2 = await service('ec2', site, context);
    await allowed(ec2.createVolume({ ...request(wanted, instance, '', context), DryRun: true }));
    return [`A volume of ${snapshot} can be attached to ${id} at ${site} as ${device}.`];
  },

  execute: (wanted, context) => attach(wanted, context),
  verify: (wanted, context) => attached(wanted, context),

  async rehearse(wanted, context) {
    mustBeCopy(wanted, await readInstance(wanted.id, wanted.site, context), context);
    await attach(wanted, context);
    return attached(wanted, context);
  },

  async undo(wanted, context) {
    const done = await takeOff(wanted, context);
    return done.length > 0 ? done : [`No volume of this step was on ${wanted.id}.`];
  },

  sweep: async (wanted, context) => ((await standIn(wanted, context)) === undefined ? [] : takeOff(wanted, context)),
});

/** Detaches and deletes every volume of this step. One sentence each. */
async function takeOff({ site, id }: Input, context: StepContext): Promise<readonly string[]> {
  const made = (await ofThisStep(site, context)).filter((one) => !isGone(one));
  for (const { VolumeId } of made) {
    await detach(VolumeId!, site, context);
    await deleteVolume(VolumeId!, site, context);
  }
  return made.map(({ VolumeId }) => `${VolumeId} was taken off ${id} at ${site} and deleted.`);
}

async function attach(wanted: Input, context: StepContext): Promise<void> {
  const { site, id, device } = wanted;
  const instance = await mayTake(wanted, context);
  const made = await madeBefore(
    () => ofThisStep(site, context),
    (all) => all.some(isSound),
    context,
  );
  const volume = made.find(isSound)?.VolumeId ?? (await create(wanted, instance, context));
  const state = await waitFor({ kind, id: volume, site, expected: 10_000, ready: ({ State }) => State !== 'creating' }, context);
  if (state.State === 'error') {
    await deleteVolume(volume, site, context);
    throw new StepError('volume-failed', `The volume ${volume} at ${site} failed and was taken away: it is made again.`);
  }
  if (!isAttachedTo(state, id)) {
    const ec2 = await service('ec2', site, context);
    await mayChange(site, context);
    await ec2.attachVolume({ VolumeId: volume, InstanceId: id, Device: device });
  }
  await waitFor({ kind, id: volume, site, expected: 5_000, ready: (one) => isAttachedTo(one, id, 'attached') }, context);
  const others = (await ofThisStep(site, context)).filter((one) => one.VolumeId !== volume && !isGone(one));
  for (const { VolumeId } of others) await deleteVolume(VolumeId!, site, context);
  if (others.length > 0) noteAlso(context, { removed: others.map(({ VolumeId }) => VolumeId!) });
}

function create(wanted: Input, instance: Instance, context: StepContext): Promise<string> {
  const { site } = wanted;
  noteAlso(context, { begun: true });
  const make = async (variant: string): Promise<string> => {
    const ec2 = await service('ec2', site, context);
    await mayChange(site, context);
    return (await ec2.createVolume(request(wanted, instance, variant, context))).VolumeId!;
  };
  return anew({ kind, site, make, isGone }, context);
}

function request(wanted: Input, { Placement }: Instance, variant: string, context: StepContext) {
  const { snapshot, type, gigabytes, iops } = wanted;
  const zone = Placement?.AvailabilityZone ?? '';
  return {
    SnapshotId: snapshot,
    AvailabilityZone: zone,
    VolumeType: type,
    ClientToken: clientToken(context, snapshot, zone, variant),
    TagSpecifications: tagSpecifications(['volume'] as const, keptTags(context, wanted.days, { 'lifeboat:of': snapshot })),
    ...(gigabytes === undefined ? {} : { Size: gigabytes }),
    ...(iops === undefined ? {} : { Iops: iops }),
  };
}

async function attached({ site, id, device, snapshot }: Input, context: StepContext): Promise<Outcome<Output>> {
  const found = (await ofThisStep(site, context)).find((one) => isAttachedTo(one, id, 'attached'));
  if (!found) throw new StepError('not-attached', `No volume of ${snapshot} by this step is attached to ${id} at ${site}.`);
  const at = found.Attachments?.find(({ InstanceId }) => InstanceId === id)?.Device ?? '';
  if (at !== device)
    throw new StepError('wrong-device', `${found.VolumeId} is attached to ${id} as ${at}, and should be as ${device}.`, 'person');
  return {
    outputs: {
      volume: found.VolumeId!,
      device: at,
      gigabytes: found.Size ?? 0,
      encrypted: found.Encrypted ?? false,
      zone: found.AvailabilityZone ?? '',
    },
    evidence: [`${found.VolumeId}, made of ${snapshot}, is attached to ${id} at ${site} as ${at}.`],
  };
}

/** The instance, where the volume can be attached to it. Throws what no retry would mend. */
async function mayTake({ site, id, snapshot, device, gigabytes }: Input, context: StepContext): Promise<Instance> {
  const instance = await readInstance(id, site, context);
  const there = instance.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === device)?.Ebs?.VolumeId;
  if (there !== undefined) {
    const volume = (await kind.describe([there], site, context)).get(there);
    if (tagOf(volume?.Tags, tag.key) !== context.key)
      throw new StepError(
        'device-taken',
        `${id} at ${site} has ${there} at ${device} already: name another device, or detach it.`,
        'person',
      );
    return instance;
  }
  const source = (await snapshots.describe([snapshot], site, context)).get(snapshot);
  if (!source)
    throw new StepError(
      'no-snapshot',
      `${site} (${context.aws(site).region}) has no snapshot ${snapshot}: deleted, or of another site.`,
      'person',
    );
  if (source.State === 'error')
    throw new StepError('snapshot-failed', `The snapshot ${snapshot} at ${site} failed: name another.`, 'person');
  if (source.State !== 'completed')
    throw new StepError('snapshot-unfinished', `The snapshot ${snapshot} at ${site} is ${source.State}.`, 'later', 5_000);
  if (gigabytes !== undefined && gigabytes < (source.VolumeSize ?? 0))
    throw new StepError(
      'too-small',
      `The snapshot ${snapshot} is of ${source.VolumeSize} GiB, and the volume is to have ${gigabytes}.`,
      'mistake',
    );
  return instance;
}

function ofThisStep(site: string, context: StepContext): Promise<readonly Volume[]> {
  return volumesTagged({ [tag.key]: context.key }, site, context);
}

function isSound({ State }: Volume): boolean {
  return State === 'creating' || State === 'available' || State === 'in-use';
}

function execution(): string[] {
  return [
    'sts:GetCallerIdentity',
    'ec2:DescribeInstances',
    'ec2:DescribeSnapshots',
    'ec2:DescribeVolumes',
    'ec2:CreateVolume',
    'ec2:CreateTags',
    'ec2:AttachVolume',
    'ec2:DeleteVolume',
  ];
}
