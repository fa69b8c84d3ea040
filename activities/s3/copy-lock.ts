import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { StepError } from '../error.ts';
import { siteName } from '../fields.ts';
import { beating, noteAlso, noted } from '../note.ts';
import { step, type StepContext } from '../step.ts';
import { bucketName, keyPart } from './fields.ts';
import { attack, isLocked, locks, meta, putLocked } from './lock.ts';
import { contents, head, listed, type Listed, type Spot } from './objects.ts';

/** They are files for people, such as exports and checklists: each is held in memory. Objects; bytes. */
const most = { objects: 1_000, bytes: 64 * 1024 * 1024 };
const day = 24 * 3_600_000;
const input = z.object({
  site: siteName('The AWS site of the bucket that is copied to: another region or account than that of `from`.'),
  bucket: bucketName('The bucket that is copied to; it has Object Lock.'),
  prefix: keyPart('What the keys of the copies begin with, in place of `from-prefix`.').default(''),
  from: siteName('The AWS site of the bucket that is copied from.'),
  'from-bucket': bucketName('The bucket that is copied from.'),
  'from-prefix': keyPart('What the keys that are copied begin with.').default(''),
  days: z.int().min(1).max(3_650).describe('For how long nobody can delete the copies, days from the start of the run.'),
});
const output = z.object({
  objects: z.int().describe('How many objects were copied or were there already, a number.'),
  bytes: z.int().describe('What they hold, bytes.'),
  until: z.string().describe('Until when nobody can delete them, ISO time.'),
  refusal: z.string().describe('What S3 said when a locked version was to be deleted.'),
});
type Input = z.infer<typeof input>;

const tried = z.object({ refusal: z.string() });
const reads = ['sts:GetCallerIdentity', 's3:ListBucket', 's3:GetObject', 's3:GetBucketObjectLockConfiguration'];

export default step({
  name: 's3.copy-lock',
  summary:
    'Copies objects to a bucket in another region or account where nobody can delete them before their time, and proves it by trying.',
  effect: 'change',
  expected: 30_000,
  timeout: '1 hour',
  retry: { times: 5, wait: '5 seconds' },
  input,
  output,
  example: {
    site: 'vault',
    bucket: 'example-vault',
    prefix: 'exports/',
    from: 'us-east-1',
    'from-bucket': 'example-exports',
    'from-prefix': '',
    days: 35,
  },
  permissions: ['Use of the keys of the buckets (kms:Decrypt, kms:GenerateDataKey), where those are not the ones of AWS.'],
  iam: {
    preflight: reads,
    execute: [...reads, 's3:GetObjectRetention', 's3:PutObject', 's3:PutObjectRetention', 's3:PutObjectTagging', 's3:DeleteObjectVersion'],
  },
  iamAt: { from: ['s3:ListBucket', 's3:GetObject'] },

  async preflight(wanted, context) {
    await apart(wanted, context);
    const all = await files(wanted, context);
    await locks(wanted.site, wanted.bucket, context);
    const bytes = all.reduce((sum, one) => sum + one.bytes, 0);
    return [
      `${all.length} objects of ${wanted['from-bucket']} at ${wanted.from} (${bytes} bytes) can be copied to ${wanted.bucket} at ${wanted.site}, which has Object Lock.`,
    ];
  },

  async execute(wanted, context) {
    await apart(wanted, context);
    await locks(wanted.site, wanted.bucket, context);
    await beating(context, copyAll(wanted, context));
    if (noted(context, tried) === undefined)
      noteAlso(context, { refusal: await beating(context, attack(wanted.site, wanted.bucket, wanted.prefix, context)) });
  },

  async verify(wanted, context) {
    const all = await files(wanted, context);
    const refusal = noted(context, tried)?.refusal;
    if (refusal === undefined)
      throw new StepError('lock-not-tried', 'Whether a locked version can be deleted was not tried, or the answer was lost.');
    const until = untilOf(wanted, context);
    for (const one of all) await beating(context, readBack(one, wanted, until, context));
    const bytes = all.reduce((sum, one) => sum + one.bytes, 0);
    return {
      outputs: { objects: all.length, bytes, until: until.toISOString(), refusal },
      evidence: [
        `${all.length} objects (${bytes} bytes) are in ${wanted.bucket} at ${wanted.site}, read back with their checksums, and locked in compliance mode until ${until.toISOString()}.`,
        `The deletion of a locked version there was tried and refused: ${refusal}`,
      ],
    };
  },

  rehearse: { none: 'What it locks stays for its time, and a rehearsal must leave nothing behind.' },
  undo: { none: 'What is locked cannot be deleted before its time: that is what it is for.' },
});

