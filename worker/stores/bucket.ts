import type { GetObjectCommandOutput, ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { service, type Caller } from '../../activities/aws/client.ts';
import { isAws } from '../../activities/aws/error.ts';
import { StepError } from '../../activities/error.ts';
import type { RecordStore } from './store.ts';

/** A bucket of S3, or of what speaks like it, as an AWS site of the inventory reaches it. `page`: how many names are listed at once. */
export function bucketStore(site: string, bucket: string, prefix: string, caller: Caller, page = 1_000): RecordStore {
  const s3 = () => service('s3', site, caller);
  const failed = (error: unknown): never => {
    if (!isAws(error, 'NoSuchBucket')) throw error;
    throw new StepError('record-store', `There is no bucket ${bucket} at ${site}: make it, or name another as \`records\`.`, 'person');
  };
  const { account } = caller.aws(site);
  const at = { Bucket: bucket, ...(account === undefined ? {} : { ExpectedBucketOwner: account }) };
  const keyOf = (name: string): string => [prefix, name].filter(Boolean).join('/');
  const read = async (name: string): Promise<string | null> => {
    const found: GetObjectCommandOutput | null = await (
      await s3()
    )
      .getObject({ ...at, Key: keyOf(name) })
      .catch(absent)
      .catch(failed);
    return (await found?.Body?.transformToString()) ?? null;
  };
  return {
    where: `s3:${site}/${[bucket, prefix].filter(Boolean).join('/')}`,
    async list(under) {
      const Prefix = `${keyOf(under)}/`.replace(/^\//u, '');
      const names: string[] = [];
      for (let ContinuationToken: string | undefined; ;) {
        const client = await s3();
        const found: ListObjectsV2CommandOutput = await client
          .listObjectsV2({
            ...at,
            Prefix,
            Delimiter: '/',
            MaxKeys: page,
            ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
          })
          .catch(failed);
        names.push(...(found.Contents ?? []).map(({ Key = '' }) => Key.slice(Prefix.length)));
        ContinuationToken = found.NextContinuationToken;
        if (ContinuationToken === undefined) return names.filter(Boolean).toSorted();
      }
    },
    read,
    async write(name, text) {
      const client = await s3();
      await client.putObject({ ...at, Key: keyOf(name), Body: text, ContentType: typeOf(name), ChecksumAlgorithm: 'SHA256' }).catch(failed);
      if ((await read(name)) === text) return `s3://${bucket}/${keyOf(name)}`;
      throw new StepError(
        'store-differs',
        `${bucket}/${keyOf(name)} does not hold what was written into it: another writes there too`,
        'later',
      );
    },
  };
}

const types: { readonly [ending: string]: string } = {
  html: 'text/html; charset=utf-8',
  json: 'application/json',
  md: 'text/markdown; charset=utf-8',
};
const typeOf = (name: string): string => types[name.split('.').at(-1)!] ?? 'text/plain; charset=utf-8';

function absent(error: unknown): null {
  if (isAws(error, 'NoSuchKey')) return null;
  throw error;
}
