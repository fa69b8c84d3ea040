import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { clientsAt, type Clients } from '../../lab/aws/clients.ts';
import { readFilled } from '../../lab/aws/cloud.ts';
import type { Filled } from '../../lab/aws/fill/fill.ts';
import { accounts, databasesOf, homeIn, type CloudHome } from '../../lab/aws/home.ts';
import { down } from '../../lab/down.ts';
import { fault, heal } from '../../lab/fault.ts';
import { secret, type Lab } from '../../lab/lab.ts';
import { members } from '../../lab/process.ts';
import { status } from '../../lab/status.ts';
import { loadFolder } from '../../plan/load.ts';
import { once, rows, type Estate } from './cloud-estate.ts';
import { hear, practice, until } from './estate.ts';

describe('the cloud of the small lab', () => {
  let world: Awaited<ReturnType<typeof practice>>;
  let lab: Lab;
  let home: CloudHome;
  let filled: Filled;
  let east: Clients;
  let west: Clients;
  let countOf: Estate['countOf'];
  let order: Estate['order'];
  let ask: Estate['ask'];

  before(async function () {
    this.timeout(120_000);
    world = await practice({ probe: false, aws: true });
    lab = world.lab;
    home = homeIn(lab.folder);
    filled = readFilled(home);
    ({ ask, countOf, order } = rows(lab));
    [east, west] = await Promise.all([clientsAt(home, 'us-east-1'), clientsAt(home, 'us-west-2')]);
  });
  after(() => world?.end());
  afterEach(async () => void (existsSync(lab.folder) && (await heal(lab.folder))));

  it('holds a three-tier system in one region and its standby in the other', async () => {
    for (const [clients, region, running] of [[east, 'us-east-1', 2] as const, [west, 'us-west-2', 0] as const]) {
      const { shop } = filled;
      const own = shop[region] as { readonly [name: string]: string };
      const { AutoScalingGroups: [group] = [] } = await clients.autoScaling.describeAutoScalingGroups({
        AutoScalingGroupNames: [own['group']!],
      });
      assert.equal(group?.DesiredCapacity, running);
      const { Images: [image] = [] } = await clients.ec2.describeImages({ ImageIds: [own['image']!] });
      assert.deepEqual(
        image?.BlockDeviceMappings?.map(({ DeviceName, Ebs }) => [DeviceName, Ebs?.Encrypted]),
        [
          ['/dev/xvda', true],
          ['/dev/sdf', true],
        ],
      );
      const { SecurityGroups: [closed] = [] } = await clients.ec2.describeSecurityGroups({ GroupIds: [own['closed-group']!] });
      assert.deepEqual([closed?.IpPermissions, closed?.IpPermissionsEgress], [[], []]);
      const { RouteTables = [] } = await clients.ec2.describeRouteTables({ Filters: [{ Name: 'vpc-id', Values: [own['isolated-vpc']!] }] });
      assert.ok(RouteTables.length > 0);
      for (const { Routes = [] } of RouteTables)
        assert.deepEqual(
          Routes.map(({ GatewayId }) => GatewayId),
          ['local'],
        );
    }
    const { Reservations = [] } = await east.ec2.describeInstances({ InstanceIds: [filled.shop['us-east-1']['instances']!].flat() });
    const instances = Reservations.flatMap(({ Instances = [] }) => Instances);
    assert.deepEqual(
      instances.map(({ BlockDeviceMappings = [] }) => BlockDeviceMappings.length),
      [2, 2],
    );
    const { ResourceRecordSets = [] } = await east.route53.listResourceRecordSets({ HostedZoneId: filled.zone });
    assert.deepEqual(
      ResourceRecordSets.filter(({ Name }) => Name === 'shop.example.com.').map(({ SetIdentifier, Weight }) => [SetIdentifier, Weight]),
      [
        ['us-east-1', 100],
        ['us-west-2', 0],
      ],
    );
    const vault = await clientsAt(home, 'vault');
    const { ObjectLockConfiguration: locked } = await vault.s3.getObjectLockConfiguration({ Bucket: 'shop-vault' });
    assert.equal(locked?.ObjectLockEnabled, 'Enabled');
    const { SecretString } = await west.secrets.getSecretValue({ SecretId: 'shop/app' });
    assert.equal((JSON.parse(SecretString!) as { user: string }).user, 'shop-app');
  });

  it('writes it all into an inventory that is read without a problem', async () => {
    const folder = await loadFolder(join(lab.folder, 'runbooks'));
    assert.deepEqual(folder.problems, []);
    const { sites, systems, values } = folder.inventory!.data;
    assert.deepEqual(Object.keys(sites).sort(), ['site-a', 'site-b', 'us-east-1', 'us-west-2', 'vault']);
    assert.equal(sites['vault']?.account, accounts.vault);
    assert.equal(systems['shop']?.rds?.members['us-west-2'], 'shop-db-west');
    assert.equal(values['vault-bucket'], 'shop-vault');
  });

  it('has real rows behind RDS, and a replica that really follows', async () => {
    const [{ n }] = (await ask(east, 'shop-db', 'select count(*)::int as n from customers')) as [{ n: number }];
    assert.equal(n, 200);
    const before = await countOf(east, 'shop-db');
    await order(east, 'shop-db');
    await until('the row to arrive', async () => (await countOf(west, 'shop-db-west')) === before + 1);
    assert.deepEqual(await ask(west, 'shop-db-west', 'select pg_is_in_recovery() as follows'), [{ follows: true }]);
    await assert.rejects(order(west, 'shop-db-west'), /read-only transaction/);
    const { cloud } = await status(lab.folder);
    assert.deepEqual(Object.keys(cloud!.databases), [
      `${accounts.production}/us-east-1/shop-db`,
      `${accounts.production}/us-west-2/shop-db-west`,
    ]);
  });

  it('restores a snapshot with the rows that it had, here and from a copy in the other region', async () => {
    const before = await countOf(east, 'shop-db');
    await east.rds.createDBSnapshot({ DBInstanceIdentifier: 'shop-db', DBSnapshotIdentifier: 'saved' });
    await until('the snapshot', async () => {
      const { DBSnapshots: [snapshot] = [] } = await east.rds.describeDBSnapshots({ DBSnapshotIdentifier: 'saved' });
      return snapshot?.Status === 'available';
    });
    await order(east, 'shop-db');
    await west.rds.copyDBSnapshot({
      SourceDBSnapshotIdentifier: `arn:aws:rds:us-east-1:${accounts.production}:snapshot:saved`,
      TargetDBSnapshotIdentifier: 'copied',
      KmsKeyId: String(filled.shop['us-west-2']['key']),
    });
    const how = { DBSubnetGroupName: 'shop-db', DBInstanceClass: 'db.t3.medium' };
    const groups = (region: 'us-east-1' | 'us-west-2') => [String(filled.shop[region]['db-group'])];
    await east.rds.restoreDBInstanceFromDBSnapshot({
      DBInstanceIdentifier: 'again',
      DBSnapshotIdentifier: 'saved',
      VpcSecurityGroupIds: groups('us-east-1'),
      ...how,
    });
    await west.rds.restoreDBInstanceFromDBSnapshot({
      DBInstanceIdentifier: 'elsewhere',
      DBSnapshotIdentifier: 'copied',
      VpcSecurityGroupIds: groups('us-west-2'),
      ...how,
    });
    await Promise.all([once(east, 'again'), once(west, 'elsewhere')]);
    assert.deepEqual([await countOf(east, 'again'), await countOf(west, 'elsewhere')], [before, before]);
    await order(east, 'again');
    assert.equal(await countOf(east, 'shop-db'), before + 1);
    await east.rds.deleteDBInstance({ DBInstanceIdentifier: 'again', SkipFinalSnapshot: true });
    await west.rds.deleteDBInstance({ DBInstanceIdentifier: 'elsewhere', SkipFinalSnapshot: true });
    await until('their processes to end', async () => Object.keys((await status(lab.folder)).cloud!.databases).length === 2);
  });

  it('restores to a point in time: what was written after it is not there', async () => {
    await order(east, 'shop-db');
    const before = await countOf(east, 'shop-db');
    const [{ at }] = (await ask(east, 'shop-db', 'select clock_timestamp() as at')) as [{ at: Date }];
    // The API takes whole seconds.
    const point = new Date(Math.ceil((at.getTime() + 1) / 1000) * 1000);
    await until('the second to pass', () => Date.now() > point.getTime() + 50);
    await order(east, 'shop-db');
    await order(east, 'shop-db');
    await until('that time to be one that can be restored', async () => {
      const { DBInstances: [found] = [] } = await east.rds.describeDBInstances({ DBInstanceIdentifier: 'shop-db' });
      return found!.LatestRestorableTime! > point;
    });
    await east.rds.restoreDBInstanceToPointInTime({
      SourceDBInstanceIdentifier: 'shop-db',
      TargetDBInstanceIdentifier: 'earlier',
      RestoreTime: point,
      DBSubnetGroupName: 'shop-db',
      VpcSecurityGroupIds: [String(filled.shop['us-east-1']['db-group'])],
    });
    await once(east, 'earlier');
    assert.equal(await countOf(east, 'earlier'), before);
    assert.equal(await countOf(east, 'shop-db'), before + 2);
    assert.deepEqual(await ask(east, 'earlier', 'select pg_is_in_recovery() as follows'), [{ follows: false }]);
  });

  it('stops, starts and renames for real', async () => {
    await east.rds.stopDBInstance({ DBInstanceIdentifier: 'earlier' });
    const { Endpoint: at } = await once(east, 'earlier', 'stopped');
    assert.equal(await hear(at!.Port!), 'refused');
    await east.rds.startDBInstance({ DBInstanceIdentifier: 'earlier' });
    await once(east, 'earlier');
    assert.ok((await countOf(east, 'earlier')) > 0);
    await east.rds.modifyDBInstance({ DBInstanceIdentifier: 'earlier', NewDBInstanceIdentifier: 'renamed', ApplyImmediately: true });
    assert.ok((await countOf(east, 'renamed')) > 0);
    await east.rds.modifyDBInstance({ DBInstanceIdentifier: 'renamed', NewDBInstanceIdentifier: 'earlier', ApplyImmediately: true });
    assert.ok((await countOf(east, 'earlier')) > 0);
  });

  it('restores what a deleted database had at last, from the backups that were kept', async () => {
    await order(east, 'earlier');
    const before = await countOf(east, 'earlier');
    await east.rds.deleteDBInstance({ DBInstanceIdentifier: 'earlier', SkipFinalSnapshot: true, DeleteAutomatedBackups: false });
    const { DBInstanceAutomatedBackups: [kept] = [] } = await east.rds.describeDBInstanceAutomatedBackups({
      DBInstanceIdentifier: 'earlier',
    });
    await east.rds.restoreDBInstanceToPointInTime({
      SourceDBInstanceAutomatedBackupsArn: kept!.DBInstanceAutomatedBackupsArn!,
      TargetDBInstanceIdentifier: 'revived',
      UseLatestRestorableTime: true,
      DBSubnetGroupName: 'shop-db',
      VpcSecurityGroupIds: [String(filled.shop['us-east-1']['db-group'])],
    });
    await once(east, 'revived');
    assert.equal(await countOf(east, 'revived'), before);
    await east.rds.deleteDBInstance({ DBInstanceIdentifier: 'revived', SkipFinalSnapshot: true });
  });

  it('lets nobody in where the security groups let nobody in, and everybody again', async () => {
    const set = (group: string): Promise<unknown> =>
      east.rds.modifyDBInstance({
        DBInstanceIdentifier: 'shop-db',
        VpcSecurityGroupIds: [String(filled.shop['us-east-1'][group])],
        ApplyImmediately: true,
      });
    await set('closed-group');
    await assert.rejects(countOf(east, 'shop-db'), /timeout/);
    await set('db-group');
    assert.ok((await countOf(east, 'shop-db')) > 0);
    const open = [{ IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: '10.0.0.0/8' }] }];
    const rules = { GroupId: String(filled.shop['us-east-1']['db-group']), IpPermissions: open };
    await east.ec2.revokeSecurityGroupIngress(rules);
    await assert.rejects(countOf(east, 'shop-db'), /timeout/);
    await east.ec2.authorizeSecurityGroupIngress(rules);
    assert.ok((await countOf(east, 'shop-db')) > 0);
  });

  it('makes calls go wrong, and lets them go through again', async () => {
    assert.equal(
      await fault(lab.folder, 'cloud-call', ['ec2', 'DescribeVpcs', 'refuse', '2']),
      'The next 2 of ec2 DescribeVpcs fail with an error before they take effect.',
    );
    await assert.rejects(east.ec2.describeVpcs({}));
    assert.deepEqual((await status(lab.folder)).cloud?.faults, ['refuse: the next 1 of ec2 DescribeVpcs']);
    assert.equal(await heal(lab.folder, 'cloud-call'), 'Calls of AWS go through again.');
    assert.deepEqual((await status(lab.folder)).cloud?.faults, []);
    await east.ec2.describeVpcs({});
    assert.equal(await heal(lab.folder), 'There was nothing to heal.');
  });

  it('takes the capacity for a type away, and gives it back', async () => {
    assert.equal(await fault(lab.folder, 'capacity-gone', ['t3.medium', 'us-west-2a']), 'AWS has no capacity for t3.medium in us-west-2a.');
    const launch = (): Promise<unknown> =>
      west.ec2.runInstances({
        ImageId: String(filled.shop['us-west-2']['image']),
        InstanceType: 't3.medium',
        MinCount: 1,
        MaxCount: 1,
        SubnetId: String(filled.shop['us-west-2']['subnet']),
      });
    await assert.rejects(launch(), { name: 'InsufficientInstanceCapacity' });
    assert.equal(await heal(lab.folder), 'AWS has capacity for t3.medium again.');
    await launch();
  });

  it('loses a region with all that is in it, and finds it again where it was', async () => {
    assert.equal(await fault(lab.folder, 'region-down', ['us-east-1']), 'Nothing in us-east-1 answers: no API, no database, no instance.');
    const { databases } = (await status(lab.folder)).cloud!;
    const { port } = databases[`${accounts.production}/us-east-1/shop-db`]!;
    await assert.rejects(east.ec2.describeVpcs({}));
    await assert.rejects(
      new pg.Client({
        host: '127.0.0.1',
        port,
        user: 'lifeboat',
        password: secret(lab, 'lifeboat'),
        database: 'shop',
        connectionTimeoutMillis: 500,
      }).connect(),
      /timeout/,
    );
    assert.ok((await countOf(west, 'shop-db-west')) > 0);
    assert.equal(await heal(lab.folder), 'us-east-1 answers again.');
    assert.ok((await countOf(east, 'shop-db')) > 0);
  });

  it('promotes the replica: it takes writes, and follows nobody', async () => {
    const before = await countOf(east, 'shop-db');
    await until('the replica to have all', async () => (await countOf(west, 'shop-db-west')) === before);
    await west.rds.promoteReadReplica({ DBInstanceIdentifier: 'shop-db-west' });
    const { ReadReplicaSourceDBInstanceIdentifier: source } = await once(west, 'shop-db-west');
    assert.equal(source, undefined);
    await order(west, 'shop-db-west');
    await order(east, 'shop-db');
    await order(east, 'shop-db');
    assert.deepEqual([await countOf(west, 'shop-db-west'), await countOf(east, 'shop-db')], [before + 1, before + 2]);
  });

  it('names what it does not know', async () => {
    await assert.rejects(fault(lab.folder, 'region-down', ['mars']), /no region "mars"/);
    await assert.rejects(fault(lab.folder, 'cloud-call', ['ec2', 'DescribeVpcs', 'explode']), /no way for a call to go wrong/);
    await assert.rejects(fault(lab.folder, 'capacity-gone', ['*']), /no instance type/);
  });

  it('leaves nothing when it ends', async () => {
    const disks = databasesOf(home);
    assert.ok((await down(lab.folder)) > 15);
    assert.equal(existsSync(disks), false);
    assert.deepEqual(members({ tag: `LIFEBOAT_LAB=${lab.id}` }), []);
    for (const port of [home.aws.port, home.aws.reality]) assert.equal(await hear(port), 'refused');
  });
});
