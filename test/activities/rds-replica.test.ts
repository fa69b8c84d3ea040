import assert from 'node:assert/strict';
import { onCall, service } from '../../activities/aws/client.ts';
import { cloud, type Cloud } from './cloud.ts';
import { faultTable } from './cloud-faults.ts';
import { carryOut, failure, typeOf, undo } from './estate.ts';
import { instanceAt, pairOf, type Pair } from './rds-pair.ts';

const wanted = (pair: Pair) => ({
  site: 'west',
  id: 'shop-db-west',
  from: 'east',
  source: 'shop-db',
  subnets: 'shop',
  groups: [pair.west.group],
  key: pair.west.key,
});

describe('rds.replica', () => {
  let at: Cloud;
  let pair: Pair;
  beforeEach(async () => {
    at = await cloud();
    pair = await pairOf(at, { replica: false, encrypted: true });
  });
  const context = (more: Parameters<Cloud['context']>[0] = {}) => at.context({ ...more, system: { ...pair.system, ...more.system } });
  const arn = (region: string, id: string): string => `arn:aws:rds:${region}:${at.account}:db:${id}`;

  it('makes a replica in the other region, encrypted there, and waits until it replicates', async () => {
    await at.settings({ seconds: { 'rds:instance': 0.5 } });
    const calls = new Set<string>();
    const stop = onCall(({ action }) => calls.add(action));
    const made = context();
    const { outputs, lifts } = await carryOut('rds.replica', wanted(pair), made).finally(stop);
    const there = await instanceAt(at, 'west', 'shop-db-west');
    assert.deepEqual(
      [there?.DBInstanceStatus, there?.ReadReplicaSourceDBInstanceIdentifier, there?.DBSubnetGroup?.VpcId, there?.PubliclyAccessible],
      ['available', arn('us-east-1', 'shop-db'), pair.west.vpc, false],
    );
    assert.match(there?.KmsKeyId ?? '', new RegExp(`us-west-2.*${pair.west.key}`, 'u'));
    assert.deepEqual([(outputs as { aside: unknown }).aside, lifts], [null, ['west/shop-db-west']]);
    const { execute = [] } = typeOf('rds.replica').iam ?? {};
    assert.deepEqual(
      [...calls].filter((call) => !execute.includes(call)),
      [],
    );
    await undo('rds.replica', wanted(pair), made);
    assert.equal(await instanceAt(at, 'west', 'shop-db-west'), undefined);
  });

  it('changes nothing by its preflight, and says what is missing', async () => {
    const look = (input: object) => typeOf('rds.replica').preflight({ ...wanted(pair), ...input }, context());
    const calls: string[] = [];
    const stop = onCall(({ action }) => calls.push(action));
    await look({}).finally(stop);
    assert.ok(
      calls.every((call) => /:(?:Describe|Get|Simulate)/u.test(call)),
      calls.join(),
    );
    assert.equal((await failure(look({ key: undefined }))).code, 'no-key');
    assert.equal((await failure(look({ key: pair.east.key }))).code, 'aws-key');
    assert.equal((await failure(look({ from: 'west' }))).code, 'same-failure-domain');
    assert.equal((await failure(look({ source: 'another' }))).code, 'rds-no-instance');
    assert.equal((await failure(look({ subnets: 'another' }))).code, 'aws-not-found');
    await at.settings({ quotas: { 'rds:instances': 0 } });
    assert.equal((await failure(look({}))).code, 'aws-quota');
    await assert.rejects(look({ id: '*' }));
    assert.equal((await at.ledger()).filter(({ kind, region }) => kind === 'instance' && region === 'us-west-2').length, 0);
  });

  it('takes the name of an old primary that is isolated, and keeps that one under another', async () => {
    await carryOut('rds.replica', wanted(pair), context());
    const proofs = (await carryOut('rds.isolate', { site: 'east', id: 'shop-db' }, context())).proofs!;
    await carryOut('rds.promote', { site: 'west', id: 'shop-db-west' }, context({ proofs }));
    const before = await instanceAt(at, 'east', 'shop-db');
    const back = {
      site: 'east',
      id: 'shop-db',
      from: 'west',
      source: 'shop-db-west',
      subnets: 'shop',
      groups: [pair.east.group],
      key: pair.east.key,
    };
    const made = context({ fences: proofs });
    await at.settings({ seconds: { 'rds:instance': 0.3 } });
    const { outputs, lifts, evidence } = await carryOut('rds.replica', back, made);
    const { aside } = outputs as { aside: string };
    const [now, old] = [await instanceAt(at, 'east', 'shop-db'), await instanceAt(at, 'east', aside)];
    assert.equal(now?.ReadReplicaSourceDBInstanceIdentifier, arn('us-west-2', 'shop-db-west'));
    assert.deepEqual([old?.DbiResourceId, old?.VpcSecurityGroups], [before?.DbiResourceId, before?.VpcSecurityGroups]);
    assert.ok(old?.TagList?.some(({ Key, Value = '' }) => Key === 'lifeboat:expires' && Date.parse(Value) > Date.now() + 80 * 86_400_000));
    assert.deepEqual(lifts, ['east/shop-db']);
    assert.match(evidence.join(' '), /it stays isolated/u);
    // Run again it makes nothing more.
    await carryOut('rds.replica', back, made);
    assert.equal((await at.ledger()).filter(({ kind, region }) => kind === 'instance' && region === 'us-east-1').length, 2);
    await undo('rds.replica', back, made);
    assert.deepEqual(
      [(await instanceAt(at, 'east', 'shop-db'))?.DbiResourceId, await instanceAt(at, 'east', aside)],
      [before?.DbiResourceId, undefined],
    );
  });

  it('refuses a name that anything else holds', async () => {
    const rds = await service('rds', 'west', at.context());
    const other = { DBInstanceIdentifier: 'shop-db-west', Engine: 'postgres', DBInstanceClass: 'db.m7g.large', AllocatedStorage: 20 };
    await rds.createDBInstance({ ...other, MasterUsername: 'shop', MasterUserPassword: 'only-for-this-test' });
    assert.equal((await failure(typeOf('rds.replica').execute(wanted(pair), context()))).code, 'name-taken');
    await rds.deleteDBInstance({ DBInstanceIdentifier: 'shop-db-west', SkipFinalSnapshot: true });
  });

  it('takes one that follows already as it is, and does not undo what another step made', async () => {
    await carryOut('rds.replica', wanted(pair), context());
    const again = context();
    await carryOut('rds.replica', wanted(pair), again);
    assert.match((await undo('rds.replica', wanted(pair), again)).join(' '), /was not made by this step/u);
    assert.equal((await instanceAt(at, 'west', 'shop-db-west'))?.DBInstanceStatus, 'available');
    assert.equal((await at.ledger()).filter(({ kind, region }) => kind === 'instance' && region === 'us-west-2').length, 1);
  });

  it('leaves alone what was promoted since', async () => {
    const made = context();
    await carryOut('rds.replica', wanted(pair), made);
    await (await service('rds', 'west', at.context())).promoteReadReplica({ DBInstanceIdentifier: 'shop-db-west' });
    assert.match((await undo('rds.replica', wanted(pair), made)).join(' '), /was promoted, and is left alone/u);
    assert.equal((await failure(typeOf('rds.replica').verify(wanted(pair), made))).code, 'replica-of-another');
  });

  it('makes nothing for a run that was lent away, in a wrong account, at a dead region or beside a pending fence', async () => {
    const lent = async (): Promise<void> => {
      throw new Error('lent to another run');
    };
    const act = (more: Parameters<Cloud['context']>[0] = {}) => typeOf('rds.replica').execute(wanted(pair), context(more));
    await assert.rejects(act({ stillOurs: lent }), /lent to another run/u);
    const wrong = { ...context(), aws: (site: string) => ({ ...at.sites[site]!, account: '999999999999' }) };
    assert.equal((await failure(typeOf('rds.replica').execute(wanted(pair), wrong))).code, 'wrong-account');
    const pending = {
      kind: 'fence' as const,
      by: 'fence.pending',
      host: 'east/x',
      at: '',
      with: { site: 'east' },
      evidence: [],
      latched: 'unknown' as const,
    };
    assert.equal((await failure(act({ fences: [pending] }))).code, 'fence-pending');
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(act())).code, /^aws-(?:unreachable|lost)$/u);
    assert.equal((await at.ledger()).filter(({ kind, region }) => kind === 'instance' && region === 'us-west-2').length, 0);
  });
});

