import assert from 'node:assert/strict';
import { cloud } from '../activities/cloud.ts';
import { until } from '../activities/estate.ts';
import { at, database, key, refusal, statusOf } from './cloud.ts';

// docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html (states), and the API reference page of each action.
describe('emulated AWS, databases', () => {
  it('a database is creating, stopping, stopped, starting, modifying, rebooting and deleting for as long as was set', async () => {
    const c = await cloud();
    const rds = await at(c, 'east', 'rds');
    const id = { DBInstanceIdentifier: 'shop' };
    await c.settings({ seconds: { 'rds:instance': 0.4 } });
    const seen: (string | undefined)[] = [];
    const next = async (wanted: string) => {
      seen.push(await statusOf(c, 'east', 'shop'));
      await until(wanted, async () => (await statusOf(c, 'east', 'shop')) === wanted);
    };
    await rds.createDBInstance({ ...id, DBInstanceClass: 'db.m7g.large', Engine: 'postgres', AllocatedStorage: 20, MasterUsername: 'u' });
    await next('available');
    await rds.stopDBInstance(id);
    await next('stopped');
    await rds.startDBInstance(id);
    await next('available');
    await rds.modifyDBInstance({ ...id, BackupRetentionPeriod: 3, ApplyImmediately: true });
    await next('available');
    await rds.rebootDBInstance(id);
    await next('available');
    await rds.deleteDBInstance({ ...id, SkipFinalSnapshot: true });
    seen.push(await statusOf(c, 'east', 'shop'));
    await until('its end', async () =>
      rds.describeDBInstances(id).then(
        () => false,
        () => true,
      ),
    );
    assert.deepEqual(seen, ['creating', 'stopping', 'starting', 'modifying', 'rebooting', 'deleting']);
  });

  it('a database that is not available is neither changed, backed up, stopped nor followed', async () => {
    const c = await cloud();
    const rds = await at(c, 'east', 'rds');
    const id = { DBInstanceIdentifier: 'shop' };
    await database(c, 'east', 'shop');
    await c.settings({ seconds: { 'rds:instance': 60 } });
    await rds.rebootDBInstance(id);
    for (const call of [
      () => rds.modifyDBInstance({ ...id, BackupRetentionPeriod: 3 }),
      () => rds.createDBSnapshot({ ...id, DBSnapshotIdentifier: 'one' }),
      () => rds.stopDBInstance(id),
      () => rds.createDBInstanceReadReplica({ DBInstanceIdentifier: 'two', SourceDBInstanceIdentifier: 'shop' }),
    ])
      assert.match((await refusal(call())).name, /^InvalidDBInstanceState/u);
  });

  it('a deletion must say what becomes of the data', async () => {
    const c = await cloud();
    const rds = await at(c, 'east', 'rds');
    await database(c, 'east', 'shop');
    const id = { DBInstanceIdentifier: 'shop' };
    assert.equal((await refusal(rds.deleteDBInstance(id))).name, 'InvalidParameterCombination');
    await rds.deleteDBInstance({ ...id, FinalDBSnapshotIdentifier: 'last' });
    assert.equal((await rds.describeDBSnapshots({ DBSnapshotIdentifier: 'last' })).DBSnapshots!.length, 1);
  });

  it('a change of security groups is active when the change is over', async () => {
    const c = await cloud();
    const [rds, ec2] = [await at(c, 'east', 'rds'), await at(c, 'east', 'ec2')];
    await database(c, 'east', 'shop');
    const { Vpcs } = await ec2.describeVpcs({});
    const { GroupId } = await ec2.createSecurityGroup({ GroupName: 'closed', Description: 'Closed', VpcId: Vpcs![0]!.VpcId });
    await c.settings({ seconds: { 'rds:instance': 0.5 } });
    await rds.modifyDBInstance({ DBInstanceIdentifier: 'shop', VpcSecurityGroupIds: [GroupId!], ApplyImmediately: true });
    const groups = async () => {
      const { DBInstances } = await rds.describeDBInstances({ DBInstanceIdentifier: 'shop' });
      return DBInstances![0]!.VpcSecurityGroups;
    };
    assert.deepEqual(await groups(), [{ VpcSecurityGroupId: GroupId, Status: 'adding' }]);
    await until('the change', async () => (await groups())![0]!.Status === 'active');
    const unknown = rds.modifyDBInstance({ DBInstanceIdentifier: 'shop', VpcSecurityGroupIds: ['sg-0123456789abcdef0'] });
    assert.equal((await refusal(unknown)).name, 'InvalidParameterValue');
  });

  it('a name in use is refused to a new database, to a restored one and to a renamed one', async () => {
    const c = await cloud();
    const rds = await at(c, 'east', 'rds');
    await database(c, 'east', 'one');
    await database(c, 'east', 'two');
    await rds.createDBSnapshot({ DBInstanceIdentifier: 'one', DBSnapshotIdentifier: 'snap' });
    for (const call of [
      () => database(c, 'east', 'one'),
      () => rds.restoreDBInstanceFromDBSnapshot({ DBInstanceIdentifier: 'two', DBSnapshotIdentifier: 'snap' }),
      () => rds.modifyDBInstance({ DBInstanceIdentifier: 'one', NewDBInstanceIdentifier: 'two', ApplyImmediately: true }),
    ])
      assert.match((await refusal(call())).name, /^DBInstanceAlreadyExists/u);
    await rds.modifyDBInstance({ DBInstanceIdentifier: 'one', NewDBInstanceIdentifier: 'three', ApplyImmediately: true });
    assert.equal(await statusOf(c, 'east', 'three'), 'available');
  });

  it('every database has a resource id of its own, and one that is restored is of its region', async () => {
    const c = await cloud();
    const [east, west] = [await at(c, 'east', 'rds'), await at(c, 'west', 'rds')];
    await database(c, 'east', 'shop');
    await east.createDBSnapshot({ DBInstanceIdentifier: 'shop', DBSnapshotIdentifier: 'snap' });
    const arn = `arn:aws:rds:us-east-1:${c.account}:snapshot:snap`;
    await west.copyDBSnapshot({ SourceDBSnapshotIdentifier: arn, TargetDBSnapshotIdentifier: 'copy' });
    await west.restoreDBInstanceFromDBSnapshot({ DBInstanceIdentifier: 'shop', DBSnapshotIdentifier: 'copy' });
    const [one] = (await east.describeDBInstances({})).DBInstances!;
    const [two] = (await west.describeDBInstances({})).DBInstances!;
    assert.notEqual(one!.DbiResourceId, two!.DbiResourceId);
    assert.equal(two!.AvailabilityZone, 'us-west-2a');
    assert.deepEqual(two!.TagList ?? [], []);
  });

  it('capacity and quota that are missing are told', async () => {
    const c = await cloud();
    await c.settings({ capacity: [{ type: 'db.m7g.large', zone: 'us-east-1a' }], quotas: { 'rds:instances': 1 } });
    assert.match((await refusal(database(c, 'east', 'one'))).name, /^InsufficientDBInstanceCapacity/u);
    await database(c, 'east', 'one', { DBInstanceClass: 'db.r7g.large' });
    assert.match((await refusal(database(c, 'east', 'two', { DBInstanceClass: 'db.r7g.large' }))).name, /^InstanceQuotaExceeded/u);
    const quotas = await at(c, 'east', 'quotas');
    const { Quota } = await quotas.getServiceQuota({ ServiceCode: 'rds', QuotaCode: 'L-7B6409FD' });
    assert.equal(Quota!.Value, 1);
  });

  it('engine versions are told', async () => {
    const rds = await at(await cloud(), 'east', 'rds');
    const { DBEngineVersions } = await rds.describeDBEngineVersions({ Engine: 'postgres', EngineVersion: '15.8' });
    assert.deepEqual(
      DBEngineVersions!.map(({ DBParameterGroupFamily }) => DBParameterGroupFamily),
      ['postgres15'],
    );
    const none = await rds.describeDBEngineVersions({ Engine: 'postgres', EngineVersion: '1.0' });
    assert.equal(none.DBEngineVersions?.length ?? 0, 0);
  });

  it('a list of them comes in pages', async () => {
    const c = await cloud();
    const rds = await at(c, 'east', 'rds');
    for (let n = 0; n < 23; n++) await database(c, 'east', `shop-${n}`);
    const first = await rds.describeDBInstances({ MaxRecords: 20 });
    const second = await rds.describeDBInstances({ MaxRecords: 20, Marker: first.Marker });
    assert.deepEqual([first.DBInstances!.length, second.DBInstances!.length, second.Marker], [20, 3, undefined]);
  });

  it('a snapshot is of a database that stands, and its key is of this region', async () => {
    const c = await cloud();
    const [east, west] = [await at(c, 'east', 'rds'), await at(c, 'west', 'rds')];
    const [eastKey, westKey] = [await key(c, 'east'), await key(c, 'west')];
    await database(c, 'east', 'shop', { StorageEncrypted: true, KmsKeyId: eastKey });
    await c.settings({ seconds: { 'rds:snapshot': 1 } });
    const made = await east.createDBSnapshot({ DBInstanceIdentifier: 'shop', DBSnapshotIdentifier: 'snap' });
    assert.deepEqual([made.DBSnapshot!.Status, made.DBSnapshot!.Encrypted], ['creating', true]);
    const copy = (KmsKeyId?: string) =>
      west.copyDBSnapshot({
        SourceDBSnapshotIdentifier: made.DBSnapshot!.DBSnapshotArn!,
        TargetDBSnapshotIdentifier: 'copy',
        ...(KmsKeyId === undefined ? {} : { KmsKeyId }),
      });
    assert.match((await refusal(copy(westKey))).name, /^InvalidDBSnapshotState/u);
    await until('the snapshot', async () => {
      const { DBSnapshots } = await east.describeDBSnapshots({ DBSnapshotIdentifier: 'snap' });
      return DBSnapshots![0]!.Status === 'available';
    });
    assert.equal((await refusal(copy())).name, 'InvalidParameterCombination');
    assert.equal((await refusal(copy(eastKey))).name, 'KMSKeyNotAccessibleFault');
    const copied = await copy(westKey);
    assert.deepEqual([copied.DBSnapshot!.KmsKeyId, copied.DBSnapshot!.Status], [westKey, 'creating']);
    assert.ok(copied.DBSnapshot!.PercentProgress! < 100);
    const from = [copied.DBSnapshot!.SourceDBSnapshotIdentifier, copied.DBSnapshot!.SourceRegion];
    assert.deepEqual(from, [made.DBSnapshot!.DBSnapshotArn, 'us-east-1']);
  });

  it('a snapshot is copied to another account only while it is shared', async () => {
    const c = await cloud();
    const [west, vault] = [await at(c, 'west', 'rds'), await at(c, 'vault', 'rds')];
    const [shared, vaultKey] = [await key(c, 'west', [c.vault]), await key(c, 'vault')];
    await database(c, 'west', 'shop', { StorageEncrypted: true, KmsKeyId: shared });
    const { DBSnapshot } = await west.createDBSnapshot({ DBInstanceIdentifier: 'shop', DBSnapshotIdentifier: 'snap' });
    const copy = () =>
      vault.copyDBSnapshot({
        SourceDBSnapshotIdentifier: DBSnapshot!.DBSnapshotArn!,
        TargetDBSnapshotIdentifier: 'copy',
        KmsKeyId: vaultKey,
      });
    assert.match((await refusal(copy())).name, /^DBSnapshotNotFound/u);
    await west.modifyDBSnapshotAttribute({ DBSnapshotIdentifier: 'snap', AttributeName: 'restore', ValuesToAdd: [c.vault] });
    assert.equal((await copy()).DBSnapshot!.KmsKeyId, vaultKey);
  });

  it('so many copies go on at once in a region as was set', async () => {
    const c = await cloud();
    const [east, west] = [await at(c, 'east', 'rds'), await at(c, 'west', 'rds')];
    await database(c, 'east', 'shop');
    const { DBSnapshot } = await east.createDBSnapshot({ DBInstanceIdentifier: 'shop', DBSnapshotIdentifier: 'snap' });
    await c.settings({ copies: 2, seconds: { 'rds:snapshot': 60 } });
    const copy = (n: number) =>
      west.copyDBSnapshot({ SourceDBSnapshotIdentifier: DBSnapshot!.DBSnapshotArn!, TargetDBSnapshotIdentifier: `copy-${n}` });
    await copy(1);
    await copy(2);
    assert.match((await refusal(copy(3))).name, /^SnapshotQuotaExceeded/u);
  });

  it('a failover by a reboot swaps the zones of a database that has two', async () => {
    const c = await cloud();
    const rds = await at(c, 'east', 'rds');
    await database(c, 'east', 'one');
    await database(c, 'east', 'two', { MultiAZ: true });
    const fail = (DBInstanceIdentifier: string) => rds.rebootDBInstance({ DBInstanceIdentifier, ForceFailover: true });
    const zones = async () => {
      const { DBInstances } = await rds.describeDBInstances({ DBInstanceIdentifier: 'two' });
      return [DBInstances![0]!.AvailabilityZone, DBInstances![0]!.SecondaryAvailabilityZone];
    };
    assert.equal((await refusal(fail('one'))).name, 'InvalidParameterCombination');
    assert.deepEqual(await zones(), ['us-east-1a', 'us-east-1b']);
    await fail('two');
    assert.deepEqual(await zones(), ['us-east-1b', 'us-east-1a']);
  });

  it('one that is stopped tells when AWS starts it again, and a replica is not stopped', async () => {
    const c = await cloud();
    const rds = await at(c, 'east', 'rds');
    await database(c, 'east', 'shop');
    await rds.stopDBInstance({ DBInstanceIdentifier: 'shop' });
    const { DBInstances } = await rds.describeDBInstances({});
    const days = (DBInstances![0]!.AutomaticRestartTime!.getTime() - Date.now()) / 86_400_000;
    assert.ok(days > 6.9 && days <= 7, String(days));
    await rds.startDBInstance({ DBInstanceIdentifier: 'shop' });
    await rds.createDBInstanceReadReplica({ DBInstanceIdentifier: 'copy', SourceDBInstanceIdentifier: 'shop' });
    for (const DBInstanceIdentifier of ['shop', 'copy'])
      assert.match((await refusal(rds.stopDBInstance({ DBInstanceIdentifier }))).name, /^InvalidDBInstanceState/u);
  });

  it('classes are told by version, and a key of AWS itself is told apart and shares nothing', async () => {
    const c = await cloud();
    const [rds, kms] = [await at(c, 'west', 'rds'), await at(c, 'west', 'kms')];
    const classes = async (DBInstanceClass: string) =>
      (await rds.describeOrderableDBInstanceOptions({ Engine: 'postgres', EngineVersion: '15.8', DBInstanceClass }))
        .OrderableDBInstanceOptions ?? [];
    assert.equal((await classes('db.m7g.large')).length, 1);
    assert.equal((await classes('db.z9.huge')).length, 0);
    await database(c, 'west', 'shop', { StorageEncrypted: true });
    const { DBSnapshot } = await rds.createDBSnapshot({ DBInstanceIdentifier: 'shop', DBSnapshotIdentifier: 'snap' });
    assert.equal((await kms.describeKey({ KeyId: DBSnapshot!.KmsKeyId! })).KeyMetadata!.KeyManager, 'AWS');
    assert.equal((await kms.describeKey({ KeyId: await key(c, 'west') })).KeyMetadata!.KeyManager, 'CUSTOMER');
    const share = rds.modifyDBSnapshotAttribute({ DBSnapshotIdentifier: 'snap', AttributeName: 'restore', ValuesToAdd: [c.vault] });
    assert.equal((await refusal(share)).name, 'InvalidParameterCombination');
  });
});
