import assert from 'node:assert/strict';
import { onCall, service } from '../../activities/aws/client.ts';
import type { LedgerEntry } from '../../lab/aws/control.ts';
import { cloud, type Cloud } from './cloud.ts';
import { faultTable } from './cloud-faults.ts';
import { carryOut, failure, typeOf, undo } from './estate.ts';
import { instanceAt, pairOf, type Pair } from './rds-pair.ts';

const name = 'rds.adopt';
const wanted = (pair: Pair) => ({ site: 'east', id: 'shop-db', from: 'shop-db-restored', subnets: 'shop', groups: [pair.east.group] });

describe(name, () => {
  let at: Cloud;
  let pair: Pair;
  beforeEach(async () => {
    at = await cloud();
    pair = await restored(at);
  });
  const context = (more: Parameters<Cloud['context']>[0] = {}) => at.context({ ...more, system: { ...pair.system, ...more.system } });
  const isolate = () => carryOut('rds.isolate', { site: 'east', id: 'shop-db' }, context());

  it('gives the restored instance the name, groups and settings of the isolated one, which is kept', async () => {
    await isolate();
    await at.settings({ seconds: { 'rds:instance': 0.3 } });
    const [before, restoredOne] = [await instanceAt(at, 'east', 'shop-db'), await instanceAt(at, 'east', 'shop-db-restored')];
    const calls = new Set<string>();
    const stop = onCall(({ action }) => calls.add(action));
    const made = context({ key: 'adopts' });
    const { outputs, lifts, serves, evidence } = await carryOut(name, wanted(pair), made).finally(stop);
    const { aside } = outputs as { aside: string };
    const [now, old] = [await instanceAt(at, 'east', 'shop-db'), await instanceAt(at, 'east', aside)];
    assert.deepEqual([now?.DbiResourceId, old?.DbiResourceId], [restoredOne?.DbiResourceId, before?.DbiResourceId]);
    assert.deepEqual(
      [now?.VpcSecurityGroups?.map(({ VpcSecurityGroupId }) => VpcSecurityGroupId), now?.BackupRetentionPeriod, now?.DBInstanceStatus],
      [[pair.east.group], 7, 'available'],
    );
    assert.deepEqual(old?.VpcSecurityGroups, before?.VpcSecurityGroups);
    assert.equal(await instanceAt(at, 'east', 'shop-db-restored'), undefined);
    const tags = Object.fromEntries(now!.TagList!.map(({ Key, Value }) => [Key, Value]));
    assert.deepEqual([tags['lifeboat:key'], tags['lifeboat:expires']], ['adopts', 'never']);
    assert.deepEqual([lifts, serves], [['east/shop-db'], 'east']);
    assert.match(evidence.join(' '), /stays isolated, and is kept until 20/u);
    const { execute = [] } = typeOf(name).iam ?? {};
    assert.deepEqual(
      [...calls].filter((call) => !execute.includes(call)),
      [],
    );
    await carryOut(name, wanted(pair), made);
    assert.deepEqual((await names(at)).sort(), ['shop-db', aside].sort());
  });

  it('takes a name that nobody has any more', async () => {
    await (await service('rds', 'east', at.context())).deleteDBInstance({ DBInstanceIdentifier: 'shop-db', SkipFinalSnapshot: true });
    const { outputs } = await carryOut(name, wanted(pair), context());
    assert.equal((outputs as { aside: unknown }).aside, null);
    assert.equal((await instanceAt(at, 'east', 'shop-db'))?.BackupRetentionPeriod, 7);
    assert.deepEqual(await names(at), ['shop-db']);
  });

  it('gives both their names back, with the restored one cut off and the old one isolated', async () => {
    await isolate();
    const [old, other] = [await instanceAt(at, 'east', 'shop-db'), await instanceAt(at, 'east', 'shop-db-restored')];
    const made = context();
    await carryOut(name, wanted(pair), made);
    await undo(name, wanted(pair), made);
    const [back, restoredOne] = [await instanceAt(at, 'east', 'shop-db'), await instanceAt(at, 'east', 'shop-db-restored')];
    assert.deepEqual([back?.DbiResourceId, restoredOne?.DbiResourceId], [old?.DbiResourceId, other?.DbiResourceId]);
    assert.notDeepEqual(
      restoredOne?.VpcSecurityGroups?.map(({ VpcSecurityGroupId }) => VpcSecurityGroupId),
      [pair.east.group],
    );
    assert.deepEqual(back?.VpcSecurityGroups, old?.VpcSecurityGroups);
    assert.match((await undo(name, wanted(pair), made)).join(' '), /put no instance in the place/u);
  });

  it('leaves a name alone that something has which is not isolated, and what is not fit to serve', async () => {
    const execute = (input: object = {}, made = context()) => failure(typeOf(name).execute({ ...wanted(pair), ...input }, made));
    assert.deepEqual([(await execute()).code, (await execute()).remedy], ['name-taken', 'person']);
    assert.equal((await execute({ from: 'shop-db' })).code, 'same-instance');
    assert.equal((await execute({ from: 'another' })).code, 'rds-no-instance');
    const rds = await service('rds', 'east', at.context());
    const { DBInstanceArn } = (await instanceAt(at, 'east', 'shop-db-restored'))!;
    await rds.addTagsToResource({ ResourceName: DBInstanceArn, Tags: [{ Key: 'lifeboat:purpose', Value: 'rehearsal' }] });
    assert.equal((await execute()).code, 'not-fit');
    await assert.rejects(async () => typeOf(name).execute({ ...wanted(pair), id: '*' }, context()));
    assert.deepEqual((await names(at)).sort(), ['shop-db', 'shop-db-restored']);
  });

  it('changes nothing by its preflight, and says what is missing', async () => {
    const look = (input: object = {}, made = context()) => typeOf(name).preflight({ ...wanted(pair), ...input }, made);
    const calls: string[] = [];
    const stop = onCall(({ action }) => calls.push(action));
    const seen = await look().finally(stop);
    assert.ok(
      calls.every((call) => /:(?:Describe|Get|Simulate)/u.test(call)),
      calls.join(),
    );
    assert.match(seen.join(' '), /shop-db-restored at east is available/u);
    assert.match((await look({ from: 'later' })).join(' '), /later is not at east yet|later at east|not at east yet/u);
    assert.equal((await failure(look({ groups: ['sg-00000000000000000'] }))).code, 'aws-not-found');
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(look())).code, /^aws-(?:unreachable|lost)$/u);
  });

  it('changes nothing for a run that was lent away, in a wrong account, or beside a pending fence', async () => {
    await isolate();
    const lent = async (): Promise<void> => {
      throw new Error('lent to another run');
    };
    const act = (made: ReturnType<typeof context>) => typeOf(name).execute(wanted(pair), made);
    await assert.rejects(act(context({ stillOurs: lent })), /lent to another run/u);
    const wrong = { ...context(), aws: (site: string) => ({ ...at.sites[site]!, account: '999999999999' }) };
    assert.equal((await failure(act(wrong))).code, 'wrong-account');
    const pending = {
      kind: 'fence' as const,
      by: 'fence.pending',
      host: 'east/x',
      at: '',
      with: { site: 'east' },
      evidence: [],
      latched: 'unknown' as const,
    };
    assert.equal((await failure(act(context({ fences: [pending] })))).code, 'fence-pending');
    assert.deepEqual((await names(at)).sort(), ['shop-db', 'shop-db-restored']);
  });
});

