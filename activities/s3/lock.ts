import { createHash } from 'node:crypto';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { tagsFor } from '../aws/tags.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { head, type Spot } from './objects.ts';

/** Metadata of a copy: the source as it was copied, and the SHA-256 of what was. */
export const meta = { source: 'lifeboat-source', sha256: 'lifeboat-sha256' } as const;

/** Whether a version cannot be deleted by anyone until then. */
export function isLocked(object: HeadObjectCommandOutput | undefined, until: Date): boolean {
  return object?.ObjectLockMode === 'COMPLIANCE' && (object.ObjectLockRetainUntilDate?.getTime() ?? 0) >= until.getTime() - 1_000;
}

/** Puts an object that nobody can delete until then. */
export async function putLocked(
  { site, bucket, key }: Spot,
  bytes: Uint8Array,
  until: Date,
  metadata: { readonly [name: string]: string },
  context: StepContext,
): Promise<void> {
  const s3 = await service('s3', site, context);
  const tags = tagsFor(context, until.getTime() - Date.parse(context.run.startedAt));
  await mayChange(site, context);
  await s3.putObject({
    Bucket: bucket,
    Key: key,
    Body: bytes,
    ChecksumAlgorithm: 'SHA256',
    ChecksumSHA256: createHash('sha256').update(bytes).digest('base64'),
    Metadata: metadata,
    Tagging: new URLSearchParams(Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]))).toString(),
    ObjectLockMode: 'COMPLIANCE',
    ObjectLockRetainUntilDate: until,
  });
}

/** @throws StepError `lock-missing` where the bucket locks nothing. */
export async function locks(site: string, bucket: string, context: StepContext): Promise<void> {
  const s3 = await service('s3', site, context);
  try {
    const { ObjectLockConfiguration } = await s3.getObjectLockConfiguration({ Bucket: bucket });
    if (ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled') return;
  } catch (error) {
    if (!isAws(error, 'ObjectLockConfigurationNotFoundError', 'ObjectLockConfigurationNotFound')) throw error;
  }
  throw new StepError('lock-missing', `The bucket ${bucket} at ${site} has no Object Lock: enable it, or name one that has it.`, 'person');
}

/**
 * Tries to delete a locked version, of an object that is there for that: a lock is believed when it has refused.
 * @returns what S3 said.
 * @throws StepError `lock-not-protected` where it was deleted.
 */
export async function attack(site: string, bucket: string, prefix: string, context: StepContext): Promise<string> {
  const victim = { site, bucket, key: `${prefix}lifeboat-proof-of-lock.txt` };
  const soon = new Date(Date.now() + 3_600_000);
  let there = await head(victim, context);
  if (!isLocked(there, soon)) {
    const text = 'Lifeboat tries to delete this object, to see that it cannot be deleted.\n';
    await putLocked(victim, new TextEncoder().encode(text), new Date(Date.now() + 24 * 3_600_000), {}, context);
    there = await head(victim, context);
  }
  const s3 = await service('s3', site, context);
  await mayChange(site, context);
  try {
    await s3.deleteObject({ Bucket: bucket, Key: victim.key, VersionId: there?.VersionId });
  } catch (error) {
    if (!isAws(error, 'AccessDenied')) throw error;
    const after = await head(victim, context);
    if (after !== undefined && after.VersionId === there?.VersionId) return error.message;
  }
  throw new StepError(
    'lock-not-protected',
    `A locked version in ${bucket} at ${site} could be deleted: what is copied there is not protected. Look at the bucket's Object Lock.`,
    'person',
  );
}
