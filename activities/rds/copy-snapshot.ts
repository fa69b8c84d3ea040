import type { DBSnapshot } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { tagOf } from '../aws/tags.ts';
import { nameFor } from '../aws/token.ts';
import { days, keyName } from '../ec2/fields.ts';
import { keptTags, noBackup } from '../ec2/kept.ts';
import { StepError } from '../error.ts';
import { siteName } from '../fields.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { bothIn, countTags } from './counted.ts';
import { rdsId, siteField, snapshotName } from './fields.ts';
import { mayBeShared, usableKey } from './key.ts';
import { mayHold } from './quota.ts';
import { whenRoom } from './room.ts';
import { asBackup, findSnapshot, fromTag, isOurs, madeHere, newsOf, readSnapshot, whole } from './saved.ts';
import { share, sharedWith, unshare } from './share.ts';
import { savedOutput } from './snapshot.ts';

const input = z.object({
  site: siteField,
  from: siteName('The AWS site of the snapshot that is copied: another region, another account, or both.'),
  snapshot: snapshotName('The snapshot there, by its name or ARN.'),
  name: rdsId('Name of the copy. Default: that of the snapshot; in a rehearsal one that only this step gives.').optional(),
  key: keyName('The key of the destination that encrypts the copy. It must be given where the snapshot is encrypted.').optional(),
  days: days(),
});
const output = z.object({ ...savedOutput, from: z.string().describe('ARN of the snapshot that it is a copy of.') });
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

/** How long a copy between regions usually takes, milliseconds. */
const expected = 900_000;

export default step({
  name: 'rds.copy-snapshot',
  summary: 'Copies a snapshot of a database to another region or account under a key of that place, and waits until the copy is complete.',
  effect: 'change',
  expected,
  timeout: '24 hours',
  retry: { times: 5, wait: '15 seconds' },
  input,
  output,
  example: { site: 'us-west-2', from: 'us-east-1', snapshot: 'shop-db-nightly', key: 'alias/shop', days: 35 },
  permissions: [
    'The key of the snapshot is usable by the account of the copy, where that is another.',
    'The two accounts know each other by nothing but the snapshot, which is shared while it is copied.',
  ],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'rds:DescribeDBSnapshots', 'kms:DescribeKey', 'servicequotas:GetServiceQuota'],
    execute: execution(),
    rehearse: execution(),
    undo: ['sts:GetCallerIdentity', ...sharing()],
  },
  iamAt: {
    site: ['rds:CopyDBSnapshot', 'rds:DeleteDBSnapshot', 'rds:DescribeDBSnapshots', 'kms:DescribeKey', 'servicequotas:GetServiceQuota'],
    from: ['rds:DescribeDBSnapshots', 'kms:DescribeKey', ...sharing()],
  },
  iamAcross: sharing().filter((action) => action !== 'rds:DescribeDBSnapshots'),

  async preflight(wanted, context) {
    await elsewhere(wanted, context);
    const { site, from } = wanted;
    const room = await mayHold('snapshots', site, context);
    if (wanted.key !== undefined) await usableKey(wanted.key, site, context);
    const source = await findSnapshot(from, wanted.snapshot, context);
    // A step before this one may be to take it.
    if (!source) return [`${wanted.snapshot} is not at ${from} yet.`, room];
    await mayCopy(wanted, source, context);
    const there = await findSnapshot(site, nameOf(wanted, source, context), context);
    if (there && !isOurs(there, context)) await made(wanted, source, context);
    return [`${wanted.snapshot} at ${from} is ${source.Status} and can be copied to ${site}.`, room];
  },

  execute: (wanted, context) => copy(wanted, context),
  verify: (wanted, context) => copied(wanted, context),

  async rehearse(wanted, context) {
    rehearsalOnly(context);
    await copy(wanted, context);
    return noBackup(await copied(wanted, context));
  },

  async undo({ site, from, snapshot }, context) {
    const taken = await unshare(from, snapshot, await account(site, context), context);
    return [
      `${snapshot} at ${from} ${taken ? 'is shared with the account of the copy no more' : 'was not shared by this step'}. Copies are kept.`,
    ];
  },
});

async function copy(wanted: Input, context: StepContext): Promise<void> {
  const { site, from } = wanted;
  await elsewhere(wanted, context);
  const source = await readSnapshot(from, wanted.snapshot, context);
  const name = nameOf(wanted, source, context);
  const [there, here] = await Promise.all([account(site, context), account(from, context)]);
  if (!(await made(wanted, source, context))) {
    await mayCopy(wanted, source, context);
    if (there !== here) await share(from, source, there, context);
    await whenRoom(site, () => start(wanted, source, context), context);
  }
  await whole(site, name, context);
  if (there !== here) await unshare(from, wanted.snapshot, there, context);
}

async function start(wanted: Input, source: DBSnapshot, context: StepContext): Promise<void> {
  const { site, key } = wanted;
  const rds = await service('rds', site, context);
  const order = {
    SourceDBSnapshotIdentifier: source.DBSnapshotArn,
    TargetDBSnapshotIdentifier: nameOf(wanted, source, context),
    Tags: [...keptTags(context, wanted.days, { [fromTag]: source.DBSnapshotArn! }), ...countTags(source.TagList)],
    ...(key === undefined ? {} : { KmsKeyId: await usableKey(key, site, context) }),
  };
  await mayChange(site, context);
  await rds.copyDBSnapshot(order).catch(async (error: unknown) => {
    if (!isAws(error, 'DBSnapshotAlreadyExists*') || !(await made(wanted, source, context))) throw error;
  });
}

