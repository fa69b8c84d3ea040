import { service } from '../../activities/aws/client.ts';
import type { SystemFacts } from '../../plan/plan.ts';
import { hostOf, secretFile } from '../../lab/lab.ts';
import type { Cloud } from './cloud.ts';
import { estate, type Estate } from './estate.ts';

/** A database at `east`, and where asked its replica at `west`, each in a VPC of its own. */
export interface Pair {
  readonly system: Partial<SystemFacts>;
  readonly east: Seat;
  readonly west: Seat;
}
export interface Seat {
  readonly vpc: string;
  /** The security group of its database. */
  readonly group: string;
  /** The key of its region. */
  readonly key: string;
}

/** Names are `shop-db` (east), `shop-db-west` (west), and the subnet group `shop` at both. */
export async function pairOf(cloud: Cloud, options: { replica?: boolean; encrypted?: boolean } = {}): Promise<Pair> {
  const [east, west] = await Promise.all([seatAt(cloud, 'east'), seatAt(cloud, 'west')]);
  const rds = await service('rds', 'east', cloud.context());
  await rds.createDBInstance({
    DBInstanceIdentifier: 'shop-db',
    Engine: 'postgres',
    DBInstanceClass: 'db.m7g.large',
    AllocatedStorage: 20,
    MasterUsername: 'shop',
    MasterUserPassword: 'only-for-this-test',
    BackupRetentionPeriod: 7,
    DBSubnetGroupName: 'shop',
    VpcSecurityGroupIds: [east.group],
    MultiAZ: true,
    ...(options.encrypted ? { StorageEncrypted: true, KmsKeyId: east.key } : {}),
  });
  // The emulator names automatic ones by the minute: another instance of this name would find the name taken.
  const { DBSnapshots = [] } = await rds.describeDBSnapshots({ DBInstanceIdentifier: 'shop-db', SnapshotType: 'automated' });
  for (const { DBSnapshotIdentifier } of DBSnapshots) await rds.deleteDBSnapshot({ DBSnapshotIdentifier });
  if (options.replica ?? true) {
    const there = await service('rds', 'west', cloud.context());
    await there.createDBInstanceReadReplica({
      DBInstanceIdentifier: 'shop-db-west',
      SourceDBInstanceIdentifier: `arn:aws:rds:us-east-1:${cloud.account}:db:shop-db`,
      DBSubnetGroupName: 'shop',
      VpcSecurityGroupIds: [west.group],
      ...(options.encrypted ? { KmsKeyId: west.key } : {}),
    });
  }
  const rdsFacts = { members: { east: 'shop-db', west: 'shop-db-west' }, port: 5432, database: 'postgres', connect: {} };
  return { system: { rds: rdsFacts }, east, west };
}

async function seatAt(cloud: Cloud, site: 'east' | 'west'): Promise<Seat> {
  const context = cloud.context();
  const [ec2, rds, kms] = await Promise.all([service('ec2', site, context), service('rds', site, context), service('kms', site, context)]);
  const { Vpc } = await ec2.createVpc({ CidrBlock: '10.20.0.0/16' });
  const vpc = Vpc!.VpcId!;
  const { region } = cloud.sites[site]!;
  const subnets = await Promise.all(
    ['a', 'b'].map((zone, index) =>
      ec2.createSubnet({ VpcId: vpc, CidrBlock: `10.20.${index}.0/24`, AvailabilityZone: `${region}${zone}` }),
    ),
  );
  const { GroupId } = await ec2.createSecurityGroup({ GroupName: 'shop-db', Description: 'database', VpcId: vpc });
  const { KeyMetadata } = await kms.createKey({});
  await rds.createDBSubnetGroup({
    DBSubnetGroupName: 'shop',
    DBSubnetGroupDescription: 'shop',
    SubnetIds: subnets.map(({ Subnet }) => Subnet!.SubnetId!),
  });
  return { vpc, group: GroupId!, key: KeyMetadata!.KeyId! };
}

