import type { DBSnapshot } from '@aws-sdk/client-rds';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { tag, tagOf } from '../aws/tags.ts';
import { waitFor } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import type { Backup, BackupNews, StepContext } from '../step.ts';
import { snapshots as kind } from './kinds.ts';

/** Tag of a copy and of a restored instance: the ARN of what it was made from. */
export const fromTag = 'lifeboat:from';

/** How long a snapshot usually takes, milliseconds. */
export const expected = 180_000;

/**
 * The snapshot of this name or ARN among the site's own; undefined where there is none.
 * @throws StepError `wrong-site` where the ARN is of another region or account.
 */
export async function findSnapshot(site: string, snapshot: string, context: StepContext): Promise<DBSnapshot | undefined> {
  const [arn, name = snapshot] = snapshot.split(':snapshot:');
  const { region } = context.aws(site);
  if (name !== snapshot && !arn!.endsWith(`:rds:${region}:${await account(site, context)}`))
    throw new StepError(
      'wrong-site',
      `${snapshot} is not of ${site} (${region}): name the site that it is at, or copy it first.`,
      'mistake',
    );
  return (await kind.describe([name], site, context)).get(name);
}

/** The snapshot of this name or ARN. Throws where there is none. */
export async function readSnapshot(site: string, snapshot: string, context: StepContext): Promise<DBSnapshot> {
  const found = await findSnapshot(site, snapshot, context);
  if (found) return found;
  throw new StepError(
    'rds-no-snapshot',
    `There is no snapshot ${snapshot} at ${site} (${context.aws(site).region}): it was deleted, or is of another site or account.`,
    'person',
  );
}

/**
 * What this step made under a name before; undefined where there is nothing, or where it failed and was taken away.
 * `fits`: whether it is of what this step saves.
 * @throws StepError `name-taken` where it is another's.
 */
export async function madeHere(
  site: string,
  name: string,
  fits: (found: DBSnapshot) => boolean,
  context: StepContext,
): Promise<DBSnapshot | undefined> {
  const found = await findSnapshot(site, name, context);
  if (!found) return undefined;
  if (tagOf(found.TagList, tag.key) !== context.key || !fits(found)) throw taken(site, found);
  if (!/^(?:failed|incompatible)/u.test(found.Status ?? '')) return found;
  await mayChange(site, context);
  await (await service('rds', site, context)).deleteDBSnapshot({ DBSnapshotIdentifier: name }).catch((error: unknown) => {
    if (!isAws(error, 'DBSnapshotNotFound*')) throw error;
  });
  return undefined;
}

/** Waits until a snapshot can be used. */
export function whole(site: string, name: string, context: StepContext): Promise<DBSnapshot> {
  const ready = ({ Status = '' }: DBSnapshot): boolean => {
    if (/^(?:failed|incompatible|deleted|deleting)/u.test(Status))
      throw new StepError('snapshot-failed', `The snapshot ${name} at ${site} is ${Status}: it is made again.`);
    return Status === 'available';
  };
  return waitFor({ kind, id: name, site, expected, ready }, context);
}

/** Whether this step made it. */
export function isOurs({ TagList }: DBSnapshot, context: StepContext): boolean {
  return tagOf(TagList, tag.key) === context.key;
}

/** When what it holds was so, ISO time. */
export function takenAt({ OriginalSnapshotCreateTime, SnapshotCreateTime }: DBSnapshot): string {
  return (OriginalSnapshotCreateTime ?? SnapshotCreateTime ?? new Date(0)).toISOString();
}

export function asBackup(found: DBSnapshot, store: string): Backup {
  return {
    label: found.DBSnapshotIdentifier!,
    store,
    holds: 'database',
    kind: 'snapshot',
    at: takenAt(found),
    bytes: (found.AllocatedStorage ?? 0) * 1_073_741_824,
    provenAt: null,
    compared: [],
  };
}

/** What is learnt of one backup alone. */
export function newsOf(backup: Backup): BackupNews {
  return { store: backup.store, holds: backup.holds, complete: false, backups: [backup] };
}

function taken(site: string, { DBSnapshotIdentifier: name, DBInstanceIdentifier: of, TagList }: DBSnapshot): StepError {
  const run = tagOf(TagList, tag.run);
  return new StepError(
    'name-taken',
    `The name ${name} at ${site} is taken by a snapshot of ${of}, made ${run === undefined ? 'by nobody that it says' : `by the run ${run}`}: give another name, or remove that one.`,
    'person',
  );
}
