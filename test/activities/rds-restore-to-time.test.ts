import assert from 'node:assert/strict';
import { service } from '../../activities/aws/client.ts';
import { called } from './called.ts';
import { cloud, type Cloud } from './cloud.ts';
import { faultTable } from './cloud-faults.ts';
import { carryOut, failure, rehearse, typeOf, undo } from './estate.ts';
import { instanceAt, pairOf, type Pair } from './rds-pair.ts';

const name = 'rds.restore-to-time';
type Done = Awaited<ReturnType<typeof carryOut>> & { outputs: { id: string; from: string; groups: string[]; 'recovery-point': string } };

describe(name, () => {
  let at: Cloud;
  let pair: Pair;
  let input: { site: string; source: string; to: string; id: string; subnets: string; groups: string[] };
  beforeEach(async () => {
    at = await cloud();
    pair = await pairOf(at, { replica: false, encrypted: true });
    input = { site: 'east', source: 'shop-db', to: 'latest', id: 'shop-db-then', subnets: 'shop', groups: [pair.east.group] };
  });
  const context = (more: Parameters<Cloud['context']>[0] = {}) => at.context({ system: pair.system, ...more });
  const restore = async (made = context(), wanted: object = input): Promise<Done> => (await carryOut(name, wanted, made)) as Done;
  const instances = async () => (await at.ledger()).filter(({ kind, gone }) => kind === 'instance' && !gone).map(({ id }) => id);
  const window = async () => {
    const rds = await service('rds', 'east', context());
    const { DBInstanceAutomatedBackups = [] } = await rds.describeDBInstanceAutomatedBackups({ DBInstanceIdentifier: 'shop-db' });
    const { EarliestTime, LatestTime } = DBInstanceAutomatedBackups[0]!.RestoreWindow!;
    return { first: EarliestTime!.getTime(), last: LatestTime!.getTime() };
  };

  it('restores the latest moment into a new instance that is harmless, and says which moment that was', async () => {
    await at.settings({ seconds: { 'rds:instance': 0.4 } });
    const { first, last } = await window();
    const { outputs } = await restore();
    const moment = Date.parse(outputs['recovery-point']);
    assert.ok(moment >= first && moment >= last && moment <= Date.now());
    assert.equal(outputs.from, `arn:aws:rds:us-east-1:${at.account}:db:shop-db`);
    const found = (await instanceAt(at, 'east', 'shop-db-then'))!;
    assert.deepEqual(
      [found.DBInstanceStatus, found.PubliclyAccessible, found.BackupRetentionPeriod, found.DeletionProtection],
      ['available', false, 0, false],
    );
    assert.deepEqual(outputs.groups, [pair.east.group]);
  });

  it('restores a moment inside the window', async () => {
    await at.settings({ windows: { 'shop-db': 0 } });
    const to = await until(async () => {
      const { first, last } = await window();
      return last - first > 50 ? new Date(first + 25).toISOString() : undefined;
    });
    assert.equal((await restore(context(), { ...input, to })).outputs['recovery-point'], to);
  });

  it('refuses a moment outside the window, and tells the window; one that can be restored soon is tried later', async () => {
    const { first } = await window();
    for (const act of ['preflight', 'execute'] as const) {
      const before = { ...input, to: new Date(first - 86_400_000).toISOString() };
      const refused = await failure(typeOf(name)[act](before, context()) as Promise<unknown>);
      assert.deepEqual([refused.code, refused.remedy], ['outside-window', 'mistake']);
      assert.ok(refused.message.includes(new Date(first).toISOString()));
      const future = { ...input, to: new Date(Date.now() + 86_400_000).toISOString() };
      assert.equal((await failure(typeOf(name)[act](future, context()) as Promise<unknown>)).remedy, 'mistake');
      const soon = { ...input, to: new Date().toISOString() };
      assert.equal((await failure(typeOf(name)[act](soon, context()) as Promise<unknown>)).remedy, 'later');
    }
    assert.deepEqual(await instances(), ['shop-db']);
  });

  it('restores what is left of an instance that is gone, by the ARN of its automated backups', async () => {
    const rds = await service('rds', 'east', context());
    await rds.deleteDBInstance({ DBInstanceIdentifier: 'shop-db', SkipFinalSnapshot: true, DeleteAutomatedBackups: false });
    const lost = await failure(restore());
    assert.equal(lost.code, 'no-automated-backups');
    const [, arn] = /(arn:aws:rds:\S+:auto-backup:[^;\s]+)/u.exec(lost.message)!;
    const { outputs } = await restore(context(), { ...input, source: arn! });
    assert.deepEqual([outputs.from, await instances()], [arn, ['shop-db-then']]);
  });

  it('says so where an instance makes no backups', async () => {
    const rds = await service('rds', 'east', context());
    await rds.modifyDBInstance({ DBInstanceIdentifier: 'shop-db', BackupRetentionPeriod: 0, ApplyImmediately: true });
    const refused = await failure(typeOf(name).preflight(input, context()));
    assert.deepEqual([refused.code, refused.remedy], ['no-automated-backups', 'person']);
  });

  it('makes one when it runs twice, and when the answer is lost, and keeps to the moment of the first', async () => {
    const made = context();
    await at.faults([{ service: 'rds', operation: 'RestoreDBInstanceToPointInTime', kind: 'lose' }]);
    assert.equal((await failure(restore(made))).code, 'aws-lost');
    const first = await restore(made);
    const again = await restore(made);
    assert.equal(again.outputs['recovery-point'], first.outputs['recovery-point']);
    assert.deepEqual((await instances()).sort(), ['shop-db', 'shop-db-then']);
  });

  it('never restores into its source, nor into a name that another has', async () => {
    assert.equal((await failure(restore(context(), { ...input, id: 'shop-db' }))).code, 'same-instance');
    await restore(context({ run: 'drill-1' }));
    for (const act of ['preflight', 'execute', 'verify'] as const)
      assert.equal((await failure(typeOf(name)[act](input, context()) as Promise<unknown>)).code, 'name-taken');
  });

  it('undoes what it made', async () => {
    const made = context();
    await restore(made);
    await undo(name, input, made);
    assert.deepEqual(await instances(), ['shop-db']);
  });

  it('refuses a time without an offset, a wildcard, the wrong account, no capacity, a full quota, and fails where a region does not answer', async () => {
    for (const wrong of [{ to: '2026-11-22T09:30:00' }, { to: '' }, { source: '*' }, { id: '' }])
      assert.throws(() => typeOf(name).input.parse({ ...input, ...wrong }));
    const wrong = { ...context(), aws: () => ({ ...at.sites['east']!, account: '000000000000' }) };
    assert.equal((await failure(typeOf(name).preflight(input, wrong))).code, 'wrong-account');
    await at.settings({ capacity: [{ type: 'db.m7g.large' }] });
    assert.equal((await failure(restore())).code, 'aws-no-capacity');
    await at.settings({ capacity: [], quotas: { 'rds:instances': 1 } });
    assert.equal((await failure(typeOf(name).preflight(input, context()))).code, 'aws-quota');
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(typeOf(name).preflight(input, context()))).code, /^aws-(?:unreachable|lost)$/u);
    await at.settings({ unreachable: [] });
    assert.deepEqual(await instances(), ['shop-db']);
  });

  it('changes nothing by its preflight, and calls only what it declares', async () => {
    const made = context();
    await called(name, 'preflight', () => typeOf(name).preflight(input, made));
    assert.deepEqual(await instances(), ['shop-db']);
    await called(name, 'execute', () => restore(made));
    await called(name, 'undo', () => undo(name, input, made));
    await called(name, 'rehearse', () => rehearse(name, input, context({ live: false })));
  });
});

faultTable(name, {
  prepare: (where) => pairOf(where, { replica: false }),
  input: ({ east }) => ({ site: 'east', source: 'shop-db', to: 'latest', id: 'shop-db-then', subnets: 'shop', groups: [east.group] }),
  options: ({ system }) => ({ system }),
  effects: (fresh) => fresh.filter(({ kind, gone }) => kind === 'instance' && !gone).map(({ id, state }) => `instance ${id} ${state}`),
});

async function until<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error('It did not come to be.');
}
