import { mayChange, type Changer } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import type { Made } from './leftovers.ts';
import { deleteSnapshot, deleteVolume, deregister, unlessGone } from './remove.ts';

/** Begins to take a resource away. What is gone already is no failure. */
export async function takeAway({ kind, id }: Made, site: string, context: Changer): Promise<void> {
  if (kind === 'volume') return deleteVolume(id, site, context);
  if (kind === 'image') return deregister(id, site, context);
  if (kind === 'snapshot') return deleteSnapshot(id, site, context);
  const [ec2, rds] = await Promise.all([service('ec2', site, context), service('rds', site, context)]);
  await mayChange(site, context);
  switch (kind) {
    case 'instance':
      return unlessGone(ec2.terminateInstances({ InstanceIds: [id] }));
    case 'address':
      return unlessGone(ec2.releaseAddress({ AllocationId: id }));
    case 'security-group':
      return unlessGone(ec2.deleteSecurityGroup({ GroupId: id }));
    case 'database':
      return unlessGone(rds.deleteDBInstance({ DBInstanceIdentifier: id, SkipFinalSnapshot: true, DeleteAutomatedBackups: true }));
    case 'database-snapshot':
      return unlessGone(rds.deleteDBSnapshot({ DBSnapshotIdentifier: id }));
  }
}
