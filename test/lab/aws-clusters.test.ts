import assert from 'node:assert/strict';
import { cloud } from '../activities/cloud.ts';
import { until } from '../activities/estate.ts';
import { at, refusal } from './cloud.ts';

// docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_SwitchoverGlobalCluster.html, API_FailoverGlobalCluster.html
describe('emulated AWS, clusters', () => {
  async function world() {
    const c = await cloud();
    const [east, west] = [await at(c, 'east', 'rds'), await at(c, 'west', 'rds')];
    const engine = { Engine: 'aurora-postgresql', EngineVersion: '15.8' };
    const { DBCluster: one } = await east.createDBCluster({
      ...engine,
      DBClusterIdentifier: 'shop',
      MasterUsername: 'shop',
      MasterUserPassword: 'not-a-secret',
    });
    await east.createGlobalCluster({ GlobalClusterIdentifier: 'shop', SourceDBClusterIdentifier: one!.DBClusterArn });
    const { DBCluster: two } = await west.createDBCluster({ ...engine, DBClusterIdentifier: 'shop', GlobalClusterIdentifier: 'shop' });
    const [eastArn, westArn] = [one!.DBClusterArn!, two!.DBClusterArn!];
    const global = async (rds = west) => (await rds.describeGlobalClusters({ GlobalClusterIdentifier: 'shop' })).GlobalClusters![0]!;
    const writer = async () =>
      (await global()).GlobalClusterMembers!.filter(({ IsWriter }) => IsWriter).map(({ DBClusterArn }) => DBClusterArn);
    return { c, east, west, eastArn, westArn, global, writer };
  }

  it('a switchover takes its time, and then the writer is the other one', async () => {
    const { c, west, eastArn, westArn, global, writer } = await world();
    assert.deepEqual(await writer(), [eastArn]);
    await c.settings({ seconds: { 'rds:global-cluster': 0.6 } });
    const move = () => west.switchoverGlobalCluster({ GlobalClusterIdentifier: 'shop', TargetDbClusterIdentifier: westArn });
    await move();
    const going = await global();
    assert.deepEqual([going.Status, going.FailoverState!.ToDbClusterArn], ['switching-over', westArn]);
    assert.deepEqual(await writer(), [eastArn]);
    assert.match((await refusal(move())).name, /^InvalidGlobalClusterState/u);
    await until('the switchover', async () => (await global()).Status === 'available');
    assert.deepEqual(await writer(), [westArn]);
    assert.match((await refusal(move())).name, /^InvalidDBClusterState/u);
  });

  it('a failover names a member by its ARN', async () => {
    const { c, west, westArn, writer } = await world();
    const fail = (TargetDbClusterIdentifier: string) =>
      west.failoverGlobalCluster({ GlobalClusterIdentifier: 'shop', TargetDbClusterIdentifier, AllowDataLoss: true });
    assert.match((await refusal(fail('shop'))).name, /^DBClusterNotFound/u);
    await fail(westArn);
    assert.deepEqual(await writer(), [westArn]);
    const [entry] = (await c.ledger()).filter(({ kind }) => kind === 'global-cluster');
    assert.deepEqual([entry!.id, entry!.state], ['shop', 'shop']);
  });

  it('a secondary is removed by its ARN and stands on its own; the primary goes last', async () => {
    const { west, eastArn, westArn, global } = await world();
    const remove = (DbClusterIdentifier: string) => west.removeFromGlobalCluster({ GlobalClusterIdentifier: 'shop', DbClusterIdentifier });
    assert.match((await refusal(remove(eastArn))).name, /^InvalidGlobalClusterState/u);
    await remove(westArn);
    assert.deepEqual(
      (await global()).GlobalClusterMembers!.map(({ DBClusterArn }) => DBClusterArn),
      [eastArn],
    );
    await remove(eastArn);
    await west.deleteGlobalCluster({ GlobalClusterIdentifier: 'shop' });
    assert.match((await refusal(global())).name, /^GlobalClusterNotFound/u);
  });

  it('a cluster is creating, and failing over inside the region, for as long as was set', async () => {
    const c = await cloud();
    const rds = await at(c, 'west', 'rds');
    await c.settings({ seconds: { 'rds:cluster': 0.5 } });
    const id = { DBClusterIdentifier: 'shop' };
    const engine = { Engine: 'aurora-postgresql' };
    await rds.createDBCluster({ ...id, ...engine, MasterUsername: 'shop', MasterUserPassword: 'not-a-secret' });
    const of = async () => (await rds.describeDBClusters(id)).DBClusters![0]!;
    const seen = [(await of()).Status];
    await until('the cluster', async () => (await of()).Status === 'available');
    for (const name of ['one', 'two'])
      await rds.createDBInstance({ DBInstanceIdentifier: name, ...id, ...engine, DBInstanceClass: 'db.r7g.large' });
    await rds.failoverDBCluster({ ...id, TargetDBInstanceIdentifier: 'two' });
    seen.push((await of()).Status);
    await until('the failover', async () => (await of()).Status === 'available');
    const { AvailabilityZones, DBClusterMembers } = await of();
    assert.deepEqual(seen, ['creating', 'failing-over']);
    assert.ok(AvailabilityZones!.every((zone) => zone.startsWith('us-west-2')));
    assert.equal(DBClusterMembers!.find(({ IsClusterWriter }) => IsClusterWriter)!.DBInstanceIdentifier, 'two');
  });
});
