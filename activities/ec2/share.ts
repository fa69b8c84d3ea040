import type { Snapshot } from '@aws-sdk/client-ec2';
import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { tagOf } from '../aws/tags.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { snapshots as kind } from './kinds.ts';

/** The step that gave a snapshot to another account, by its key: that one takes it back. */
const giver = 'lifeboat:shared-by';
const attribute = 'createVolumePermission';

/** Gives snapshots to an account that does not have them. Written down first, so that whoever comes later knows to take it back. */
export async function share(ids: readonly string[], account: string, site: string, context: StepContext): Promise<void> {
  const ec2 = await service('ec2', site, context);
  const given = await Promise.all(ids.map((id) => isShared(id, account, site, context)));
  const left = ids.filter((_, place) => !given[place]);
  if (left.length === 0) return;
  await mayChange(site, context);
  await ec2.createTags({ Resources: left, Tags: [{ Key: giver, Value: context.key }] });
  for (const id of left) {
    await mayChange(site, context);
    await ec2.modifySnapshotAttribute({ SnapshotId: id, Attribute: attribute, OperationType: 'add', UserIds: [account] });
  }
}

/** Takes back what this step gave, and reads it back. Returns what that was. */
export async function unshare(ids: readonly string[], account: string, site: string, context: StepContext): Promise<readonly string[]> {
  const ec2 = await service('ec2', site, context);
  const there = await kind.describe(ids, site, context);
  const ours = [...there.values()].filter((one) => isOurs(one, context)).map(({ SnapshotId }) => SnapshotId!);
  for (const id of ours) {
    if (!(await isShared(id, account, site, context))) continue;
    await mayChange(site, context);
    await ec2.modifySnapshotAttribute({ SnapshotId: id, Attribute: attribute, OperationType: 'remove', UserIds: [account] });
    if (await isShared(id, account, site, context))
      throw new StepError('still-shared', `The snapshot ${id} at ${site} is still shared with the account ${account}.`);
  }
  if (ours.length > 0) {
    await mayChange(site, context);
    await ec2.deleteTags({ Resources: ours, Tags: [{ Key: giver, Value: context.key }] });
  }
  return ours;
}

async function isShared(id: string, account: string, site: string, context: StepContext): Promise<boolean> {
  const ec2 = await service('ec2', site, context);
  const { CreateVolumePermissions = [] } = await ec2.describeSnapshotAttribute({ SnapshotId: id, Attribute: attribute });
  return CreateVolumePermissions.some(({ UserId }) => UserId === account);
}

function isOurs({ Tags }: Snapshot, context: StepContext): boolean {
  return tagOf(Tags, giver) === context.key;
}