faultTable('rds.replica', {
  // The old primary has the name and is isolated: every call of the step is made.
  prepare: async (at) => {
    const pair = await pairOf(at);
    const context = () => at.context({ system: pair.system });
    const proofs = (await carryOut('rds.isolate', { site: 'east', id: 'shop-db' }, context())).proofs!;
    await carryOut('rds.promote', { site: 'west', id: 'shop-db-west' }, at.context({ system: pair.system, proofs }));
    return pair;
  },
  input: (pair) => ({ site: 'east', id: 'shop-db', from: 'west', source: 'shop-db-west', subnets: 'shop', groups: [pair.east.group] }),
  options: ({ system }) => ({ system }),
  effects: (_, __, all) =>
    all
      .filter(({ service: of, kind, region, gone }) => of === 'rds' && kind === 'instance' && region === 'us-east-1' && !gone)
      .map(
        ({ id, tags }) =>
          `${id.replace(/-old-.*/u, '-old')}${tags['lifeboat:aside'] ? ' aside' : ''}${tags['lifeboat:key'] ? ' made' : ''}`,
      ),
  afterUndo: (_, __, all) =>
    all
      .filter(
        ({ service: of, kind, region, gone, tags }) =>
          of === 'rds' && kind === 'instance' && region === 'us-east-1' && !gone && tags['lifeboat:key'],
      )
      .map(({ id }) => id),
});
