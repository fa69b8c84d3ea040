import type { DBInstance } from '@aws-sdk/client-rds';
import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { nameFor } from '../aws/token.ts';
import { keptTags } from '../ec2/kept.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { asTags, countRowsOf, countsIn } from './counted.ts';
import { readInstance } from './read.ts';
import { madeHere, whole } from './saved.ts';

/** What is saved, and under which name. */
interface Wanted {
  readonly site: string;
  readonly id: string;
  readonly name?: string | undefined;
  readonly days?: number | undefined;
}

/** Saves an instance, once for each step of a run, with the rows counted around it; returns when the snapshot is whole. */
export async function take(wanted: Wanted, context: StepContext): Promise<void> {
  const { site, id } = wanted;
  const name = nameOf(wanted, context);
  const rds = await service('rds', site, context);
  const isOfIt = ({ DBInstanceIdentifier }: { DBInstanceIdentifier?: string | undefined }): boolean => DBInstanceIdentifier === id;
  if (!(await madeHere(site, name, isOfIt, context))) {
    noCluster(await readInstance(site, id, context), site);
    const before = await countRowsOf(wanted, context);
    const tags = [...keptTags(context, wanted.days), ...(typeof before === 'string' ? [] : asTags('before', before))];
    await mayChange(site, context);
    await rds.createDBSnapshot({ DBInstanceIdentifier: id, DBSnapshotIdentifier: name, Tags: tags }).catch(async (error: unknown) => {
      // Another attempt was faster, or it is somebody else's: that is refused.
      if (!isAws(error, 'DBSnapshotAlreadyExists*') || !(await madeHere(site, name, isOfIt, context))) throw error;
    });
  }
  const { DBSnapshotArn, TagList } = await whole(site, name, context);
  if (!countsIn('before', TagList) || countsIn('after', TagList)) return;
  const after = await countRowsOf(wanted, context);
  if (typeof after === 'string') return;
  await mayChange(site, context);
  await rds.addTagsToResource({ ResourceName: DBSnapshotArn, Tags: asTags('after', after) });
}

export function nameOf({ id, name }: Wanted, context: StepContext): string {
  return name ?? nameFor(context, id);
}

/** @throws StepError `of-a-cluster` */
export function noCluster({ DBInstanceIdentifier: id, DBClusterIdentifier: cluster }: DBInstance, site: string): void {
  if (cluster === undefined) return;
  throw new StepError(
    'of-a-cluster',
    `${id} at ${site} is of the cluster ${cluster}, whose instances are not saved one by one.`,
    'mistake',
  );
}