async function copyAll(wanted: Input, context: StepContext): Promise<void> {
  const until = untilOf(wanted, context);
  for (const one of await files(wanted, context)) {
    const target = targetOf(one, wanted);
    const there = await head(target, context);
    if (there?.Metadata?.[meta.source] !== sourceOf(one, wanted)) {
      const source = { site: wanted.from, bucket: wanted['from-bucket'], key: one.key };
      const { bytes, sha256, answer } = await contents(source, context);
      const copied = { ...one, etag: answer.ETag ?? one.etag };
      await putLocked(target, bytes, until, { [meta.source]: sourceOf(copied, wanted), [meta.sha256]: sha256 }, context);
    } else if (!isLocked(there, until)) await extend(target, there.VersionId, until, context);
  }
}

/** In compliance mode a lock can be made longer, and never shorter. */
async function extend({ site, bucket, key }: Spot, version: string | undefined, until: Date, context: StepContext): Promise<void> {
  const s3 = await service('s3', site, context);
  await mayChange(site, context);
  await s3.putObjectRetention({
    Bucket: bucket,
    Key: key,
    ...(version === undefined ? {} : { VersionId: version }),
    Retention: { Mode: 'COMPLIANCE', RetainUntilDate: until },
  });
}

async function readBack(one: Listed, wanted: Input, until: Date, context: StepContext): Promise<void> {
  const target = targetOf(one, wanted);
  const there = await head(target, context);
  const name = `${target.key} in ${target.bucket} at ${target.site}`;
  if (there?.Metadata?.[meta.source] !== sourceOf(one, wanted))
    throw new StepError('not-copied', `${name} is ${there ? 'another state of' : 'missing, the copy of'} ${one.key}.`);
  if (!isLocked(there, until)) throw new StepError('not-locked', `${name} is not locked until ${until.toISOString()}.`);
  const { sha256 } = await contents(target, context);
  if (sha256 !== there.Metadata[meta.sha256])
    throw new StepError('copy-damaged', `${name} does not hold what was copied: its checksum differs.`, 'person');
}

async function files(wanted: Input, context: StepContext): Promise<Listed[]> {
  const all = await listed(wanted.from, wanted['from-bucket'], wanted['from-prefix'], most.objects, context);
  const place = `${wanted['from-bucket']} at ${wanted.from}`;
  if (all.length === 0)
    throw new StepError('nothing-there', `${place} has no object that begins with "${wanted['from-prefix']}".`, 'person');
  const large = all.find(({ bytes }) => bytes > most.bytes);
  if (large === undefined) return all;
  throw new StepError(
    'too-large',
    `${large.key} of ${place} has ${large.bytes} bytes, more than ${most.bytes}: copy it by replication of S3.`,
    'mistake',
  );
}

/** A copy beside its original is lost with it. */
async function apart({ site, from, bucket, 'from-bucket': other }: Input, context: StepContext): Promise<void> {
  const [there, here] = await Promise.all([account(site, context), account(from, context)]);
  if ((context.aws(site).region !== context.aws(from).region || there !== here) && bucket !== other) return;
  throw new StepError(
    'same-failure-domain',
    `${bucket} at ${site} is in the same region and account as ${other} at ${from}, or the same: name another.`,
    'mistake',
  );
}

function targetOf({ key }: Listed, { site, bucket, prefix, 'from-prefix': stem }: Input): Spot {
  return { site, bucket, key: prefix + key.slice(stem.length) };
}

/** Names one state of a source. Letters that metadata can carry. */
function sourceOf({ key, etag }: Listed, { 'from-bucket': bucket }: Input): string {
  return encodeURIComponent(`${bucket}/${key} ${etag.replaceAll('"', '')}`);
}

function untilOf({ days }: Input, { run }: StepContext): Date {
  return new Date(Date.parse(run.startedAt) + days * day);
}
