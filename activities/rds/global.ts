import type { GlobalCluster } from '@aws-sdk/client-rds';
import { waitFor } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { readArn } from './arn.ts';
import type { Place } from './connect.ts';
import { globalClusters } from './kinds.ts';

/** A cluster of a global cluster of Aurora. */
export interface Member {
  readonly arn: string;
  readonly region: string;
  readonly id: string;
  readonly writes: boolean;
  /** Such as `connected`; null where RDS does not say. */
  readonly sync: string | null;
}

export interface Global {
  readonly id: string;
  readonly status: string;
  readonly members: readonly Member[];
  /** ARN of the member that is being made the writer. */
  readonly moving: string | null;
}

/** A global cluster as RDS at a site tells it. Throws where there is none. */
export async function readGlobal(id: string, site: string, context: StepContext): Promise<Global> {
  const found = (await globalClusters.describe([id], site, context)).get(id);
  if (found) return ofGlobal(found);
  throw new StepError('rds-no-global', `RDS at ${site} has no global cluster ${id}: correct the name, or the site.`, 'mistake');
}

/** The member that is the cluster at a place. Throws where it is none. */
export function memberAt({ id, members }: Global, place: Place, context: StepContext): Member {
  const { region } = context.aws(place.site);
  const found = members.find((member) => member.region === region && member.id === place.id);
  if (found) return found;
  const have = members.map((member) => `${member.id} in ${member.region}`).join(', ') || 'none';
  throw new StepError('rds-no-member', `The global cluster ${id} has no member ${place.id} in ${region}: it has ${have}.`, 'mistake');
}

/** Waits until the global cluster is as it shall be. `expected`: milliseconds. */
export function waitForGlobal(
  id: string,
  site: string,
  expected: number,
  ready: (global: Global) => boolean,
  context: StepContext,
): Promise<unknown> {
  return waitFor({ kind: globalClusters, id, site, expected, ready: (state) => ready(ofGlobal(state)) }, context);
}

function ofGlobal({ GlobalClusterIdentifier, Status, GlobalClusterMembers = [], FailoverState }: GlobalCluster): Global {
  return {
    id: GlobalClusterIdentifier!,
    status: Status ?? '',
    moving: FailoverState?.ToDbClusterArn ?? null,
    members: GlobalClusterMembers.map(({ DBClusterArn = '', IsWriter, SynchronizationStatus }) => ({
      arn: DBClusterArn,
      region: readArn(DBClusterArn)?.region ?? '',
      id: readArn(DBClusterArn)?.id ?? '',
      writes: IsWriter === true,
      sync: SynchronizationStatus ?? null,
    })),
  };
}