/** Clusters `shop-east` (the writer) and `shop-west` of the global cluster `shop`, each with two instances at east and one at west. */
export async function globalOf(cloud: Cloud): Promise<Pair> {
  const [east, west] = await Promise.all([seatAt(cloud, 'east'), seatAt(cloud, 'west')]);
  const engine = { Engine: 'aurora-postgresql', EngineVersion: '16.4' };
  const login = { MasterUsername: 'shop', MasterUserPassword: 'only-for-this-test' };
  const [there, rds] = await Promise.all([service('rds', 'west', cloud.context()), service('rds', 'east', cloud.context())]);
  const { DBCluster } = await rds.createDBCluster({
    DBClusterIdentifier: 'shop-east',
    ...engine,
    ...login,
    DBSubnetGroupName: 'shop',
    VpcSecurityGroupIds: [east.group],
  });
  for (const id of ['shop-east-1', 'shop-east-2'])
    await rds.createDBInstance({
      DBInstanceIdentifier: id,
      DBClusterIdentifier: 'shop-east',
      DBInstanceClass: 'db.r7g.large',
      Engine: engine.Engine,
    });
  await rds.createGlobalCluster({ GlobalClusterIdentifier: 'shop', SourceDBClusterIdentifier: DBCluster!.DBClusterArn });
  await there.createDBCluster({
    DBClusterIdentifier: 'shop-west',
    ...engine,
    GlobalClusterIdentifier: 'shop',
    DBSubnetGroupName: 'shop',
    VpcSecurityGroupIds: [west.group],
  });
  await there.createDBInstance({
    DBInstanceIdentifier: 'shop-west-1',
    DBClusterIdentifier: 'shop-west',
    DBInstanceClass: 'db.r7g.large',
    Engine: engine.Engine,
  });
  const facts = { members: { east: 'shop-east', west: 'shop-west' }, global: 'shop', port: 5432, database: 'postgres', connect: {} };
  return { system: { rds: facts }, east, west };
}

/** Identifier of the cluster that writes for the global cluster `shop`, as the other region tells it. */
export async function writerOf(cloud: Cloud): Promise<string | undefined> {
  const rds = await service('rds', 'west', cloud.context());
  const { GlobalClusters: [found] = [] } = await rds.describeGlobalClusters({ GlobalClusterIdentifier: 'shop' });
  return found?.GlobalClusterMembers?.find(({ IsWriter }) => IsWriter)
    ?.DBClusterArn?.split(':')
    .at(-1);
}

/** The instance as RDS tells it now; undefined where there is none. */
export async function instanceAt(cloud: Cloud, site: string, id: string) {
  const rds = await service('rds', site, cloud.context());
  const { DBInstances = [] } = await rds.describeDBInstances({});
  return DBInstances.find((one) => one.DBInstanceIdentifier === id);
}

/** Puts a sample of the replica's lag into CloudWatch. */
export async function putLag(cloud: Cloud, site: string, id: string, seconds: number, at = new Date()): Promise<void> {
  const watch = await service('cloudWatch', site, cloud.context());
  await watch.putMetricData({
    Namespace: 'AWS/RDS',
    MetricData: [
      {
        MetricName: 'ReplicaLag',
        Dimensions: [{ Name: 'DBInstanceIdentifier', Value: id }],
        Timestamp: at,
        Value: seconds,
        Unit: 'Seconds',
      },
    ],
  });
}

/** A real pair of PostgreSQL servers, `a-db` and its standby `b-db`, behind the names of an emulated one. */
export async function realPair(): Promise<Estate & { rds(pair: Pair, sites?: readonly string[]): Partial<SystemFacts> }> {
  const made = await estate();
  const reached = (host: string) => ({ address: '127.0.0.1', port: hostOf(made.lab, host).database });
  const all: { readonly [site: string]: { address: string; port: number } } = { east: reached('a-db'), west: reached('b-db') };
  return {
    ...made,
    /** `sites`: those that are reached; the others lead to nothing. */
    rds: (pair, sites = ['east', 'west']) => ({
      ...pair.system,
      rds: {
        ...pair.system.rds!,
        database: 'orders',
        login: { user: 'lifeboat', password: `file:${secretFile(made.lab, 'lifeboat')}` },
        connect: Object.fromEntries(sites.map((site) => [site, all[site]!])),
      },
    }),
  };
}
