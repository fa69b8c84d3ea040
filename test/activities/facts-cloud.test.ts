import assert from 'node:assert/strict';
import net from 'node:net';
import { service } from '../../activities/aws/client.ts';
import { facts, locate } from '../../activities/facts.ts';
import type { SystemFacts } from '../../plan/plan.ts';
import { directionOf } from '../../worker/run/find-source.ts';
import { cloud, type Cloud } from './cloud.ts';
import { carryOut, failure, until } from './estate.ts';
import { listen } from './nowhere.ts';
import { globalOf, pairOf, putLag, realPair, type Pair } from './rds-pair.ts';

describe('Who serves in the cloud', () => {
  let at: Cloud;
  beforeEach(async () => {
    at = await cloud();
  });
  const ask = () => at.context();
  const systemOf = (more: Partial<SystemFacts>): SystemFacts => ({ name: 'shop', tier: 1, ...more });
  const find = (system: SystemFacts) => locate(system, {}, 'west', ask());
  const direct = async (system: SystemFacts, active: string | null = null) => {
    const { source, target } = await directionOf(system, () => find(system), active);
    return `${source} → ${target}`;
  };

  it('is told by the databases of both regions, a replica naming its source', async () => {
    const system = systemOf((await pairOf(at)).system);
    const found = await find(system);
    assert.deepEqual([found.primary, found.standby, found.silent], [['east/shop-db'], ['west/shop-db-west'], []]);
    assert.match(found.evidence.join(' '), /is a replica of arn:aws:rds:us-east-1:/u);
    assert.equal(await direct(system), 'east → west');
  });

  it('is what the system’s own workflow knows, where both are primaries or none answers', async () => {
    const system = systemOf((await pairOf(at)).system);
    await (await service('rds', 'west', at.context())).promoteReadReplica({ DBInstanceIdentifier: 'shop-db-west' });
    assert.deepEqual((await find(system)).primary, ['east/shop-db', 'west/shop-db-west']);
    assert.equal(await direct(system, 'west'), 'west → east');
    assert.equal((await failure(direct(system))).code, 'who-is-primary');
    await at.settings({ unreachable: ['us-east-1', 'us-west-2'] });
    assert.equal((await find(system)).silent.length, 2);
    assert.equal(await direct(system, 'east'), 'east → west');
    assert.equal((await failure(direct(system))).code, 'who-is-primary');
  });

  it('is the region that does not answer, while the other holds its replica', async () => {
    const system = systemOf((await pairOf(at)).system);
    await at.settings({ unreachable: ['us-east-1'] });
    const began = performance.now();
    const found = await find(system);
    assert.ok(performance.now() - began < 5_500);
    assert.deepEqual([found.standby, found.silent], [['west/shop-db-west'], ['east/shop-db']]);
    assert.equal(await direct(system), 'east → west');
  });

  it('is not a primary that was cut off, once the other was promoted, whatever a run last knew', async () => {
    const system = systemOf((await pairOf(at)).system);
    const { proofs } = await carryOut('rds.isolate', { site: 'east', id: 'shop-db' }, at.context({ system }));
    assert.equal(await direct(system), 'east → west');
    await carryOut('rds.promote', { site: 'west', id: 'shop-db-west' }, at.context({ system, proofs: proofs! }));
    assert.deepEqual((await find(system)).primary, ['west/shop-db-west']);
    assert.equal(await direct(system), 'west → east');
    assert.equal(await direct(system, 'east'), 'west → east');
  });

  it('is not decided in a wrong account, where nothing is found', async () => {
    const system = systemOf((await pairOf(at)).system);
    const wrong = { ...ask(), aws: (site: string) => ({ ...at.sites[site]!, account: '999999999999' }) };
    const found = await locate(system, {}, 'west', wrong);
    assert.equal(found.silent.length, 2);
    assert.match(found.evidence.join(' '), /the inventory says 999999999999/u);
  });

  it('is the writer of a global cluster', async () => {
    const system = systemOf((await globalOf(at)).system);
    assert.equal(await direct(system), 'east → west');
    const rds = await service('rds', 'west', at.context());
    await rds.failoverGlobalCluster({
      GlobalClusterIdentifier: 'shop',
      TargetDbClusterIdentifier: `arn:aws:rds:us-west-2:${at.account}:cluster:shop-west`,
      AllowDataLoss: true,
    });
    assert.equal(await direct(system), 'west → east');
  });

  it('is told by the weights of a record where there is no database', async () => {
    const route53 = await service('route53', 'east', at.context());
    const { HostedZone } = await route53.createHostedZone({ Name: 'shop.test', CallerReference: at.account });
    const zone = HostedZone!.Id!.replace('/hostedzone/', '');
    const identifiers = { east: 'blue', west: 'green' };
    const system = systemOf({ traffic: { zone, record: 'www.shop.test', type: 'CNAME', identifiers }, resources: { east: {}, west: {} } });
    const set = (weights: { [id: string]: number }) =>
      route53.changeResourceRecordSets({
        HostedZoneId: zone,
        ChangeBatch: {
          Changes: Object.entries(weights).map(([id, Weight]) => ({
            Action: 'UPSERT',
            ResourceRecordSet: {
              Name: 'www.shop.test',
              Type: 'CNAME',
              TTL: 5,
              SetIdentifier: id,
              Weight,
              ResourceRecords: [{ Value: `${id}.test` }],
            },
          })),
        },
      });
    await set({ blue: 100, green: 0 });
    assert.equal(await direct(system), 'east → west');
    await set({ blue: 0, green: 10 });
    assert.equal(await direct(system, 'east'), 'west → east');
    await set({ blue: 50, green: 50 });
    assert.equal(await direct(system, 'east'), 'east → west');
    await at.settings({ unreachable: ['us-east-1'] });
    assert.equal((await find(system)).silent.length, 2);
    assert.equal(await direct(system, 'west'), 'west → east');
  });

  it('needs no question where a system is at one site', async () => {
    assert.equal(await direct(systemOf({ resources: { east: { instance: 'i-0123456789abcdef0' } } })), 'east → east');
    assert.equal((await failure(direct(systemOf({ resources: { east: {}, west: {} } })))).code, 'no-way');
  });
});