faultTable(name, {
  prepare: async (at) => {
    const pair = await restored(at);
    await carryOut('rds.isolate', { site: 'east', id: 'shop-db' }, at.context({ system: pair.system }));
    return pair;
  },
  input: wanted,
  options: (pair) => ({ system: pair.system }),
  effects: (_fresh, _pair, all) =>
    instances(all).map(({ id, tags }) =>
      id === 'shop-db' && tags['lifeboat:expires'] === 'never' ? 'adopted' : id.startsWith('shop-db-old') ? 'kept aside' : `other ${id}`,
    ),
  afterUndo: (_fresh, _pair, all) => instances(all).map(({ id }) => id),
});

/** A database, and a restored one beside it that lets nobody in. */
async function restored(at: Cloud): Promise<Pair> {
  const pair = await pairOf(at, { replica: false });
  const context = at.context({ system: pair.system, run: 'restore-1' });
  await carryOut('rds.snapshot', { site: 'east', id: 'shop-db', name: 'nightly' }, context);
  const from = { site: 'east', snapshot: 'nightly', id: 'shop-db-restored', subnets: 'shop' };
  await carryOut('rds.restore', from, at.context({ system: pair.system, run: 'restore-1' }));
  return pair;
}

const instances = (all: readonly LedgerEntry[]): readonly LedgerEntry[] =>
  all.filter(({ service: of, kind, gone }) => of === 'rds' && kind === 'instance' && !gone);
const names = async (at: Cloud): Promise<string[]> => instances(await at.ledger()).map(({ id }) => id);
