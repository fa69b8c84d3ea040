import assert from 'node:assert/strict';
import { onCall, service } from '../../activities/aws/client.ts';
import { cloud, type Cloud } from './cloud.ts';
import { faultTable } from './cloud-faults.ts';
import { carryOut, failure, typeOf } from './estate.ts';
import { globalOf, type Pair } from './rds-pair.ts';

const input = { site: 'east', id: 'shop-east' };

/** The writer was moved to `west`; the old one at `east` is isolated. */
async function switched(at: Cloud): Promise<Pair> {
  const pair = await globalOf(at);
  const context = (more = {}) => at.context({ mode: 'planned', system: pair.system, ...more });
  const { proofs } = await carryOut('rds.isolate', input, context());
  await carryOut('rds.switchover', { site: 'west', id: 'shop-west' }, context({ proofs }));
  return pair;
}

describe('rds.reprotect', () => {
  let at: Cloud;
  let pair: Pair;
  beforeEach(async () => {
    at = await cloud();
    pair = await switched(at);
  });
  const context = (more: Parameters<Cloud['context']>[0] = {}) => at.context({ ...more, system: pair.system });
  const groupsOf = async () => {
    const { DBClusters: [one] = [] } = await (
      await service('rds', 'east', at.context())
    ).describeDBClusters({ DBClusterIdentifier: 'shop-east' });
    return one?.VpcSecurityGroups?.map(({ VpcSecurityGroupId }) => VpcSecurityGroupId);
  };

  it('opens an old writer that follows, and lifts its fence', async () => {
    assert.notDeepEqual(await groupsOf(), [pair.east.group]);
    const calls = new Set<string>();
    const stop = onCall(({ action }) => calls.add(action));
    const { lifts, outputs } = await carryOut('rds.reprotect', input, context()).finally(stop);
    assert.deepEqual([await groupsOf(), lifts], [[pair.east.group], ['east/shop-east']]);
    assert.match((outputs as { writer: string }).writer, /shop-west$/u);
    const { execute = [] } = typeOf('rds.reprotect').iam ?? {};
    assert.deepEqual(
      [...calls].filter((call) => !execute.includes(call)),
      [],
    );
  });

  it('leaves one cut off that still writes, until its time is up', async () => {
    at = await cloud();
    pair = await globalOf(at);
    await carryOut('rds.isolate', input, context());
    const signal = AbortSignal.timeout(1_500);
    await assert.rejects(typeOf('rds.reprotect').execute(input, context({ signal })));
    assert.notDeepEqual(await groupsOf(), [pair.east.group]);
    assert.equal((await failure(typeOf('rds.reprotect').verify(input, context()))).code, 'not-replicating');
  });

  it('changes nothing by its preflight, for a run that was lent away, in a wrong account, or where its region is dead', async () => {
    const calls: string[] = [];
    const stop = onCall(({ action }) => calls.push(action));
    await typeOf('rds.reprotect').preflight(input, context()).finally(stop);
    assert.ok(
      calls.every((call) => /:(?:Describe|Get|Simulate)/u.test(call)),
      calls.join(),
    );
    const lent = async (): Promise<void> => {
      throw new Error('lent to another run');
    };
    await assert.rejects(typeOf('rds.reprotect').execute(input, context({ stillOurs: lent })), /lent to another run/u);
    const wrong = { ...context(), aws: () => ({ ...at.sites['east']!, account: '999999999999' }) };
    assert.equal((await failure(typeOf('rds.reprotect').execute(input, wrong))).code, 'wrong-account');
    await assert.rejects(typeOf('rds.reprotect').preflight({ site: 'east', id: '' }, context()));
    assert.notDeepEqual(await groupsOf(), [pair.east.group]);
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(typeOf('rds.reprotect').execute(input, context()))).code, /^aws-(?:unreachable|lost)$/u);
  });
});

faultTable('rds.reprotect', {
  prepare: switched,
  input: () => input,
  options: ({ system }) => ({ system }),
  effects: (_, __, all) => all.filter(({ id, tags }) => id === 'shop-east' && !tags['lifeboat:groups']).map(({ id }) => `${id} open`),
});
