import { createHash } from 'node:crypto';
import type { GetObjectCommandOutput, HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { service } from '../aws/client.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';

/** Where an object lies. */
export interface Spot {
  readonly site: string;
  readonly bucket: string;
  readonly key: string;
}
/** An object as a list shows it. */
export interface Listed {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
}

/** All objects of a bucket whose key begins so, in order. @throws StepError `too-many` beyond `most`. */
export async function listed(site: string, bucket: string, prefix: string, most: number, context: StepContext): Promise<Listed[]> {
  const s3 = await service('s3', site, context);
  const all: Listed[] = [];
  let next: string | undefined;
  do {
    const page = await s3.listObjectsV2({ Bucket: bucket, Prefix: prefix, ...(next === undefined ? {} : { ContinuationToken: next }) });
    for (const { Key, Size, ETag } of page.Contents ?? [])
      if (Key !== undefined) all.push({ key: Key, bytes: Size ?? 0, etag: ETag ?? '' });
    next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    if (all.length > most)
      throw new StepError(
        'too-many',
        `${bucket} at ${site} has more than ${most} objects that begin with "${prefix}": give a longer beginning.`,
        'mistake',
      );
  } while (next !== undefined);
  return all;
}

/** What is known of an object, undefined where there is none. The list says so surely: a HEAD of nothing may also be a refusal without words. */
export async function head({ site, bucket, key }: Spot, context: StepContext): Promise<HeadObjectCommandOutput | undefined> {
  const s3 = await service('s3', site, context);
  const { Contents = [] } = await s3.listObjectsV2({ Bucket: bucket, Prefix: key, MaxKeys: 1 });
  return Contents[0]?.Key === key ? s3.headObject({ Bucket: bucket, Key: key }) : undefined;
}

/** What is in it, with its SHA-256 as S3 writes it. */
export async function contents(
  { site, bucket, key }: Spot,
  context: StepContext,
): Promise<{ readonly bytes: Uint8Array; readonly sha256: string; readonly answer: GetObjectCommandOutput }> {
  const answer = await (await service('s3', site, context)).getObject({ Bucket: bucket, Key: key });
  const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
  return { bytes, sha256: createHash('sha256').update(bytes).digest('base64'), answer };
}
