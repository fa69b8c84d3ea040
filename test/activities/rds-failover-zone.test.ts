import assert from 'node:assert/strict';
import { onCall, service } from '../../activities/aws/client.ts';
import { cloud, type Cloud } from './cloud.ts';
import { faultTable } from './cloud-faults.ts';
import { carryOut, failure, typeOf } from './estate.ts';
import { globalOf, instanceAt, pairOf, type Pair } from './rds-pair.ts';

describe('rds.failover-zone', () => {
  let at: Cloud;
  let pair: Pair;
  beforeEach(async () => {
    at = await cloud();
  });
  const context = (more: Parameters<Cloud['context']>[0] = {}) => at.context({ ...more, system: pair.system });
  const writer = async () => {
    const { DBClusters: [one] = [] } = await (
      await service('rds', 'east', at.context())
    ).describeDBClusters({ DBClusterIdentifier: 'shop-east' });
    return one?.DBClusterMembers?.find(({ IsClusterWriter }) => IsClusterWriter)?.DBInstanceIdentifier;
  };

  it('moves an instance that stands in two zones to the other', async () => {
    pair = await pairOf(at, { replica: false });
    const input = { site: 'east', id: 'shop-db' };
    await at.settings({ seconds: { 'rds:instance': 0.5 } });
    const before = (await instanceAt(at, 'east', 'shop-db'))?.AvailabilityZone;
    const { outputs } = await carryOut('rds.failover-zone', input, context());
    const after = (await instanceAt(at, 'east', 'shop-db'))?.AvailabilityZone;
    assert.deepEqual(outputs, { from: before, to: after });
    assert.notEqual(before, after);
  });

  it('moves the writer of a cluster to another instance, once, also where the step runs twice', async () => {
    pair = await globalOf(at);
    const input = { site: 'east', id: 'shop-east' };
    const calls: string[] = [];
    const stop = onCall(({ action }) => calls.push(action));
    const made = context();
    const { outputs } = await carryOut('rds.failover-zone', input, made);
    await carryOut('rds.failover-zone', input, made).finally(stop);
    assert.deepEqual([outputs, await writer()], [{ from: 'shop-east-1', to: 'shop-east-2' }, 'shop-east-2']);
    assert.equal(calls.filter((call) => call === 'rds:FailoverDBCluster').length, 1);
    const { execute = [] } = typeOf('rds.failover-zone').iam ?? {};
    assert.deepEqual(
      calls.filter((call) => !execute.includes(call)),
      [],
    );
    await carryOut('rds.failover-zone', input, context());
    assert.equal(await writer(), 'shop-east-1');
  });

  it('refuses what stands in one zone, what is not there, and a wildcard', async () => {
    pair = await pairOf(at);
    const look = (id: string) => typeOf('rds.failover-zone').preflight({ site: 'west', id }, context());
    assert.equal((await failure(look('shop-db-west'))).code, 'one-zone');
    assert.equal((await failure(look('another'))).code, 'rds-no-instance');
    await assert.rejects(look('*'));
  });

  it('changes nothing by its preflight, for a run that was lent away, in a wrong account, or where its region is dead', async () => {
    pair = await globalOf(at);
    const input = { site: 'east', id: 'shop-east' };
    const calls: string[] = [];
    const stop = onCall(({ action }) => calls.push(action));
    await typeOf('rds.failover-zone').preflight(input, context()).finally(stop);
    assert.ok(
      calls.every((call) => /:(?:Describe|Get|Simulate)/u.test(call)),
      calls.join(),
    );
    const lent = async (): Promise<void> => {
      throw new Error('lent to another run');
    };
    await assert.rejects(typeOf('rds.failover-zone').execute(input, context({ stillOurs: lent })), /lent to another run/u);
    const wrong = { ...context(), aws: () => ({ ...at.sites['east']!, account: '999999999999' }) };
    assert.equal((await failure(typeOf('rds.failover-zone').execute(input, wrong))).code, 'wrong-account');
    assert.equal(await writer(), 'shop-east-1');
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(typeOf('rds.failover-zone').execute(input, context()))).code, /^aws-(?:unreachable|lost)$/u);
  });
});

faultTable('rds.failover-zone', {
  prepare: globalOf,
  input: () => ({ site: 'east', id: 'shop-east' }),
  options: ({ system }) => ({ system }),
  effects: (_, __, all) =>
    all
      .filter(({ id, tags }) => id === 'shop-east' && tags['lifeboat:moved-from']?.endsWith(' shop-east-1'))
      .map(({ id }) => `${id} moved from its first instance`),
});
