import assert from 'node:assert/strict';
import { service } from '../../activities/aws/client.ts';
import { called } from './called.ts';
import { cloud, type Cloud } from './cloud.ts';
import { faultTable } from './cloud-faults.ts';
import { carryOut, failure, typeOf, undo } from './estate.ts';
import { instanceAt, pairOf, type Pair } from './rds-pair.ts';

const name = 'rds.stop';
const input = { site: 'east', id: 'shop-db' };

describe(name, () => {
  let at: Cloud;
  let pair: Pair;
  beforeEach(async () => {
    at = await cloud();
    pair = await pairOf(at, { replica: false });
  });
  const context = (more: Parameters<Cloud['context']>[0] = {}) => at.context({ system: pair.system, ...more });
  const status = async (id = 'shop-db', site = 'east') => (await instanceAt(at, site, id))?.DBInstanceStatus;

  it('stops an instance, says when AWS starts it again, and proves no fence', async () => {
    await at.settings({ seconds: { 'rds:instance': 0.4 } });
    const { outputs, evidence, proofs } = await carryOut(name, input, context());
    assert.equal(await status(), 'stopped');
    assert.deepEqual([(outputs as { status: string }).status, proofs], ['stopped', undefined]);
    assert.match(evidence.join(), /starts it again by itself .*not fenced/u);
    assert.match(typeOf(name).summary, /7 days/u);
    assert.equal(typeOf(name).provides, undefined);
  });

  it('stops it once when it runs twice, and when the answer is lost', async () => {
    await at.settings({ seconds: { 'rds:instance': 0.4 } });
    const made = context();
    await at.faults([{ service: 'rds', operation: 'StopDBInstance', kind: 'lose' }]);
    assert.equal((await failure(carryOut(name, input, made))).code, 'aws-lost');
    await carryOut(name, input, made);
    const calls = await called(name, 'execute', () => carryOut(name, input, made));
    assert.ok(!calls.includes('rds:StopDBInstance'));
    assert.equal(await status(), 'stopped');
  });

  it('starts again what it stopped, and only that', async () => {
    await at.settings({ seconds: { 'rds:instance': 0.3 } });
    const [made, other] = [context(), context()];
    await carryOut(name, input, made);
    assert.match((await undo(name, input, other)).join(), /was not stopped by this step/u);
    assert.equal(await status(), 'stopped');
    assert.match((await undo(name, input, made)).join(), /available again/u);
    assert.equal(await status(), 'available');
    assert.match((await undo(name, input, made)).join(), /was not stopped by this step/u);
  });

  it('undoes an attempt that was killed half way', async () => {
    await at.settings({ seconds: { 'rds:instance': 0.8 } });
    const killer = new AbortController();
    const key = 'killed';
    const first = typeOf(name).execute(input, context({ key, signal: killer.signal }));
    while ((await status()) !== 'stopping') await new Promise((resolve) => setTimeout(resolve, 20));
    killer.abort();
    await assert.rejects(first);
    await undo(name, input, context({ key }));
    assert.equal(await status(), 'available');
  });

  it('refuses what AWS does not stop: a replica, and an instance that has one', async () => {
    const replicated = await cloud();
    const { system } = await pairOf(replicated);
    for (const wanted of [input, { site: 'west', id: 'shop-db-west' }])
      for (const act of ['preflight', 'execute'] as const) {
        const refused = await failure(typeOf(name)[act](wanted, replicated.context({ system })) as Promise<unknown>);
        assert.deepEqual([refused.code, refused.remedy], ['cannot-stop', 'mistake']);
      }
  });

  it('waits while the instance is busy', async () => {
    const rds = await service('rds', 'east', context());
    await at.settings({ seconds: { 'rds:instance': 60 } });
    await rds.modifyDBInstance({ DBInstanceIdentifier: 'shop-db', BackupRetentionPeriod: 3, ApplyImmediately: true });
    const busy = await failure(carryOut(name, input, context()));
    assert.deepEqual([busy.code, busy.remedy], ['aws-not-now', 'later']);
  });

  it('refuses an instance that is not there, the wrong account, and fails where the region does not answer', async () => {
    assert.equal((await failure(carryOut(name, { ...input, id: 'shop-dx' }, context()))).code, 'rds-no-instance');
    const wrong = { ...context(), aws: () => ({ ...at.sites['east']!, account: '000000000000' }) };
    assert.equal((await failure(carryOut(name, input, wrong))).code, 'wrong-account');
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(typeOf(name).preflight(input, context()))).code, /^aws-(?:unreachable|lost)$/u);
    for (const id of ['', '*']) assert.throws(() => typeOf(name).input.parse({ ...input, id }));
  });

  it('changes nothing by its preflight, and calls only what it declares', async () => {
    const made = context();
    await called(name, 'preflight', () => typeOf(name).preflight(input, made));
    assert.equal(await status(), 'available');
    await called(name, 'execute', () => carryOut(name, input, made));
    await called(name, 'undo', () => undo(name, input, made));
  });
});

const states = (all: readonly { kind: string; id: string; state: string | null; tags: object }[]) =>
  all.filter(({ kind }) => kind === 'instance').map(({ id, state, tags }) => `${id} ${state} ${Object.keys(tags).join()}`);

faultTable(name, {
  prepare: (where) => pairOf(where, { replica: false }),
  input: () => input,
  options: ({ system }) => ({ system }),
  effects: (_, __, all) => states(all),
  afterUndo: (_, __, all) => states(all),
});
