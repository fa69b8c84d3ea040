import { service, type Caller } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { tagOf } from '../aws/tags.ts';
import { StepError } from '../error.ts';
import { readArn } from './arn.ts';
import type { Place } from './connect.ts';
import { isolation } from './isolation.ts';
import { sourceOf } from './source.ts';

/** What a member is as RDS tells it. `isolated`: it replicates from nobody and is cut off; `out`: it serves nobody as it is. */
export interface Role {
  readonly is: 'primary' | 'replica' | 'isolated' | 'out';
  /** One sentence. */
  readonly text: string;
}

const out = /^(?:creating|deleting|failed|starting|stopped|stopping|restore-error|incompatible-.*|inaccessible-.*)$/u;

/** Asks RDS at the member's own site. `global`: identifier of the global cluster that it is a cluster of. */
export function roleOf(place: Place, global: string | undefined, caller: Caller): Promise<Role> {
  return global === undefined ? ofInstance(place, caller) : ofCluster(place, global, caller);
}

/** Whether RDS says that it is there and replicates from nobody, cut off or not. */
export async function isPrimary(
  place: Place,
  caller: Caller & { readonly system: { readonly rds?: { readonly global?: string } } },
): Promise<boolean> {
  try {
    const { is } = await roleOf(place, caller.system.rds?.global?.toLowerCase(), caller);
    return is === 'primary' || is === 'isolated';
  } catch (error) {
    if (isAws(error, '*NotFound*')) return false;
    throw error;
  }
}

async function ofInstance({ site, id }: Place, caller: Caller): Promise<Role> {
  const rds = await service('rds', site, caller);
  const { DBInstances: [one] = [] } = await rds.describeDBInstances({ DBInstanceIdentifier: id });
  if (!one) throw new StepError('rds-no-instance', `RDS at ${site} has no instance ${id}.`, 'mistake');
  const { DBInstanceStatus: status = 'in no state', TagList: tags } = one;
  const source = sourceOf(one);
  if (source !== undefined) return { is: 'replica', text: `${id} at ${site} is a replica of ${source}, and ${status}.` };
  if (out.test(status)) return { is: 'out', text: `${id} at ${site} is ${status}: it serves nobody.` };
  const since = tagOf(tags, isolation.since);
  if (since !== undefined && since !== 'pending')
    return { is: 'isolated', text: `${id} at ${site} is no replica, and is isolated since ${since}.` };
  return { is: 'primary', text: `${id} at ${site} is no replica: it is the primary, and ${status}.` };
}

async function ofCluster({ site, id }: Place, global: string, caller: Caller): Promise<Role> {
  const { region } = caller.aws(site);
  const rds = await service('rds', site, caller);
  const { GlobalClusters = [] } = await rds.describeGlobalClusters({ GlobalClusterIdentifier: global });
  const members = GlobalClusters.find(({ GlobalClusterIdentifier }) => GlobalClusterIdentifier === global)?.GlobalClusterMembers ?? [];
  const member = members.find(({ DBClusterArn = '' }) => {
    const arn = readArn(DBClusterArn);
    return arn?.region === region && arn.id === id;
  });
  if (!member) throw new StepError('rds-no-member', `The global cluster ${global} has no member ${id} at ${site}.`, 'mistake');
  return member.IsWriter
    ? { is: 'primary', text: `${id} at ${site} is the writer of the global cluster ${global}.` }
    : {
        is: 'replica',
        text: `${id} at ${site} is a reader of the global cluster ${global}${member.SynchronizationStatus ? `, ${member.SynchronizationStatus}` : ''}.`,
      };
}
