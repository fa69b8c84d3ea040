import type { Snapshot } from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { tag, tagOf, tagSpecifications } from '../aws/tags.ts';
import { waitFor } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import { siteName } from '../fields.ts';
import { noteAlso, noted } from '../note.ts';
import { usableKey } from '../rds/key.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { findSources, isAll, mayCopy, readSources } from './copy-sources.ts';
import { mustBeElsewhere } from './elsewhere.ts';
import { days, keyName, setName, snapshotId } from './fields.ts';
import { madeBefore, snapshotsTagged } from './find.ts';
import { keptTags, noBackup } from './kept.ts';
import { snapshots as kind } from './kinds.ts';
import { deleteSnapshot } from './remove.ts';
import { whenRoom } from './room.ts';
import { share, unshare } from './share.ts';
import { asBackup, asSaved, deviceOf, labelOf, mark, saved, setTags, takenAt } from './snapshot-set.ts';

const input = z
  .object({
    site: siteName('The AWS site that the copies are made at, by its name in the inventory: another region, another account, or both.'),
    from: siteName('The AWS site at which the snapshots are, by its name in the inventory.'),
    snapshots: z
      .array(z.union([snapshotId(), z.object({ snapshot: snapshotId() }).transform(({ snapshot }) => snapshot)]))
      .min(1)
      .max(500)
      .refine((all) => new Set(all).size === all.length, 'a snapshot is named once')
      .describe('The snapshots: their ids, or `snapshots` of the outputs of ec2.snapshot. Either these or `set`.')
      .optional(),
    set: setName('The set that is copied, by the name that ec2.snapshot gave it. Either this or `snapshots`.').optional(),
    key: keyName('The key of the destination that encrypts the copies. It must be given where a snapshot is encrypted.').optional(),
    days: days(),
  })
  .refine(({ snapshots, set }) => (snapshots === undefined) !== (set === undefined), 'either `snapshots` or `set` is given');