describe('The facts of a gate in the cloud', () => {
  let at: Cloud;
  let pair: Pair;
  beforeEach(async () => {
    at = await cloud();
    pair = await pairOf(at);
  });
  const see = (system: Partial<SystemFacts> = pair.system) =>
    facts(
      { system: { name: 'shop', tier: 1, ...system }, source: { site: 'east' }, target: { site: 'west' }, hosts: {}, aws: at.sites },
      'west',
      at.context(),
    );
  const views = async (system?: Partial<SystemFacts>) =>
    Object.fromEntries((await see(system)).viewpoints.map(({ name, sees }) => [name, sees]));

  it('show the time that is at risk as CloudWatch says, and no bytes that nobody counted', async () => {
    await putLag(at, 'west', 'shop-db-west', 4);
    const shown = await see();
    assert.deepEqual(shown.atRisk, { bytes: null, milliseconds: 4_000 });
    assert.match(shown.atRiskText, /^about 4000 ms: west\/shop-db-west was so far behind/u);
    assert.deepEqual(await views(), {
      probe: 'unknown',
      'RDS API of east': 'alive',
      'EC2 API of east': 'alive',
      'port of east/shop-db': 'unknown',
      'receiver of west/shop-db-west': 'alive',
    });
  });

  it('name no figure where nobody knows one', async () => {
    const shown = await see();
    assert.equal(shown.atRisk, null);
    assert.match(shown.atRiskText, /^unknown: .*CloudWatch has no lag of west\/shop-db-west/u);
  });

  it('show a dead region as each viewpoint sees it, in less than the time that a gate gives', async () => {
    await putLag(at, 'west', 'shop-db-west', 20);
    await at.settings({ unreachable: ['us-east-1'] });
    const began = performance.now();
    const seen = await views();
    assert.ok(performance.now() - began < 8_000);
    assert.deepEqual([seen['RDS API of east'], seen['EC2 API of east'], seen['port of east/shop-db']], ['dead', 'dead', 'unknown']);
    assert.equal((await see()).atRisk?.milliseconds, 20_000);
    await at.settings({ unreachable: ['us-east-1', 'us-west-2'] });
    assert.equal((await views())['RDS API of east'], 'unknown');
  });

  it('count bytes where there is a login, and see the replica hear its source', async () => {
    const estate = await realPair();
    try {
      await estate.sql('a-db', "insert into orders (item) values ('the first one')");
      await until('the replica to have it', async () => (await see(estate.rds(pair))).atRisk?.milliseconds === 0);
      const shown = await see(estate.rds(pair));
      assert.deepEqual(shown.atRisk, { bytes: 0, milliseconds: 0 });
      assert.deepEqual(
        shown.viewpoints.slice(1).map(({ sees }) => sees),
        ['alive', 'alive', 'alive', 'alive'],
      );
    } finally {
      await estate.end();
    }
  });

  it('see a database that answers at its port, and when it did', async () => {
    const server = await listen(net.createServer((socket) => socket.on('data', () => socket.write('S'))));
    try {
      const rds = { ...pair.system.rds!, connect: { east: { address: '127.0.0.1', port: server.port } } };
      assert.equal((await views({ rds }))['port of east/shop-db'], 'alive');
      assert.ok((await see({ rds })).seen['east/shop-db']);
    } finally {
      await server.close();
    }
  });
});
