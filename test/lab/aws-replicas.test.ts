import assert from 'node:assert/strict';
import { cloud, type Cloud } from '../activities/cloud.ts';
import { until } from '../activities/estate.ts';
import { at, database, key, refusal, statusOf } from './cloud.ts';

const arnOf = (c: Cloud, id: string, region = 'us-east-1') => `arn:aws:rds:${region}:${c.account}:db:${id}`;

// docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html, API_PromoteReadReplica.html
describe('emulated AWS, replicas', () => {
  async function pair() {
    const c = await cloud();
    const [east, west, ec2] = [await at(c, 'east', 'rds'), await at(c, 'west', 'rds'), await at(c, 'west', 'ec2')];
    await database(c, 'east', 'shop', { StorageEncrypted: true, KmsKeyId: await key(c, 'east') });
    const { Subnets } = await ec2.describeSubnets({});
    const SubnetIds = Subnets!.map(({ SubnetId }) => SubnetId!);
    await west.createDBSubnetGroup({ DBSubnetGroupName: 'standby', DBSubnetGroupDescription: 'Standby', SubnetIds });
    const source = { SourceDBInstanceIdentifier: arnOf(c, 'shop'), SourceRegion: 'us-east-1' };
    const replica = { DBInstanceIdentifier: 'shop', DBSubnetGroupName: 'standby', ...source };
    const of = async (rds: typeof east) => (await rds.describeDBInstances({ DBInstanceIdentifier: 'shop' })).DBInstances![0]!;
    return { c, east, west, replica, of };
  }

  it('a replica in another region has a subnet group and a key of its own, and each knows the other', async () => {
    const { c, east, west, replica, of } = await pair();
    assert.equal((await refusal(west.createDBInstanceReadReplica(replica))).name, 'InvalidParameterCombination');
    const bogus = { ...replica, KmsKeyId: arnOf(c, 'x').replace(':rds:', ':kms:').replace(':db:x', ':key/x') };
    assert.equal((await refusal(west.createDBInstanceReadReplica(bogus))).name, 'KMSKeyNotAccessibleFault');
    const KmsKeyId = await key(c, 'west');
    const none = { ...replica, KmsKeyId, DBSubnetGroupName: 'nowhere' };
    assert.match((await refusal(west.createDBInstanceReadReplica(none))).name, /^DBSubnetGroupNotFound/u);
    await west.createDBInstanceReadReplica({ ...replica, KmsKeyId });
    const [primary, standby] = [await of(east), await of(west)];
    assert.deepEqual(primary.ReadReplicaDBInstanceIdentifiers, [arnOf(c, 'shop', 'us-west-2')]);
    assert.equal(standby.ReadReplicaSourceDBInstanceIdentifier, arnOf(c, 'shop'));
    assert.deepEqual([standby.KmsKeyId, standby.DBSubnetGroup!.DBSubnetGroupName], [KmsKeyId, 'standby']);
    assert.deepEqual(standby.StatusInfos![0]!.Status, 'replicating');
    assert.notEqual(primary.DbiResourceId, standby.DbiResourceId);
    assert.match((await refusal(west.createDBInstanceReadReplica({ ...replica, KmsKeyId }))).name, /^DBInstanceAlreadyExists/u);
  });

  it('a promoted one has no source any more, and is not promoted again', async () => {
    const { c, east, west, replica, of } = await pair();
    await west.createDBInstanceReadReplica({ ...replica, KmsKeyId: await key(c, 'west') });
    await c.settings({ seconds: { 'rds:instance': 0.5 } });
    await west.promoteReadReplica({ DBInstanceIdentifier: 'shop', BackupRetentionPeriod: 7 });
    assert.equal(await statusOf(c, 'west', 'shop'), 'modifying');
    await until('the promotion', async () => (await statusOf(c, 'west', 'shop')) === 'available');
    const promoted = await of(west);
    assert.deepEqual([promoted.ReadReplicaSourceDBInstanceIdentifier, promoted.BackupRetentionPeriod], [undefined, 7]);
    assert.deepEqual((await of(east)).ReadReplicaDBInstanceIdentifiers ?? [], []);
    assert.match((await refusal(west.promoteReadReplica({ DBInstanceIdentifier: 'shop' }))).name, /^InvalidDBInstanceState/u);
    assert.match((await refusal(west.promoteReadReplica({ DBInstanceIdentifier: 'nobody' }))).name, /^DBInstanceNotFound/u);
  });

  it('a replica may take the name that its primary gave up, and makes no automatic snapshot', async () => {
    const { c, east, west, replica } = await pair();
    await west.createDBInstanceReadReplica({ ...replica, KmsKeyId: await key(c, 'west') });
    assert.deepEqual((await west.describeDBSnapshots({})).DBSnapshots ?? [], []);
    await west.promoteReadReplica({ DBInstanceIdentifier: 'shop' });
    await east.modifyDBInstance({ DBInstanceIdentifier: 'shop', NewDBInstanceIdentifier: 'old', ApplyImmediately: true });
    const SourceDBInstanceIdentifier = arnOf(c, 'shop', 'us-west-2');
    await east.createDBInstanceReadReplica({ DBInstanceIdentifier: 'shop', SourceDBInstanceIdentifier, KmsKeyId: await key(c, 'east') });
    assert.equal(await statusOf(c, 'east', 'shop'), 'available');
  });

  it('a replica follows a primary that is renamed, and goes without a final snapshot', async () => {
    const { c, east, west, replica, of } = await pair();
    await west.createDBInstanceReadReplica({ ...replica, KmsKeyId: await key(c, 'west') });
    await east.modifyDBInstance({ DBInstanceIdentifier: 'shop', NewDBInstanceIdentifier: 'old', ApplyImmediately: true });
    assert.equal((await of(west)).ReadReplicaSourceDBInstanceIdentifier, arnOf(c, 'old'));
    await west.deleteDBInstance({ DBInstanceIdentifier: 'shop', SkipFinalSnapshot: true });
    const { DBInstances } = await east.describeDBInstances({ DBInstanceIdentifier: 'old' });
    assert.deepEqual(DBInstances![0]!.ReadReplicaDBInstanceIdentifiers ?? [], []);
  });
});

// docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html
describe('emulated AWS, points in time', () => {
  const target = { SourceDBInstanceIdentifier: 'shop', TargetDBInstanceIdentifier: 'again' };

  it('a time inside the window is restored, one outside of it refused', async () => {
    const c = await cloud();
    const rds = await at(c, 'east', 'rds');
    await database(c, 'east', 'shop');
    await c.settings({ windows: { shop: 0 } });
    await until('a window', () => new Promise((done) => setTimeout(done, 1_200, true)));
    const { DBInstanceAutomatedBackups } = await rds.describeDBInstanceAutomatedBackups({ DBInstanceIdentifier: 'shop' });
    const { EarliestTime, LatestTime } = DBInstanceAutomatedBackups![0]!.RestoreWindow!;
    assert.ok(EarliestTime! < LatestTime!);
    const restore = (RestoreTime: Date) => rds.restoreDBInstanceToPointInTime({ ...target, RestoreTime });
    const after = new Date(Date.now() + 3_600_000);
    assert.match((await refusal(restore(after))).message, /cannot be restored to/u);
    assert.match((await refusal(restore(new Date(EarliestTime!.getTime() - 60_000)))).message, /cannot be restored to/u);
    assert.equal((await refusal(rds.restoreDBInstanceToPointInTime(target))).name, 'InvalidParameterCombination');
    await restore(new Date((EarliestTime!.getTime() + LatestTime!.getTime()) / 2));
    assert.equal(await statusOf(c, 'east', 'again'), 'available');
  });

  it('a database that is gone is restored from the backups that it left, by their ARN', async () => {
    const c = await cloud();
    const rds = await at(c, 'east', 'rds');
    await database(c, 'east', 'shop', { AllocatedStorage: 33 });
    await database(c, 'east', 'other');
    await rds.deleteDBInstance({ DBInstanceIdentifier: 'shop', SkipFinalSnapshot: true, DeleteAutomatedBackups: false });
    const { DBInstanceAutomatedBackups } = await rds.describeDBInstanceAutomatedBackups({ DBInstanceIdentifier: 'shop' });
    const [kept] = DBInstanceAutomatedBackups!;
    assert.equal(kept!.Status, 'retained');
    const restore = (SourceDBInstanceAutomatedBackupsArn: string) =>
      rds.restoreDBInstanceToPointInTime({
        TargetDBInstanceIdentifier: 'again',
        SourceDBInstanceAutomatedBackupsArn,
        UseLatestRestorableTime: true,
      });
    assert.match((await refusal(restore(`${kept!.DBInstanceAutomatedBackupsArn}x`))).name, /^DBInstanceAutomatedBackupNotFound/u);
    await restore(kept!.DBInstanceAutomatedBackupsArn!);
    const { DBInstances } = await rds.describeDBInstances({ DBInstanceIdentifier: 'again' });
    assert.equal(DBInstances![0]!.AllocatedStorage, 33);
  });

  it('a database without automated backups has no point in time', async () => {
    const c = await cloud();
    const rds = await at(c, 'east', 'rds');
    await database(c, 'east', 'shop', { BackupRetentionPeriod: 0 });
    const restore = rds.restoreDBInstanceToPointInTime({ ...target, UseLatestRestorableTime: true });
    assert.match((await refusal(restore)).name, /^PointInTimeRestoreNotEnabled/u);
  });
});
