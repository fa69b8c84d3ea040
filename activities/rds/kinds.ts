import type { DBCluster, DBClusterSnapshot, DBInstance, DBSnapshot, GlobalCluster } from '@aws-sdk/client-rds';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import type { Kind } from '../aws/wait.ts';

/** As many as one page holds. */
const batch = 100;

/** Database instances, by identifier in lower case. */
export const instances: Kind<DBInstance> = {
  name: 'rds instance',
  batch,
  describe: (ids, site, context) =>
    found(ids, async (some) => {
      const { DBInstances = [] } = await (await service('rds', site, context)).describeDBInstances(of('db-instance-id', some));
      return DBInstances.map((one) => [one.DBInstanceIdentifier!, one]);
    }),
  progress: ({ PercentProgress }) => percent(PercentProgress),
};

/** Manual and automated snapshots of instances in the site's own account, by identifier in lower case. */
export const snapshots: Kind<DBSnapshot> = {
  name: 'rds snapshot',
  batch,
  describe: (ids, site, context) =>
    found(ids, async (some) => {
      const { DBSnapshots = [] } = await (await service('rds', site, context)).describeDBSnapshots(of('db-snapshot-id', some));
      return DBSnapshots.map((one) => [one.DBSnapshotIdentifier!, one]);
    }),
  progress: ({ PercentProgress }) => PercentProgress,
};

/** Clusters, of Aurora or in several zones, by identifier in lower case. */
export const clusters: Kind<DBCluster> = {
  name: 'rds cluster',
  batch,
  describe: (ids, site, context) =>
    found(ids, async (some) => {
      const { DBClusters = [] } = await (await service('rds', site, context)).describeDBClusters(of('db-cluster-id', some));
      return DBClusters.map((one) => [one.DBClusterIdentifier!, one]);
    }),
  progress: ({ PercentProgress }) => percent(PercentProgress),
};

/** Snapshots of clusters, by identifier in lower case. */
export const clusterSnapshots: Kind<DBClusterSnapshot> = {
  name: 'rds cluster snapshot',
  batch,
  describe: (ids, site, context) =>
    found(ids, async (some) => {
      const { DBClusterSnapshots = [] } = await (
        await service('rds', site, context)
      ).describeDBClusterSnapshots(of('db-cluster-snapshot-id', some));
      return DBClusterSnapshots.map((one) => [one.DBClusterSnapshotIdentifier!, one]);
    }),
  progress: ({ PercentProgress }) => PercentProgress,
};

/** Global clusters of Aurora, by identifier in lower case. */
export const globalClusters: Kind<GlobalCluster> = {
  name: 'rds global cluster',
  // Its filter takes regions only.
  batch: 1,
  describe: (ids, site, context) =>
    found(ids, async (some) => {
      const rds = await service('rds', site, context);
      const each = await Promise.all(some.map((id) => rds.describeGlobalClusters({ GlobalClusterIdentifier: id })));
      return each
        .flatMap(({ GlobalClusters = [] }) => GlobalClusters)
        .filter(({ GlobalClusterIdentifier: id }) => some.includes(id!))
        .map((one) => [one.GlobalClusterIdentifier!, one]);
    }),
};

function of(filter: string, ids: readonly string[]) {
  return { Filters: [{ Name: filter, Values: [...ids] }], MaxRecords: batch };
}

function percent(text: string | undefined): number | undefined {
  const value = Number.parseInt(text ?? '', 10);
  return Number.isNaN(value) ? undefined : value;
}

/** One that is not there is left out, also where the call is refused for it. */
async function found<State>(
  ids: readonly string[],
  read: (ids: readonly string[]) => Promise<(readonly [string, State])[]>,
): Promise<ReadonlyMap<string, State>> {
  try {
    return new Map(await read(ids));
  } catch (error) {
    if (!isAws(error, '*NotFound', '*NotFoundFault')) throw error;
    if (ids.length === 1) return new Map();
    const each = await Promise.all(ids.map((id) => found([id], read)));
    return new Map(each.flatMap((one) => [...one]));
  }
}
