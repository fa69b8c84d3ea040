import assert from 'node:assert/strict';
import { onCall } from '../../activities/aws/client.ts';
import { cloud, type Cloud } from './cloud.ts';
import { carryOut, failure, typeOf } from './estate.ts';
import { globalOf, writerOf, type Pair } from './rds-pair.ts';

const input = { site: 'west', id: 'shop-west' };

describe('rds.failover', () => {
  let at: Cloud;
  let pair: Pair;
  beforeEach(async () => {
    at = await cloud();
    pair = await globalOf(at);
  });
  const context = (more: Parameters<Cloud['context']>[0] = {}) => at.context({ mode: 'unplanned', ...more, system: pair.system });
  const fence = async () => (await carryOut('rds.isolate', { site: 'east', id: 'shop-east' }, context())).proofs!;

  it('makes a reader in another region the writer once the old one is cut off, and reads that back', async () => {
    await at.settings({ seconds: { 'rds:global-cluster': 0.5 } });
    const proofs = await fence();
    const calls = new Set<string>();
    const stop = onCall(({ action }) => calls.add(action));
    const { outputs, evidence } = await carryOut('rds.failover', input, context({ proofs })).finally(stop);
    assert.equal(await writerOf(at), 'shop-west');
    assert.equal((outputs as { writer: string }).writer, `arn:aws:rds:us-west-2:${at.account}:cluster:shop-west`);
    assert.match(evidence.join(' '), /shop-east in us-east-1 is a reader/u);
    const { execute = [] } = typeOf('rds.failover').iam ?? {};
    assert.deepEqual(
      [...calls].filter((call) => !execute.includes(call)),
      [],
    );
  });

  it('moves nothing without a proof, or on a fence that was opened', async () => {
    assert.equal((await failure(typeOf('rds.failover').execute(input, context()))).code, 'no-proof');
    const proofs = await fence();
    const opened = {
      ...context({ proofs }),
      reread: () => typeOf('rds.isolate').verify({ site: 'west', id: 'shop-west' }, context()) as never,
    };
    assert.equal((await failure(typeOf('rds.failover').execute(input, opened))).code, 'not-isolated');
    assert.equal(await writerOf(at), 'shop-east');
  });

  it('moves it although the region of the old writer is dead, and goes on where it was killed in between', async () => {
    const [proof] = await fence();
    await at.settings({ unreachable: ['us-east-1'], seconds: { 'rds:global-cluster': 1 } });
    const witnessed = { reread: async () => ({ ...proof!, at: new Date().toISOString() }) };
    const end = new AbortController();
    const stop = onCall(({ action }) => {
      if (action === 'rds:FailoverGlobalCluster') setTimeout(() => end.abort(), 300);
    });
    const killed = { ...context({ proofs: [proof!], signal: end.signal }), ...witnessed };
    await assert.rejects(typeOf('rds.failover').execute(input, killed)).finally(stop);
    let more = 0;
    const count = onCall(({ action }) => (more += Number(action === 'rds:FailoverGlobalCluster')));
    await carryOut('rds.failover', input, { ...context({ proofs: [proof!] }), ...witnessed }).finally(count);
    assert.equal(more, 0);
    assert.equal(await writerOf(at), 'shop-west');
  });

  it('changes nothing by its preflight, and refuses what is no member', async () => {
    const calls: string[] = [];
    const stop = onCall(({ action }) => calls.push(action));
    assert.match((await typeOf('rds.failover').preflight(input, context()).finally(stop)).join(' '), /is a reader of shop/u);
    assert.ok(
      calls.every((call) => /:(?:Describe|Get|Simulate)/u.test(call)),
      calls.join(),
    );
    assert.equal((await failure(typeOf('rds.failover').preflight({ ...input, id: 'another' }, context()))).code, 'rds-no-member');
    assert.equal((await failure(typeOf('rds.failover').preflight({ ...input, global: 'another' }, context()))).code, 'rds-no-global');
    await assert.rejects(typeOf('rds.failover').preflight({ ...input, id: '*' }, context()));
  });

  it('changes nothing for a run that was lent away, in a wrong account, or where its region does not answer', async () => {
    const proofs = await fence();
    const lent = async (): Promise<void> => {
      throw new Error('lent to another run');
    };
    await assert.rejects(typeOf('rds.failover').execute(input, context({ proofs, stillOurs: lent })), /lent to another run/u);
    const wrong = { ...context({ proofs }), aws: () => ({ ...at.sites['west']!, account: '999999999999' }) };
    assert.equal((await failure(typeOf('rds.failover').execute(input, wrong))).code, 'wrong-account');
    assert.equal(await writerOf(at), 'shop-east');
    await at.settings({ unreachable: ['us-west-2'] });
    assert.match((await failure(typeOf('rds.failover').execute(input, context({ proofs })))).code, /^aws-(?:unreachable|lost)$/u);
  });

  for (const kind of ['refuse', 'lose', 'reset', 'throttle', 'slow'] as const)
    it(`moves it once where the call met ${kind} and the step ran again`, async () => {
      await at.settings({ seconds: { 'rds:global-cluster': 0.3 } });
      const proofs = await fence();
      await at.faults([{ operation: 'FailoverGlobalCluster', kind, times: 1, seconds: 0.3 }]);
      const first = await typeOf('rds.failover')
        .execute(input, context({ proofs }))
        .then(
          () => 'done',
          (error: { remedy?: string }) => error.remedy,
        );
      assert.match(String(first), kind === 'slow' ? /^done$/u : /^(?:again|later)$/u);
      let again = 0;
      const stop = onCall(({ action }) => (again += Number(action === 'rds:FailoverGlobalCluster')));
      await carryOut('rds.failover', input, context({ proofs }));
      await carryOut('rds.failover', input, context({ proofs })).finally(stop);
      assert.deepEqual([again, await writerOf(at)], [kind === 'lose' || kind === 'slow' ? 0 : 1, 'shop-west']);
    });
});
