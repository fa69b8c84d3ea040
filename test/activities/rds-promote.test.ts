import assert from 'node:assert/strict';
import { onCall, service } from '../../activities/aws/client.ts';
import type { Proof } from '../../activities/step.ts';
import { cloud, type Cloud } from './cloud.ts';
import { faultTable } from './cloud-faults.ts';
import { carryOut, failure, rehearse, typeOf, until } from './estate.ts';
import { instanceAt, pairOf, putLag, realPair, type Pair } from './rds-pair.ts';

const input = { site: 'west', id: 'shop-db-west' };

describe('rds.promote', () => {
  let at: Cloud;
  let pair: Pair;
  beforeEach(async () => {
    at = await cloud();
    pair = await pairOf(at);
  });
  const context = (more: Parameters<Cloud['context']>[0] = {}) => at.context({ ...more, system: { ...pair.system, ...more.system } });
  const sourceNow = async () => (await instanceAt(at, 'west', 'shop-db-west'))?.ReadReplicaSourceDBInstanceIdentifier;
  const fence = async (): Promise<readonly Proof[]> => (await carryOut('rds.isolate', { site: 'east', id: 'shop-db' }, context())).proofs!;

  it('promotes a replica whose source is cut off, and reads back that it follows nobody', async () => {
    const calls = new Set<string>();
    const made = context({ proofs: await fence() });
    await putLag(at, 'west', 'shop-db-west', 3);
    const stop = onCall(({ action }) => calls.add(action));
    const { outputs, evidence } = await carryOut('rds.promote', input, made).finally(stop);
    assert.equal(await sourceNow(), undefined);
    assert.equal((outputs as { lag: number }).lag, 3_000);
    assert.match(evidence.join(' '), /shop-db at east is no replica, and is isolated since/u);
    const { execute = [] } = typeOf('rds.promote').iam ?? {};
    assert.deepEqual(
      [...calls].filter((call) => !execute.includes(call)),
      [],
    );
  });

  it('promotes nothing without a proof, on one that no longer holds, and on one of another database', async () => {
    assert.equal((await failure(typeOf('rds.promote').execute(input, context()))).code, 'no-proof');
    const proofs = await fence();
    const rds = await service('rds', 'east', at.context());
    await rds.modifyDBInstance({ DBInstanceIdentifier: 'shop-db', VpcSecurityGroupIds: [pair.east.group], ApplyImmediately: true });
    assert.equal((await failure(typeOf('rds.promote').execute(input, context({ proofs })))).code, 'not-isolated');
    const other = proofs.map((proof) => ({ ...proof, host: 'east/another' }));
    assert.equal((await failure(typeOf('rds.promote').execute(input, context({ proofs: other })))).code, 'no-proof');
    assert.ok(await sourceNow());
  });

  it('promotes no replica of another source, and no primary that no run promoted', async () => {
    const proofs = await fence();
    const wrong = { ...input, source: 'another' };
    const about = proofs.map((proof) => ({ ...proof, host: 'east/another' }));
    const lying = { ...context({ proofs: about }), reread: async (proof: Proof) => ({ ...proof, at: new Date().toISOString() }) };
    assert.equal((await failure(typeOf('rds.promote').execute(wrong, lying))).code, 'replica-of-another');
    await (await service('rds', 'west', at.context())).promoteReadReplica({ DBInstanceIdentifier: 'shop-db-west' });
    assert.equal((await failure(typeOf('rds.promote').execute(input, context({ proofs })))).code, 'not-a-replica');
    // Whoever says that people did it is believed, for the world says so.
    assert.match((await typeOf('rds.promote').verify(input, context({ proofs }))).evidence.join(' '), /a replica of nobody/u);
  });

  it('goes on with a promotion that an attempt before it began and was killed in', async () => {
    const proofs = await fence();
    await at.settings({ seconds: { 'rds:instance': 1.5 } });
    const end = new AbortController();
    const stop = onCall(({ action }) => {
      if (action === 'rds:PromoteReadReplica') setTimeout(() => end.abort(), 300);
    });
    const key = 'a-key-of-this-run';
    await assert.rejects(typeOf('rds.promote').execute(input, context({ proofs, key, signal: end.signal }))).finally(stop);
    const made = context({ proofs, key });
    await typeOf('rds.promote').execute(input, made);
    assert.deepEqual([await sourceNow(), (await instanceAt(at, 'west', 'shop-db-west'))?.DBInstanceStatus], [undefined, 'available']);
    assert.ok(made.beats.length > 0);
  });

  it('waits in a planned run until CloudWatch says that the replica has all that the source had when it was cut off', async () => {
    const proofs = await fence();
    const made = context({ proofs, mode: 'planned' });
    // As far behind as it was before the source was cut off: that proves nothing.
    await putLag(at, 'west', 'shop-db-west', 300, new Date(Date.now() + 90_000));
    let looks = 0;
    const stop = onCall(({ action }) => (looks += Number(action === 'cloudwatch:GetMetricData')));
    const going = typeOf('rds.promote').execute(input, made);
    let done = false;
    void going.then(() => (done = true));
    await until('it to look twice', () => looks >= 2).finally(stop);
    assert.deepEqual([done, Boolean(await sourceNow())], [false, true]);
    await putLag(at, 'west', 'shop-db-west', 1, new Date(Date.now() + 180_000));
    await going;
    const { outputs, evidence } = await typeOf('rds.promote').verify(input, made);
    assert.equal((outputs as { lag: number }).lag, 0);
    assert.match(evidence.join(' '), /takes no writes since/u);
  });

  it('asks the replica itself where there is a login, and proves afterwards that it takes writes', async () => {
    const real = await realPair();
    try {
      const system = real.rds(pair, ['west']);
      // A row that the replica has not, of a time before its source was cut off.
      await real.control('PUT', '/cut/replication', { service: 'replication' });
      await real.sql('a-db', "insert into orders (item) values ('the last one')");
      const { proofs = [] } = await carryOut('rds.isolate', { site: 'east', id: 'shop-db' }, context({ system }));
      const made = context({ system, proofs, mode: 'planned' });
      let promoting: Promise<unknown> | undefined;
      const stop = onCall(({ action }) => {
        if (action === 'rds:PromoteReadReplica') promoting = real.sql('b-db', 'select pg_promote(true, 20) as promoted');
      });
      const going = typeOf('rds.promote').execute(input, made);
      await until('it to wait', () => made.beats.length >= 4);
      assert.ok(await sourceNow());
      await real.heal();
      await going.finally(stop);
      assert.deepEqual(await promoting, [{ promoted: true }]);
      const { outputs, evidence } = await typeOf('rds.promote').verify(input, made);
      assert.match((outputs as { lsn: string }).lsn, /^[0-9A-F]+\/[0-9A-F]+$/u);
      assert.match(evidence.join(' '), /A write was committed and flushed.*has replayed all that it knows of/u);
      const [row] = await real.sql<{ count: number }>('b-db', "select count(*)::int from orders where item = 'the last one'");
      assert.equal(row?.count, 1);
    } finally {
      await real.end();
    }
  });

  it('does not trust a site at which a fence is pending, and changes nothing for a run that was lent away or in a wrong account', async () => {
    const proofs = await fence();
    const pending = { ...proofs[0]!, by: 'fence.pending', host: 'west/other', with: { site: 'west', id: 'other', uses: 'rds.isolate' } };
    assert.equal((await failure(typeOf('rds.promote').execute(input, context({ proofs, fences: [pending] })))).code, 'fence-pending');
    const lent = async (): Promise<void> => {
      throw new Error('lent to another run');
    };
    await assert.rejects(typeOf('rds.promote').execute(input, context({ proofs, stillOurs: lent })), /lent to another run/u);
    const wrong = { ...context({ proofs }), aws: () => ({ ...at.sites['west']!, account: '999999999999' }) };
    assert.equal((await failure(typeOf('rds.promote').execute(input, wrong))).code, 'wrong-account');
    assert.ok(await sourceNow());
  });

  it('changes nothing by its preflight, and says how far behind the replica is', async () => {
    await putLag(at, 'west', 'shop-db-west', 2);
    const calls: string[] = [];
    const stop = onCall(({ action }) => calls.push(action));
    const seen = await typeOf('rds.promote').preflight(input, context()).finally(stop);
    assert.ok(
      calls.every((call) => /:(?:Describe|Get|Simulate)/u.test(call)),
      calls.join(),
    );
    assert.match(seen.join(' '), /it was 2 s behind/u);
    await assert.rejects(typeOf('rds.promote').preflight({ site: 'west', id: '*' }, context()));
  });

  it('promotes although the region of the source is dead, where people took the fence upon themselves', async () => {
    const [proof] = await fence();
    await at.settings({ unreachable: ['us-east-1'] });
    const made = { ...context({ proofs: [proof!] }), reread: async () => ({ ...proof!, at: new Date().toISOString() }) };
    const { evidence } = await carryOut('rds.promote', input, made);
    assert.match(evidence.join(' '), /does not say what shop-db is/u);
    assert.equal(await sourceNow(), undefined);
  });

  it('rehearses on a copy alone', async () => {
    assert.equal((await failure(rehearse('rds.promote', input, context({ live: false })))).code, 'not-a-copy');
    const arn = (await instanceAt(at, 'west', 'shop-db-west'))!.DBInstanceArn!;
    const rds = await service('rds', 'west', at.context());
    await rds.addTagsToResource({ ResourceName: arn, Tags: [{ Key: 'lifeboat:purpose', Value: 'rehearsal' }] });
    await rehearse('rds.promote', input, context({ live: false }));
    assert.equal(await sourceNow(), undefined);
  });

  it('says that its region does not answer', async () => {
    const proofs = await fence();
    await at.settings({ unreachable: ['us-west-2'] });
    assert.match((await failure(typeOf('rds.promote').execute(input, context({ proofs })))).code, /^aws-(?:unreachable|lost)$/u);
  });
});

faultTable('rds.promote', {
  prepare: async (at) => {
    const pair = await pairOf(at);
    const proofs = (await carryOut('rds.isolate', { site: 'east', id: 'shop-db' }, at.context({ system: pair.system }))).proofs!;
    return { system: pair.system, proofs };
  },
  input: () => input,
  options: ({ system, proofs }) => ({ system, proofs }),
  effects: (_, __, all) =>
    all
      .filter(({ id, tags }) => id === 'shop-db-west' && tags['lifeboat:promoted-from'] === 'east/shop-db')
      .map(({ id }) => `${id} promoted`),
});
