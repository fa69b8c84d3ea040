import assert from 'node:assert/strict';
import net from 'node:net';
import { onCall, service } from '../../activities/aws/client.ts';
import { cloud, type Cloud } from './cloud.ts';
import { faultTable } from './cloud-faults.ts';
import { carryOut, failure, typeOf, undo } from './estate.ts';
import { globalOf, instanceAt, pairOf, type Pair } from './rds-pair.ts';
import { listen } from './nowhere.ts';

const input = { site: 'east', id: 'shop-db' };

describe('rds.isolate', () => {
  let at: Cloud;
  let pair: Pair;
  beforeEach(async () => {
    at = await cloud();
    pair = await pairOf(at);
  });
  const context = (more: Parameters<Cloud['context']>[0] = {}) => at.context({ ...more, system: { ...pair.system, ...more.system } });
  const groupsOf = async (id = 'shop-db') => (await instanceAt(at, 'east', id))?.VpcSecurityGroups?.map((one) => one.VpcSecurityGroupId);

  it('leaves a database with one security group that has no rule, restarts it after that, and proves a fence', async () => {
    const calls: string[] = [];
    const stop = onCall(({ action }) => calls.push(action));
    const done = await carryOut('rds.isolate', input, context()).finally(stop);
    const { outputs, proofs, evidence } = done as typeof done & { outputs: { group: string; before: string[] } };
    assert.deepEqual(await groupsOf(), [outputs.group]);
    assert.deepEqual(outputs.before, [pair.east.group]);
    const ec2 = await service('ec2', 'east', at.context());
    const { SecurityGroups: [group] = [] } = await ec2.describeSecurityGroups({ GroupIds: [outputs.group] });
    assert.deepEqual([group?.IpPermissions, group?.IpPermissionsEgress, group?.VpcId], [[], [], pair.east.vpc]);
    assert.ok(calls.indexOf('rds:RebootDBInstance') > calls.indexOf('rds:ModifyDBInstance'));
    assert.deepEqual(
      proofs?.map(({ kind, host, latched }) => [kind, host, latched]),
      [['fence', 'east/shop-db', 'yes']],
    );
    assert.match(evidence.join(' '), /no session of before is left/u);
    assert.equal(
      (await instanceAt(at, 'west', 'shop-db-west'))?.ReadReplicaSourceDBInstanceIdentifier,
      `arn:aws:rds:us-east-1:${at.account}:db:shop-db`,
    );
  });

  it('changes nothing by its preflight', async () => {
    const calls: string[] = [];
    const stop = onCall(({ action }) => calls.push(action));
    await typeOf('rds.isolate').preflight(input, context()).finally(stop);
    assert.ok(
      calls.every((call) => /:(?:Describe|Get|Simulate)/u.test(call)),
      calls.join(),
    );
    assert.deepEqual(await groupsOf(), [pair.east.group]);
  });

  it('calls nothing that it does not declare', async () => {
    const calls = new Set<string>();
    const stop = onCall(({ action }) => calls.add(action));
    const made = context();
    await carryOut('rds.isolate', input, made).finally(stop);
    const { execute = [] } = typeOf('rds.isolate').iam ?? {};
    assert.deepEqual(
      [...calls].filter((call) => !execute.includes(call)),
      [],
    );
  });

  it('is no fence as long as the sessions of before may stand', async () => {
    await at.faults([{ operation: 'RebootDBInstance', kind: 'refuse', times: 1 }]);
    const made = context();
    await failure(typeOf('rds.isolate').execute(input, made));
    assert.notDeepEqual(await groupsOf(), [pair.east.group]);
    assert.equal((await failure(typeOf('rds.isolate').verify(input, made))).code, 'not-isolated');
  });

  it('is no fence any more once somebody gives its group a rule', async () => {
    const made = context();
    const { outputs } = (await carryOut('rds.isolate', input, made)) as { outputs: { group: string } };
    const ec2 = await service('ec2', 'east', at.context());
    await ec2.authorizeSecurityGroupIngress({
      GroupId: outputs.group,
      IpPermissions: [{ IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    });
    assert.equal((await failure(typeOf('rds.isolate').verify(input, made))).code, 'not-isolated');
  });

  it('refuses to call a database cut off that still answers', async () => {
    const server = await listen(net.createServer((socket) => socket.on('data', () => socket.write('S'))));
    try {
      const connect = { east: { address: '127.0.0.1', port: server.port } };
      const made = context({ system: { rds: { ...pair.system.rds!, connect } } });
      await typeOf('rds.isolate').execute(input, made);
      assert.equal((await failure(typeOf('rds.isolate').verify(input, made))).code, 'still-answers');
    } finally {
      await server.close();
    }
  });

  it('puts the old groups back when it is undone, also where it never got far', async () => {
    const made = context();
    await at.faults([{ operation: 'ModifyDBInstance', kind: 'refuse', times: 1 }]);
    await failure(typeOf('rds.isolate').execute(input, made));
    await undo('rds.isolate', input, made);
    const tags = (await instanceAt(at, 'east', 'shop-db'))?.TagList?.map(({ Key }) => Key) ?? [];
    assert.deepEqual([await groupsOf(), tags.filter((name) => name?.startsWith('lifeboat:'))], [[pair.east.group], []]);
    assert.match((await undo('rds.isolate', input, made)).join(' '), /was not isolated/u);
  });

  it('is not undone by another step, nor once the other side was promoted', async () => {
    const made = context();
    await carryOut('rds.isolate', input, made);
    assert.match((await undo('rds.isolate', input, context())).join(' '), /isolated before by another step/u);
    await (await service('rds', 'west', at.context())).promoteReadReplica({ DBInstanceIdentifier: 'shop-db-west' });
    assert.equal((await failure(undo('rds.isolate', input, made))).code, 'already-promoted');
    assert.notDeepEqual(await groupsOf(), [pair.east.group]);
  });

  it('cuts off a cluster by its own groups and restarts its writer', async () => {
    pair = await globalOf((at = await cloud()));
    const calls: string[] = [];
    const stop = onCall(({ action }) => calls.push(action));
    const done = await carryOut('rds.isolate', { site: 'east', id: 'shop-east' }, context()).finally(stop);
    assert.deepEqual([calls.includes('rds:ModifyDBCluster'), calls.includes('rds:RebootDBInstance')], [true, true]);
    assert.equal(done.proofs?.[0]?.host, 'east/shop-east');
  });

  it('changes nothing for a run that no longer has the system, in a wrong account, or of a database that is not there', async () => {
    const lent = async (): Promise<void> => {
      throw new Error('lent to another run');
    };
    await assert.rejects(typeOf('rds.isolate').execute(input, context({ stillOurs: lent })), /lent to another run/u);
    const wrong = { ...context(), aws: () => ({ ...at.sites['east']!, account: '999999999999' }) };
    assert.equal((await failure(typeOf('rds.isolate').execute(input, wrong))).code, 'wrong-account');
    assert.equal((await failure(typeOf('rds.isolate').execute({ ...input, id: 'another' }, context()))).code, 'rds-no-instance');
    await assert.rejects(typeOf('rds.isolate').preflight({ site: 'east', id: '*' }, context()));
    assert.deepEqual(await groupsOf(), [pair.east.group]);
  });

  it('says that a region does not answer', async () => {
    await at.settings({ unreachable: ['us-east-1'] });
    const { code } = await failure(typeOf('rds.isolate').execute(input, context()));
    assert.match(code, /^aws-(?:unreachable|lost)$/u);
  });
});

faultTable('rds.isolate', {
  prepare: (at) => pairOf(at, { replica: false }),
  input: () => input,
  options: ({ system }) => ({ system }),
  effects: (fresh, _, all) => [
    ...fresh.filter(({ kind, gone }) => kind === 'security-group' && !gone).map(({ name }) => `group ${name}`),
    ...all
      .filter(({ id, tags }) => id === 'shop-db' && !Number.isNaN(Date.parse(tags['lifeboat:isolated'] ?? '')))
      .map(({ tags }) => `isolated, and remembers ${tags['lifeboat:groups']?.split(' ').length} group`),
  ],
  // The group stays for the next fence of the VPC.
  afterUndo: (_, __, all) =>
    all
      .filter(({ id, tags }) => id === 'shop-db' && Object.keys(tags).some((one) => one.startsWith('lifeboat:')))
      .map(({ id }) => `${id} bears tags`),
});