const output = z.object({
  set: z.string().describe('Name of the snapshots that were taken together: the label of this backup.'),
  at: z.string().describe('The moment that all of them hold, ISO time.'),
  'root-device': z.string().nullable().describe('The device that the instance started from; null: the snapshots do not tell.'),
  snapshots: z
    .array(saved.extend({ of: z.string().describe('Id of the snapshot that it is a copy of.') }))
    .describe('The copies, in order of devices.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

/** What had to be taken away, for the record. */
const tidied = z.object({ removed: z.array(z.string()) });
/** How long a copy to another region usually takes, milliseconds. */
const expected = 900_000;

export default step({
  name: 'ec2.copy-snapshot',
  summary: 'Copies snapshots of volumes to another region or account under a key of that place, and waits until the copies are complete.',
  effect: 'change',
  expected,
  timeout: '24 hours',
  retry: { times: 5, wait: '15 seconds' },
  input,
  output,
  example: { site: 'us-west-2', from: 'us-east-1', set: '2026-11-22T02:00:00.000Z i-0123456789abcdef0', key: 'alias/shop', days: 35 },
  permissions: [
    'On the key of the destination: kms:CreateGrant, kms:Encrypt and kms:GenerateDataKeyWithoutPlaintext for the role there.',
    'On the key of the snapshots: kms:CreateGrant, kms:Decrypt and kms:ReEncryptFrom for the role that copies, which may be of another account.',
  ],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'ec2:DescribeSnapshots', 'kms:DescribeKey'],
    execute: execution(),
    rehearse: execution(),
    undo: ['sts:GetCallerIdentity', 'ec2:DescribeSnapshots', ...sharing()],
  },
  iamAt: {
    site: ['ec2:CopySnapshot', 'ec2:DeleteSnapshot', 'ec2:DescribeSnapshots', 'kms:DescribeKey'],
    from: ['ec2:DescribeSnapshots', 'kms:DescribeKey', ...sharing()],
  },
  iamAcross: sharing(),
  iamIf: { 'kms:DescribeKey': ['key'] },

  async preflight(wanted, context) {
    const { site, from, set, snapshots } = wanted;
    await mustBeElsewhere(wanted, context);
    if (wanted.key !== undefined) await usableKey(wanted.key, site, context);
    // A step before this one may be to take it.
    const sources = set === undefined ? await readSources(wanted, context) : await findSources(wanted, context);
    if (!sources) return [`The set "${set}" is not at ${from} yet.`];
    await mayCopy(wanted, sources, context);
    return [`The ${sources.length} snapshots ${snapshots ? '' : `of "${set}" `}at ${from} can be copied to ${site}.`];
  },

  execute: (wanted, context) => copy(wanted, context),
  verify: (wanted, context) => copied(wanted, context),

  async rehearse(wanted, context) {
    rehearsalOnly(context);
    await copy(wanted, context);
    return noBackup(await copied(wanted, context));
  },

  async undo(wanted, context) {
    const { site, from } = wanted;
    const sources = (await findSources(wanted, context)) ?? [];
    const taken = await unshare(idsOf(sources), await account(site, context), from, context);
    return [taken.length > 0 ? `${taken.join(', ')} at ${from} are shared no more. Copies are kept.` : 'Copies are kept.'];
  },
});

async function copy(wanted: Input, context: StepContext): Promise<void> {
  const { site, from } = wanted;
  await mustBeElsewhere(wanted, context);
  const sources = await readSources(wanted, context);
  await mayCopy(wanted, sources, context);
  if (wanted.key !== undefined) await usableKey(wanted.key, site, context);
  await settled(idsOf(sources), from, context);

  const there = await madeBefore(
    () => ofThisStep(site, context),
    (made) => sources.every((one) => made.some(isCopyOf(one))),
    context,
  );
  const missing = sources.filter((one) => !there.some(isCopyOf(one)));
  const [to, owner] = await Promise.all([account(site, context), account(from, context)]);
  if (to !== owner && missing.length > 0) await share(idsOf(missing), to, from, context);
  const begun = [...idsOf(there)];
  for (const one of missing) begun.push(await start(one, wanted, context));
  await settled(begun, site, context);
  if (to !== owner) await unshare(idsOf(sources), to, from, context);
  await tidy(sources, site, context);
}

async function start(source: Snapshot, { site, from, key, days }: Input, context: StepContext): Promise<string> {
  const ec2 = await service('ec2', site, context);
  const tags = keptTags(context, days, {
    ...setTags(source),
    [mark.set]: tagOf(source.Tags, mark.set) ?? context.key,
    [mark.of]: source.SnapshotId!,
    [mark.device]: deviceOf(source) ?? '',
    [mark.at]: takenAt(source),
  });
  // Tells the next attempt that this one may have made some.
  noteAlso(context, { begun: true });
  const begin = async (): Promise<string> => {
    await mayChange(site, context);
    const { SnapshotId } = await ec2.copySnapshot({
      SourceRegion: context.aws(from).region,
      SourceSnapshotId: source.SnapshotId!,
      Description: `Of ${source.SnapshotId} at ${from}`,
      TagSpecifications: tagSpecifications(['snapshot' as const], tags),
      ...(key === undefined ? {} : { Encrypted: true, KmsKeyId: key }),
    });
    return SnapshotId!;
  };
  return whenRoom(site, begin, context);
}

/** Waits until they are complete or have failed: what becomes of one that failed is decided when all are through. */
async function settled(ids: readonly string[], site: string, context: StepContext): Promise<void> {
  const ready = ({ State }: Snapshot): boolean => State !== 'pending';
  await Promise.all(ids.map((id) => waitFor({ kind, id, site, expected, ready }, context)));
}

/** Leaves the oldest sound copy of each snapshot, and takes away what failed and what was made twice. */
async function tidy(sources: readonly Snapshot[], site: string, context: StepContext): Promise<void> {
  const made = await ofThisStep(site, context);
  const failed = made.filter(({ State }) => State === 'error');
  const twice = sources.flatMap((one) => made.filter((copy) => isCopyOf(one)(copy) && copy.State === 'completed').slice(1));
  const doomed = idsOf([...failed, ...twice]);
  for (const id of doomed) await deleteSnapshot(id, site, context);
  if (doomed.length > 0) noteAlso(context, { removed: doomed });
  if (failed.length === 0) return;
  const why = failed.map((one) => `${one.SnapshotId} of ${tagOf(one.Tags, mark.of)} ${one.StateMessage ?? ''}`.trim()).join('; ');
  // Source: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopySnapshot.html: a key that cannot be used fails the copy, not the call.
  const isKey = failed.some(({ StateMessage }) => /\bkey\b/iu.test(StateMessage ?? ''));
  throw new StepError(
    isKey ? 'aws-key' : 'snapshot-failed',
    `Copies at ${site} failed and were taken away: ${why}.${isKey ? ' Let the role there use both keys.' : ''}`,
    isKey ? 'person' : 'again',
  );
}

/** Of the destination alone: what was copied may be gone by now. */
async function copied(wanted: Input, context: StepContext): Promise<Outcome<Output>> {
  const { site, from } = wanted;
  const copies = await readCopies(wanted, context);
  if (wanted.key !== undefined) mustHaveKey(copies, await usableKey(wanted.key, site, context), site);
  const labels = [...new Set(copies.map(labelOf))];
  const backups = labels.map((label) =>
    asBackup(
      copies.filter((one) => labelOf(one) === label),
      site,
    ),
  );
  const removed = noted(context, tidied)?.removed ?? [];
  const { label, at } = backups[0]!;
  return {
    outputs: {
      set: label,
      at,
      'root-device': tagOf(copies[0]?.Tags, mark.root) ?? null,
      snapshots: copies
        .map((one) => ({ ...asSaved(one), of: tagOf(one.Tags, mark.of)! }))
        .toSorted((one, other) => one.device.localeCompare(other.device)),
    },
    backups: [{ store: site, holds: 'volumes', complete: false, backups }],
    evidence: [
      `${copies.length} snapshots of ${from}, taken at ${at}, lie also at ${site} (${context.aws(site).region}, account ${await account(site, context)}): ${idsOf(copies).join(', ')}.`,
      ...(removed.length > 0 ? [`${removed.join(', ')} failed or had been made twice, and were taken away.`] : []),
    ],
  };
}

async function readCopies({ site, snapshots, set }: Input, context: StepContext): Promise<readonly Snapshot[]> {
  const made = (await ofThisStep(site, context)).filter(({ State }) => State === 'completed');
  const first = made.filter((one, place) => made.findIndex(({ Tags }) => tagOf(Tags, mark.of) === tagOf(one.Tags, mark.of)) === place);
  const missing = snapshots?.find((id) => !first.some(({ Tags }) => tagOf(Tags, mark.of) === id));
  if (missing !== undefined || (set !== undefined && !isAll(first)))
    throw new StepError('copy-not-made', `There is no complete copy of ${missing ?? `the set "${set}"`} at ${site} by this step.`);
  return first;
}

function mustHaveKey(copies: readonly Snapshot[], key: string, site: string): void {
  const other = copies.find(({ Encrypted, KmsKeyId }) => !Encrypted || KmsKeyId !== key);
  if (!other) return;
  throw new StepError(
    'copy-wrong-key',
    `The copy ${other.SnapshotId} at ${site} is encrypted with ${other.KmsKeyId ?? 'no key'}, and should be with ${key}: remove it, and copy again.`,
    'person',
  );
}

function ofThisStep(site: string, context: StepContext): Promise<readonly Snapshot[]> {
  return snapshotsTagged({ [tag.key]: context.key }, site, context);
}

function isCopyOf({ SnapshotId }: Snapshot): (copy: Snapshot) => boolean {
  return ({ Tags }) => tagOf(Tags, mark.of) === SnapshotId;
}

function idsOf(snapshots: readonly Snapshot[]): readonly string[] {
  return snapshots.map(({ SnapshotId }) => SnapshotId!);
}

function execution(): string[] {
  return ['sts:GetCallerIdentity', 'ec2:DescribeSnapshots', 'ec2:CopySnapshot', 'ec2:DeleteSnapshot', 'kms:DescribeKey', ...sharing()];
}

function sharing(): string[] {
  return ['ec2:DescribeSnapshotAttribute', 'ec2:ModifySnapshotAttribute', 'ec2:CreateTags', 'ec2:DeleteTags'];
}
