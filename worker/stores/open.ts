import type { Caller } from '../../activities/aws/client.ts';
import { StepError } from '../../activities/error.ts';
import { bucketStore } from './bucket.ts';
import { folderStore } from './folder.ts';
import type { RecordStore } from './store.ts';

/** Opens the store that an inventory names in `records` of a site: a folder, or `s3:SITE/BUCKET[/PREFIX]`. Touches nothing yet. */
export function openStore(written: string, caller: Caller): RecordStore {
  if (!written.startsWith('s3:')) return folderStore(written);
  const [site, bucket, ...prefix] = written.slice('s3:'.length).split('/').filter(Boolean);
  if (site === undefined || bucket === undefined)
    throw new StepError(
      'record-store',
      `"${written}" is no record store: write s3:SITE/BUCKET/PREFIX, SITE being an AWS site of the inventory`,
      'mistake',
    );
  return bucketStore(site, bucket, prefix.join('/'), caller);
}