/** What an attempt of this step made before. */
function made(wanted: Input, source: DBSnapshot, context: StepContext): Promise<DBSnapshot | undefined> {
  const fits = (found: DBSnapshot): boolean => isCopyOf(found, source);
  return madeHere(wanted.site, nameOf(wanted, source, context), fits, context);
}

async function copied(wanted: Input, context: StepContext): Promise<Outcome<Output>> {
  const { site, from } = wanted;
  const source = await readSnapshot(from, wanted.snapshot, context);
  const found = await readSnapshot(site, nameOf(wanted, source, context), context);
  const { DBSnapshotIdentifier: name = '', Status, KmsKeyId = null, Encrypted = false } = found;
  if (!isOurs(found, context) || !isCopyOf(found, source))
    throw new StepError('name-taken', `The snapshot ${name} at ${site} is not of this step: give another name.`, 'person');
  if (Status !== 'available') throw new StepError('snapshot-unfinished', `The snapshot ${name} at ${site} is ${Status}.`);
  const key = wanted.key === undefined ? null : await usableKey(wanted.key, site, context);
  if (key !== null && key !== KmsKeyId)
    throw new StepError('wrong-key', `The copy ${name} at ${site} is encrypted with ${KmsKeyId ?? 'no key'}, not with ${key}.`, 'person');
  const [there, here] = await Promise.all([account(site, context), account(from, context)]);
  const backup = asBackup(found, site);
  return {
    outputs: {
      snapshot: name,
      arn: found.DBSnapshotArn!,
      at: backup.at,
      gigabytes: found.AllocatedStorage ?? 0,
      key: Encrypted ? KmsKeyId : null,
      rows: bothIn(found.TagList),
      from: source.DBSnapshotArn!,
    },
    backups: [newsOf(backup)],
    evidence: [
      `${source.DBSnapshotArn} was copied to ${found.DBSnapshotArn}, as it was at ${backup.at}, ${Encrypted ? `encrypted with ${KmsKeyId}` : 'not encrypted'}.`,
      ...(there === here ? [] : [await sharedNow(from, source, there, context)]),
    ],
  };
}

async function sharedNow(from: string, source: DBSnapshot, there: string, context: StepContext): Promise<string> {
  const still = (await sharedWith(from, source, context)).includes(there);
  return `The snapshot at ${from} is ${still ? 'still shared, as it was before,' : 'no longer shared'} with account ${there}.`;
}

/** Refuses what would lie beside the original. */
async function elsewhere({ site, from }: Input, context: StepContext): Promise<void> {
  const [there, here] = await Promise.all([account(site, context), account(from, context)]);
  if (there !== here || context.aws(site).region !== context.aws(from).region) return;
  throw new StepError(
    'not-elsewhere',
    `${site} and ${from} are the same region of the same account: a copy there is lost with the original. Name another site.`,
    'mistake',
  );
}

async function mayCopy({ site, from, key }: Input, source: DBSnapshot, context: StepContext): Promise<void> {
  const { DBSnapshotIdentifier: name, Status = '', Encrypted, KmsKeyId } = source;
  if (/^(?:failed|incompatible|deleting|deleted)/u.test(Status))
    throw new StepError('snapshot-failed', `The snapshot ${name} at ${from} is ${Status}: take another.`, 'person');
  if (Status !== 'available')
    throw new StepError(
      'snapshot-unfinished',
      `The snapshot ${name} at ${from} is ${Status}: it is copied when it is complete.`,
      'later',
      15_000,
    );
  if (!Encrypted) return;
  if (key === undefined)
    throw new StepError('no-key', `The snapshot ${name} at ${from} is encrypted: name a \`key\` of ${site} for the copy.`, 'mistake');
  if ((await account(site, context)) !== (await account(from, context)) && KmsKeyId !== undefined)
    await mayBeShared(KmsKeyId, from, context);
}

function isCopyOf({ TagList }: DBSnapshot, { DBSnapshotArn }: DBSnapshot): boolean {
  return tagOf(TagList, fromTag) === DBSnapshotArn;
}

/** A name of an automated snapshot begins with `rds:`, which no copy may be called. */
function nameOf({ name }: Input, source: DBSnapshot, context: StepContext): string {
  const same = source.DBSnapshotIdentifier!.split(':').at(-1)!;
  return name ?? (context.run.live ? same : nameFor(context, same));
}

function execution(): string[] {
  return [
    'sts:GetCallerIdentity',
    'rds:DescribeDBSnapshots',
    'rds:CopyDBSnapshot',
    'rds:DeleteDBSnapshot',
    'kms:DescribeKey',
    ...sharing(),
  ];
}

function sharing(): string[] {
  return [
    'rds:DescribeDBSnapshots',
    'rds:DescribeDBSnapshotAttributes',
    'rds:ModifyDBSnapshotAttribute',
    'rds:AddTagsToResource',
    'rds:RemoveTagsFromResource',
  ];
}
