import type { DBSnapshot } from '@aws-sdk/client-rds';
import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { tagOf } from '../aws/tags.ts';
import type { StepContext } from '../step.ts';
import { findSnapshot } from './saved.ts';

/** The step that gave a snapshot to another account, by its key: that one takes it back. */
const giver = 'lifeboat:shared-by';

/** Gives a snapshot to an account that does not have it. Written down first, so that whoever comes later knows to take it back. */
export async function share(site: string, snapshot: DBSnapshot, account: string, context: StepContext): Promise<void> {
  if ((await sharedWith(site, snapshot, context)).includes(account)) return;
  const rds = await service('rds', site, context);
  if (tagOf(snapshot.TagList, giver) !== context.key) {
    await mayChange(site, context);
    await rds.addTagsToResource({ ResourceName: snapshot.DBSnapshotArn, Tags: [{ Key: giver, Value: context.key }] });
  }
  await mayChange(site, context);
  await rds.modifyDBSnapshotAttribute({ ...attribute(snapshot), ValuesToAdd: [account] });
}

/** Takes back what this step gave. Returns whether there was something to take back. */
export async function unshare(site: string, name: string, account: string, context: StepContext): Promise<boolean> {
  const snapshot = await findSnapshot(site, name, context);
  if (!snapshot || tagOf(snapshot.TagList, giver) !== context.key) return false;
  const rds = await service('rds', site, context);
  if ((await sharedWith(site, snapshot, context)).includes(account)) {
    await mayChange(site, context);
    await rds.modifyDBSnapshotAttribute({ ...attribute(snapshot), ValuesToRemove: [account] });
  }
  await mayChange(site, context);
  await rds.removeTagsFromResource({ ResourceName: snapshot.DBSnapshotArn, TagKeys: [giver] });
  return true;
}

/** The accounts that a snapshot is given to. */
export async function sharedWith(site: string, { DBSnapshotIdentifier }: DBSnapshot, context: StepContext): Promise<readonly string[]> {
  const rds = await service('rds', site, context);
  const { DBSnapshotAttributesResult } = await rds.describeDBSnapshotAttributes({ DBSnapshotIdentifier });
  return DBSnapshotAttributesResult?.DBSnapshotAttributes?.find(({ AttributeName }) => AttributeName === 'restore')?.AttributeValues ?? [];
}

function attribute({ DBSnapshotIdentifier }: DBSnapshot) {
  return { DBSnapshotIdentifier, AttributeName: 'restore' };
}
