import { mayChange, type Changer } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';

/** Deletes a snapshot; one that is gone is no failure. */
export async function deleteSnapshot(id: string, site: string, context: Changer): Promise<void> {
  const ec2 = await service('ec2', site, context);
  await mayChange(site, context);
  await unlessGone(ec2.deleteSnapshot({ SnapshotId: id }));
}

/** Deregisters an image; its snapshots stay. */
export async function deregister(id: string, site: string, context: Changer): Promise<void> {
  const ec2 = await service('ec2', site, context);
  await mayChange(site, context);
  await unlessGone(ec2.deregisterImage({ ImageId: id }));
}

export async function deleteVolume(id: string, site: string, context: Changer): Promise<void> {
  const ec2 = await service('ec2', site, context);
  await mayChange(site, context);
  await unlessGone(ec2.deleteVolume({ VolumeId: id }));
}

/** What is gone already need not be removed. */
export async function unlessGone(act: Promise<unknown>): Promise<void> {
  await act.catch((error: unknown) => {
    if (!isAws(error, '*NotFound*', 'InvalidAMIID.Unavailable')) throw error;
  });
}
