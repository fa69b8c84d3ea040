import assert from 'node:assert/strict';
import { service } from '../../activities/aws/client.ts';
import { called } from './called.ts';
import { cloud, type Cloud } from './cloud.ts';
import { faultTable } from './cloud-faults.ts';
import { carryOut, failure, rehearse, typeOf } from './estate.ts';
import { pairOf, type Pair } from './rds-pair.ts';

const input = { site: 'east', id: 'shop-db', name: 'nightly' };
const day = 86_400_000;
type Done = Awaited<ReturnType<typeof carryOut>> & {
  outputs: { snapshot: string; arn: string; at: string; gigabytes: number; key: string | null; rows: unknown };
};

describe('rds.snapshot', () => {
  let at: Cloud;
  let pair: Pair;
  beforeEach(async () => {
    at = await cloud();
    pair = await pairOf(at, { replica: false, encrypted: true });
  });
  const context = (more: Parameters<Cloud['context']>[0] = {}) => at.context({ system: pair.system, ...more });
  const take = async (made = context(), wanted: object = input): Promise<Done> => (await carryOut('rds.snapshot', wanted, made)) as Done;
  const snapshots = async () => (await at.ledger()).filter(({ kind, gone, id }) => kind === 'snapshot' && !gone && !id.startsWith('rds:'));

  it('takes one complete snapshot, tagged with its run, and tells of the backup', async () => {
    await at.settings({ seconds: { 'rds:snapshot': 0.5 } });
    const { outputs, backups, evidence } = await take(context({ key: 'one' }));
    const [made, ...more] = await snapshots();
    assert.deepEqual([made?.id, made?.state, more], ['nightly', 'available', []]);
    assert.equal(made?.tags['lifeboat:key'], 'one');
    assert.equal(made?.tags['lifeboat:purpose'], 'live');
    assert.equal(outputs.arn, `arn:aws:rds:us-east-1:${at.account}:snapshot:nightly`);
    assert.deepEqual([outputs.gigabytes, outputs.rows], [20, null]);
    assert.match(outputs.key ?? '', new RegExp(`key/${pair.east.key}$`, 'u'));
    assert.deepEqual(backups, [
      {
        store: 'east',
        holds: 'database',
        complete: false,
        backups: [
          {
            label: 'nightly',
            store: 'east',
            holds: 'database',
            kind: 'snapshot',
            at: outputs.at,
            bytes: 20 * 2 ** 30,
            provenAt: null,
            compared: [],
          },
        ],
      },
    ]);
    assert.match(evidence.join(' '), /No rows were counted/u);
  });

  it('makes one when it runs twice, and when the answer is lost', async () => {
    const made = context();
    await at.faults([{ service: 'rds', operation: 'CreateDBSnapshot', kind: 'lose' }]);
    assert.equal((await failure(take(made))).code, 'aws-lost');
    await take(made);
    await take(made);
    assert.equal((await snapshots()).length, 1);
  });

  it('gives a name of its own where none is given, another for each run', async () => {
    const { name: _, ...unnamed } = input;
    const [one, other] = [await take(context(), unnamed), await take(context(), unnamed)];
    assert.match(one.outputs.snapshot, /^shop-db-[0-9a-z]{12}$/u);
    assert.notEqual(one.outputs.snapshot, other.outputs.snapshot);
  });

  it('leaves the snapshot of another run alone that has the name, and says so before it begins', async () => {
    await take(context({ run: 'backup-shop-1' }));
    for (const act of ['preflight', 'execute'] as const) {
      const refused = await failure(typeOf('rds.snapshot')[act](input, context()) as Promise<unknown>);
      assert.deepEqual([refused.code, refused.remedy], ['name-taken', 'person']);
      assert.match(refused.message, /backup-shop-1/u);
    }
    assert.equal((await snapshots()).length, 1);
  });

  it('takes another where its own failed', async () => {
    await at.settings({ final: { 'rds:snapshot': 'failed' } });
    const made = context();
    const failed = await failure(take(made));
    assert.deepEqual([failed.code, failed.remedy], ['snapshot-failed', 'again']);
    await at.settings({ final: {} });
    await take(made);
    const [left, ...more] = await snapshots();
    assert.deepEqual([left?.state, more], ['available', []]);
  });

  it('goes on with what a killed attempt began', async () => {
    await at.settings({ seconds: { 'rds:snapshot': 1.5 } });
    const killer = new AbortController();
    const key = 'killed';
    const first = typeOf('rds.snapshot').execute(input, context({ key, signal: killer.signal }));
    while ((await snapshots()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    killer.abort();
    await assert.rejects(first);
    await take(context({ key }));
    assert.equal((await snapshots()).length, 1);
  });

  it('refuses an instance that is not there, the wrong account, a full quota, and a region that does not answer', async () => {
    const preflight = (wanted: object, made = context()) => failure(typeOf('rds.snapshot').preflight(wanted, made));
    assert.equal((await preflight({ ...input, id: 'shop-dx' })).code, 'rds-no-instance');
    assert.equal((await preflight({ ...input, site: 'west' })).code, 'rds-no-instance');
    const wrong = { ...context(), aws: () => ({ ...at.sites['east']!, account: '000000000000' }) };
    assert.equal((await preflight(input, wrong)).code, 'wrong-account');
    assert.equal((await failure(typeOf('rds.snapshot').execute(input, wrong))).code, 'wrong-account');
    await at.settings({ quotas: { 'rds:snapshots': 0 } });
    assert.deepEqual([(await preflight(input)).code, (await snapshots()).length], ['aws-quota', 0]);
    await at.settings({ quotas: {}, unreachable: ['us-east-1'] });
    assert.match((await preflight(input)).code, /^aws-(?:unreachable|lost)$/u);
  });

  it('takes no wildcard for a name', () => {
    for (const id of ['', '*', 'shop-*']) assert.throws(() => typeOf('rds.snapshot').input.parse({ site: 'east', id }));
  });

  it('makes in a rehearsal what expires when that does', async () => {
    await assert.rejects(rehearse('rds.snapshot', input, context()), { code: 'rehearsal-only' });
    const system = { ...pair.system, copies: { root: '/nowhere', expires: 3 * day, inService: {} } };
    await rehearse('rds.snapshot', input, context({ live: false, system }));
    const [made] = await snapshots();
    assert.equal(made?.tags['lifeboat:purpose'], 'rehearsal');
    assert.equal(made?.tags['lifeboat:expires'], '2026-11-25T10:00:00.000Z');
  });

  it('changes nothing by its preflight, and calls only what it declares', async () => {
    const made = context();
    await called('rds.snapshot', 'preflight', () => typeOf('rds.snapshot').preflight(input, made));
    assert.deepEqual(await snapshots(), []);
    await called('rds.snapshot', 'execute', () => take(made));
  });

  it('does nothing once the system is lent to another run', async () => {
    const lent = context({ stillOurs: async () => Promise.reject(new Error('lent')) });
    await assert.rejects(take(lent), /lent/u);
    assert.deepEqual(await snapshots(), []);
  });

  it('is of an instance at a site that the API knows', async () => {
    const rds = await service('rds', 'east', context());
    await rds.deleteDBInstance({ DBInstanceIdentifier: 'shop-db', SkipFinalSnapshot: true });
    assert.equal((await failure(take())).code, 'rds-no-instance');
  });
});

faultTable('rds.snapshot', {
  prepare: (where) => pairOf(where, { replica: false }),
  input: () => input,
  options: ({ system }) => ({ system }),
  effects: (fresh) =>
    fresh
      .filter(({ kind, gone, id }) => kind === 'snapshot' && !gone && !id.startsWith('rds:'))
      .map(({ id, state }) => `snapshot ${id} ${state}`),
});
