import { randomUUID } from 'node:crypto';
import type { Instance, Snapshot } from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { tag, tagOf, tagSpecifications } from '../aws/tags.ts';
import { waitFor } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import { siteName } from '../fields.ts';
import { noteAlso, noted } from '../note.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { allowed } from './dry-run.ts';
import { days, deviceName, instanceId, setName } from './fields.ts';
import { madeBefore, readInstance, snapshotsTagged } from './find.ts';
import { keptTags, noBackup } from './kept.ts';
import { snapshots as kind } from './kinds.ts';
import { deleteSnapshot } from './remove.ts';
import { asBackup, asSaved, devicesAsTags, devicesIn, mark, saved, takenAt } from './snapshot-set.ts';

const input = z.object({
  site: siteName('The AWS site of the instance, by its name in the inventory.'),
  id: instanceId('The instance whose volumes are saved, by its id.'),
  exclude: z.array(deviceName()).max(40).default([]).describe('Devices whose volumes are left out, such as one for swap space.'),
  set: setName(
    'Name of the snapshots that are taken together, for ec2.copy-snapshot. Default: the key of this step of this run.',
  ).optional(),
  days: days(),
});
const output = z.object({
  set: z.string().describe('Name of the snapshots that were taken together: the label of this backup.'),
  at: z.string().describe('The moment that all of them hold, ISO time.'),
  'root-device': z.string().describe('The device that the instance starts from.'),
  snapshots: z.array(saved.extend({ volume: z.string().describe('Id of the volume.') })).describe('The snapshots, in order of devices.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

/** What had to be taken away, for the record. */
const tidied = z.object({ removed: z.array(z.string()) });
/** How long it usually takes, milliseconds. */
const expected = 300_000;

export default step({
  name: 'ec2.snapshot',
  summary: 'Takes snapshots of all volumes of an instance at one moment, as a crash leaves them, and waits until they are complete.',
  effect: 'change',
  expected,
  timeout: '12 hours',
  retry: { times: 5, wait: '5 seconds' },
  input,
  output,
  example: { site: 'us-east-1', id: 'i-0123456789abcdef0', exclude: ['/dev/sdf'], days: 35 },
  permissions: [],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'ec2:DescribeInstances', 'ec2:DescribeSnapshots', 'ec2:CreateSnapshots', 'ec2:CreateTags'],
    execute: execution(),
    rehearse: execution(),
  },

  async preflight(wanted, context) {
    const { site, id } = wanted;
    await account(site, context);
    const instance = await readInstance(id, site, context);
    const devices = savedOf(instance, wanted);
    await mayBeCalled(wanted, context);
    const ec2 = await service('ec2', site, context);
    await allowed(ec2.createSnapshots({ ...request(instance, wanted, context), DryRun: true }));
    return [`The ${devices.size} volumes of ${id} at ${site} can be saved together: ${[...devices.values()].join(', ')}.`];
  },

  execute: (wanted, context) => take(wanted, context),
  verify: (wanted, context) => taken(wanted, context),

  async rehearse(wanted, context) {
    rehearsalOnly(context);
    await take(wanted, context);
    return noBackup(await taken(wanted, context));
  },

  undo: { none: 'A snapshot harms nobody; ec2.cleanup takes it away when its days are over.' },
});

async function take(wanted: Input, context: StepContext): Promise<void> {
  const { site, id } = wanted;
  const made = await madeBefore(
    () => ofThisStep(site, context),
    ({ length }) => length > 0,
    context,
  );
  const ids = made.length > 0 ? made.map(({ SnapshotId }) => SnapshotId!) : await create(wanted, context);
  // One that failed is done too: what becomes of it is decided below, of all together.
  const ready = ({ State }: Snapshot): boolean => State !== 'pending';
  await Promise.all(ids.map((one) => waitFor({ kind, id: one, site, expected, ready }, context)));
  await tidy(id, site, context);
}

async function create(wanted: Input, context: StepContext): Promise<readonly string[]> {
  const { site, id } = wanted;
  const instance = await readInstance(id, site, context);
  await mayBeCalled(wanted, context);
  const ec2 = await service('ec2', site, context);
  // Tells the next attempt that this one may have made some.
  noteAlso(context, { begun: true });
  await mayChange(site, context);
  const { Snapshots = [] } = await ec2.createSnapshots(request(instance, wanted, context));
  return Snapshots.map(({ SnapshotId }) => SnapshotId!);
}

function request(instance: Instance, wanted: Input, context: StepContext) {
  const devices = savedOf(instance, wanted);
  const { RootDeviceName: root = '', BlockDeviceMappings: all = [] } = instance;
  const without = all.filter(({ Ebs }) => Ebs !== undefined && !devices.has(Ebs.VolumeId!));
  const data = without.filter(({ DeviceName }) => DeviceName !== root).map(({ Ebs }) => Ebs!.VolumeId!);
  const tags = keptTags(context, wanted.days, {
    [mark.set]: wanted.set ?? context.key,
    [mark.call]: randomUUID(),
    [mark.instance]: wanted.id,
    [mark.root]: root,
    ...devicesAsTags(devices),
  });
  return {
    InstanceSpecification: {
      InstanceId: wanted.id,
      ...(without.length > data.length ? { ExcludeBootVolume: true } : {}),
      ...(data.length > 0 ? { ExcludeDataVolumeIds: data } : {}),
    },
    Description: `${wanted.id}, taken by ${context.run.workflowId}`.slice(0, 255),
    TagSpecifications: tagSpecifications(['snapshot'], tags),
  };
}

/** A set of this name is this step's, or there is none. */
async function mayBeCalled({ site, set }: Input, context: StepContext): Promise<void> {
  if (set === undefined) return;
  const other = (await snapshotsTagged({ [mark.set]: set }, site, context)).find(({ Tags }) => tagOf(Tags, tag.key) !== context.key);
  if (!other) return;
  throw new StepError(
    'name-taken',
    `The set "${set}" at ${site} has ${other.SnapshotId}, made by another step or run (${tagOf(other.Tags, tag.run)}): give another name.`,
    'person',
  );
}

/** Volume → device, of those that are to be saved. */
function savedOf({ BlockDeviceMappings = [] }: Instance, { id, site, exclude }: Input): ReadonlyMap<string, string> {
  const all = BlockDeviceMappings.flatMap(({ DeviceName, Ebs }) => (Ebs?.VolumeId ? [[Ebs.VolumeId, DeviceName!] as const] : []));
  const unknown = exclude.filter((name) => !all.some(([, device]) => device === name));
  if (unknown.length > 0) {
    const has = all.map(([, device]) => device).join(', ') || 'none';
    throw new StepError('no-device', `${id} at ${site} has no ${unknown.join(', ')} that could be left out. It has: ${has}.`, 'mistake');
  }
  const left = new Map(all.filter(([, device]) => !exclude.includes(device)));
  if (left.size > 0) return left;
  throw new StepError('backup-empty', `${id} at ${site} has no volume to save: nothing was made.`, 'person');
}

/** Leaves the oldest of the sets that are whole, and takes away what failed and what was made twice. */
async function tidy(id: string, site: string, context: StepContext): Promise<void> {
  const made = await madeBefore(
    () => ofThisStep(site, context),
    (all) => setsOf(all).some(isWhole),
    context,
  );
  const sets = setsOf(made);
  const whole = sets.find(isWhole);
  const doomed = sets.filter((set) => set !== whole && (whole !== undefined || isLost(set, context))).flat();
  for (const { SnapshotId } of doomed) await deleteSnapshot(SnapshotId!, site, context);
  if (doomed.length > 0) noteAlso(context, { removed: doomed.map(({ SnapshotId }) => SnapshotId!) });
  if (whole) return;
  const why = doomed.map(({ SnapshotId, StateMessage = '' }) => ` ${SnapshotId} ${StateMessage}`.trimEnd()).join(';');
  throw new StepError(
    'snapshot-failed',
    doomed.length > 0
      ? `The snapshots of ${id} at ${site} failed, or are not of the volumes that it had, and were taken away:${why}.`
      : `The snapshots of ${id} at ${site} are not all to be seen yet.`,
  );
}

async function taken({ site, id }: Input, context: StepContext): Promise<Outcome<Output>> {
  const set = setsOf(await ofThisStep(site, context)).find(isWhole);
  const root = tagOf(set?.[0]?.Tags, mark.root);
  if (!set || root === undefined)
    throw new StepError('snapshot-missing', `There is no complete set of snapshots of ${id} at ${site} by this step.`);
  const backup = asBackup(set, site);
  const removed = noted(context, tidied)?.removed ?? [];
  return {
    outputs: {
      set: backup.label,
      at: backup.at,
      'root-device': root,
      snapshots: set
        .map((one) => ({ ...asSaved(one), volume: one.VolumeId! }))
        .toSorted((one, other) => one.device.localeCompare(other.device)),
    },
    backups: [{ store: site, holds: 'volumes', complete: false, backups: [backup] }],
    evidence: [
      `${set.length} volumes of ${id} at ${site} were saved together at ${takenAt(set[0]!)}: ${set.map(({ SnapshotId }) => SnapshotId).join(', ')}.`,
      ...(removed.length > 0 ? [`${removed.join(', ')} failed or had been made twice, and were taken away.`] : []),
    ],
  };
}

function ofThisStep(site: string, context: StepContext): Promise<readonly Snapshot[]> {
  return snapshotsTagged({ [tag.key]: context.key }, site, context);
}

/** What each call made, the oldest first. */
function setsOf(made: readonly Snapshot[]): readonly (readonly Snapshot[])[] {
  const sets = new Map<string | undefined, Snapshot[]>();
  for (const one of made) {
    const call = tagOf(one.Tags, mark.call);
    sets.set(call, [...(sets.get(call) ?? []), one]);
  }
  return [...sets.values()];
}

/** All of it is complete, and it is of exactly the volumes that it was to be of. */
function isWhole(set: readonly Snapshot[]): boolean {
  const devices = devicesIn(set[0]?.Tags);
  return set.length === devices.size && set.every(({ State, VolumeId }) => State === 'completed' && devices.has(VolumeId!));
}

/** Nothing will make it whole. Of what was made a moment ago some may not be seen yet. */
function isLost(set: readonly Snapshot[], context: StepContext): boolean {
  const devices = devicesIn(set[0]?.Tags);
  if (set.some(({ State, VolumeId }) => State === 'error' || !devices.has(VolumeId!))) return true;
  return context.step.attempt > 1 && set.every(({ State }) => State === 'completed');
}

function execution(): string[] {
  return [
    'sts:GetCallerIdentity',
    'ec2:DescribeInstances',
    'ec2:DescribeSnapshots',
    'ec2:CreateSnapshots',
    'ec2:CreateTags',
    'ec2:DeleteSnapshot',
  ];
}
