import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { service } from '../../activities/aws/client.ts';
import { called } from './called.ts';
import { cloud, type Cloud } from './cloud.ts';
import { faultTable } from './cloud-faults.ts';
import { carryOut, failure, rehearse, typeOf, undo } from './estate.ts';
import { pairOf, type Pair } from './rds-pair.ts';

const input = { site: 'west', from: 'east', snapshot: 'nightly', key: 'alias/shop' };
const name = 'rds.copy-snapshot';
type Done = Awaited<ReturnType<typeof carryOut>> & {
  outputs: { snapshot: string; arn: string; from: string; key: string | null; at: string };
};

describe(name, () => {
  let at: Cloud;
  let pair: Pair;
  beforeEach(async () => {
    at = await cloud();
    pair = await prepare(at);
  });
  const context = (more: Parameters<Cloud['context']>[0] = {}) => at.context({ system: pair.system, ...more });
  const copy = async (made = context(), wanted: object = input): Promise<Done> => (await carryOut(name, wanted, made)) as Done;
  const copies = async (account = at.account) =>
    (await at.ledger()).filter((one) => one.kind === 'snapshot' && !one.gone && one.region === 'us-west-2' && one.account === account);

  it('copies an encrypted snapshot to the other region under a key of that region, tagged, and tells of the backup', async () => {
    await at.settings({ seconds: { 'rds:snapshot': 0.3 } });
    const { outputs, backups, evidence } = await copy(context({ key: 'one' }));
    const [made, ...more] = await copies();
    assert.deepEqual([made?.id, made?.state, made?.tags['lifeboat:key'], more], ['nightly', 'available', 'one', []]);
    assert.match(outputs.key ?? '', /^arn:aws:kms:us-west-2:/u);
    assert.equal(outputs.from, source(at));
    assert.deepEqual([backups?.[0]?.store, backups?.[0]?.complete, backups?.[0]?.backups[0]?.label], ['west', false, 'nightly']);
    assert.equal(outputs.at, await takenAt(at));
    assert.match(evidence.join(' '), /was copied to arn:aws:rds:us-west-2/u);
    // The client that made the copy still talks to the same place.
    await typeOf(name).verify(input, context({ key: 'one' }));
  });

  it('copies to another account, which has the snapshot while it is copied and not afterwards', async () => {
    const key = await vaultKey(at, pair);
    await at.settings({ seconds: { 'rds:snapshot': 0.3 } });
    const { outputs, evidence } = await copy(context(), { ...input, site: 'vault', key });
    const [made, ...more] = await copies(at.vault);
    assert.deepEqual([made?.id, made?.state, more], ['nightly', 'available', []]);
    assert.equal(outputs.key, key);
    assert.deepEqual(await sharedWith(at), []);
    assert.match(evidence.join(' '), /no longer shared/u);
    assert.deepEqual(await tagsOf(at), ['kept']);
  });

  it('leaves shared what was shared before', async () => {
    const key = await vaultKey(at, pair);
    const rds = await service('rds', 'east', context());
    await rds.modifyDBSnapshotAttribute({ DBSnapshotIdentifier: 'nightly', AttributeName: 'restore', ValuesToAdd: [at.vault] });
    await copy(context(), { ...input, site: 'vault', key });
    assert.deepEqual(await sharedWith(at), [at.vault]);
  });

  it('takes back what a killed attempt shared', async () => {
    const key = await vaultKey(at, pair);
    const wanted = { ...input, site: 'vault', key };
    await at.faults([{ service: 'rds', operation: 'CopyDBSnapshot', kind: 'refuse', code: 'InternalFailure' }]);
    const made = context();
    await failure(copy(made, wanted));
    assert.deepEqual(await sharedWith(at), [at.vault]);
    assert.match((await undo(name, wanted, made)).join(' '), /no more/u);
    assert.deepEqual(await sharedWith(at), []);
  });

  it('refuses an encrypted snapshot without a key, and a key that is none there', async () => {
    const { key: _, ...keyless } = input;
    for (const act of ['preflight', 'execute'] as const) {
      const refused = await failure(typeOf(name)[act](keyless, context()) as Promise<unknown>);
      assert.deepEqual([refused.code, refused.remedy], ['no-key', 'mistake']);
      const unknown = await failure(typeOf(name)[act]({ ...input, key: 'alias/none' }, context()) as Promise<unknown>);
      assert.deepEqual([unknown.code, unknown.remedy], ['aws-key', 'person']);
    }
    assert.deepEqual(await copies(), []);
  });

  it('refuses a disabled key', async () => {
    const kms = await service('kms', 'west', context());
    await kms.disableKey({ KeyId: pair.west.key });
    assert.equal((await failure(typeOf(name).preflight(input, context()))).code, 'aws-key');
  });

  it("refuses to share what only a key of AWS's own can open", async () => {
    const rds = await service('rds', 'east', context());
    const kms = await service('kms', 'east', context());
    const { KeyMetadata } = await kms.describeKey({ KeyId: 'alias/aws/rds' });
    await rds.copyDBSnapshot({ SourceDBSnapshotIdentifier: 'nightly', TargetDBSnapshotIdentifier: 'own', KmsKeyId: KeyMetadata!.Arn });
    const wanted = { ...input, snapshot: 'own', site: 'vault', key: await vaultKey(at, pair) };
    assert.equal((await failure(typeOf(name).preflight(wanted, context()))).code, 'key-not-shared');
  });

  it('waits for room under the limit of copies, telling so, and goes on', async () => {
    await at.settings({ copies: 1, seconds: { 'rds:snapshot': 2 } });
    const rds = await service('rds', 'west', context());
    await rds.copyDBSnapshot({ SourceDBSnapshotIdentifier: source(at), TargetDBSnapshotIdentifier: 'other', KmsKeyId: pair.west.key });
    const made = context();
    await copy({ ...made, sleep: (milliseconds) => sleep(Math.min(milliseconds, 100)) });
    assert.ok(made.beats.some((beat) => /waits for room/u.test(JSON.stringify(beat))));
    assert.deepEqual((await copies()).map(({ id, state }) => `${id} ${state}`).sort(), ['nightly available', 'other available']);
  });

  it('needs a person where the account may hold no more snapshots', async () => {
    await at.settings({ quotas: { 'rds:snapshots': 0 } });
    for (const act of ['preflight', 'execute'] as const) {
      const refused = await failure(typeOf(name)[act](input, context()) as Promise<unknown>);
      assert.deepEqual([refused.code, refused.remedy], ['aws-quota', 'person']);
    }
  });

  it('makes one when it runs twice, and when the answer is lost', async () => {
    const made = context();
    await at.faults([{ service: 'rds', operation: 'CopyDBSnapshot', kind: 'lose' }]);
    assert.equal((await failure(copy(made))).code, 'aws-lost');
    await copy(made);
    await copy(made);
    assert.equal((await copies()).length, 1);
  });

  it('leaves what another run made under the name alone', async () => {
    await copy(context({ run: 'backup-shop-1' }));
    for (const act of ['preflight', 'execute', 'verify'] as const) {
      const refused = await failure(typeOf(name)[act](input, context()) as Promise<unknown>);
      assert.deepEqual([refused.code, refused.remedy], ['name-taken', 'person']);
    }
    assert.equal((await copies()).length, 1);
  });

  it('refuses a place beside the original', async () => {
    const refused = await failure(copy(context(), { ...input, site: 'east', name: 'other' }));
    assert.deepEqual([refused.code, refused.remedy], ['not-elsewhere', 'mistake']);
  });

  it('refuses a snapshot that is gone, and waits for one that is not complete', async () => {
    assert.equal((await failure(copy(context(), { ...input, snapshot: 'gone' }))).code, 'rds-no-snapshot');
    await at.settings({ seconds: { 'rds:snapshot': 60 } });
    const rds = await service('rds', 'east', context());
    await rds.createDBSnapshot({ DBInstanceIdentifier: 'shop-db', DBSnapshotIdentifier: 'fresh' });
    const early = await failure(copy(context(), { ...input, snapshot: 'fresh' }));
    assert.deepEqual([early.code, early.remedy], ['snapshot-unfinished', 'later']);
    assert.deepEqual(await copies(), []);
  });

  it('says before that the snapshot will be made by a step before it', async () => {
    assert.match((await typeOf(name).preflight({ ...input, snapshot: 'tonight' }, context())).join(' '), /tonight is not at east yet/u);
  });

  it('fails where a region does not answer, or the account is another', async () => {
    const wrong = (site: string) => ({
      ...context(),
      aws: (one: string) => ({ ...at.sites[one]!, ...(one === site ? { account: '000000000000' } : {}) }),
    });
    for (const site of ['east', 'west']) assert.equal((await failure(copy(wrong(site)))).code, 'wrong-account');
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(copy())).code, /^aws-(?:unreachable|lost)$/u);
  });

  it('copies in a rehearsal under a name of its own, for a day', async () => {
    const { outputs } = (await rehearse(name, input, context({ live: false }))) as Done;
    assert.match(outputs.snapshot, /^nightly-[0-9a-z]{12}$/u);
    assert.deepEqual(
      (await copies()).map(({ tags }) => [tags['lifeboat:purpose'], tags['lifeboat:expires']]),
      [['rehearsal', '2026-11-23T10:00:00.000Z']],
    );
  });

  it('changes nothing by its preflight, and calls only what it declares', async () => {
    const wanted = { ...input, site: 'vault', key: await vaultKey(at, pair) };
    const made = context();
    await called(name, 'preflight', () => typeOf(name).preflight(wanted, made));
    assert.deepEqual([await copies(at.vault), await sharedWith(at)], [[], []]);
    await called(name, 'execute', () => copy(made, wanted));
    await called(name, 'undo', () => undo(name, wanted, made));
  });
});

faultTable(name, {
  prepare: async (where) => {
    const pair = await prepare(where);
    return { pair, key: await vaultKey(where, pair) };
  },
  input: ({ key }) => ({ ...input, site: 'vault', key }),
  options: ({ pair }) => ({ system: pair.system }),
  effects: (fresh, _, all) => [
    ...fresh.filter(({ kind, gone }) => kind === 'snapshot' && !gone).map(({ id, state }) => `copy ${id} ${state}`),
    // The mark of the sharing is gone again.
    ...all
      .filter(({ id, region }) => id === 'nightly' && region === 'us-east-1')
      .map(({ tags }) => `source tagged ${Object.keys(tags).join()}`),
  ],
  afterUndo: () => [],
});

/** A database at east with an encrypted snapshot `nightly`, and a key `alias/shop` at west. */
async function prepare(at: Cloud): Promise<Pair> {
  const pair = await pairOf(at, { replica: false, encrypted: true });
  const [rds, kms] = await Promise.all([service('rds', 'east', at.context()), service('kms', 'west', at.context())]);
  await kms.createAlias({ AliasName: 'alias/shop', TargetKeyId: pair.west.key });
  const Tags = [{ Key: 'kept', Value: 'yes' }];
  await rds.createDBSnapshot({ DBInstanceIdentifier: 'shop-db', DBSnapshotIdentifier: 'nightly', Tags });
  return pair;
}

/** A key of the vault's; and production's own, usable by the vault's account. */
async function vaultKey(at: Cloud, { east }: Pair): Promise<string> {
  const [kms, there] = await Promise.all([service('kms', 'east', at.context()), service('kms', 'vault', at.context())]);
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [at.account, at.vault].map((id) => ({
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${id}:root` },
      Action: 'kms:*',
      Resource: '*',
    })),
  });
  await kms.putKeyPolicy({ KeyId: east.key, PolicyName: 'default', Policy });
  return (await there.createKey({})).KeyMetadata!.Arn!;
}

async function sharedWith(at: Cloud): Promise<readonly string[]> {
  const rds = await service('rds', 'east', at.context());
  const { DBSnapshotAttributesResult } = await rds.describeDBSnapshotAttributes({ DBSnapshotIdentifier: 'nightly' });
  return DBSnapshotAttributesResult?.DBSnapshotAttributes?.find(({ AttributeName }) => AttributeName === 'restore')?.AttributeValues ?? [];
}

async function tagsOf(at: Cloud): Promise<readonly (string | undefined)[]> {
  const rds = await service('rds', 'east', at.context());
  return (await rds.listTagsForResource({ ResourceName: source(at) })).TagList!.map(({ Key }) => Key);
}

async function takenAt(at: Cloud): Promise<string | undefined> {
  const rds = await service('rds', 'east', at.context());
  const { DBSnapshots = [] } = await rds.describeDBSnapshots({ DBSnapshotIdentifier: 'nightly' });
  return DBSnapshots[0]?.OriginalSnapshotCreateTime?.toISOString();
}

function source(at: Cloud): string {
  return `arn:aws:rds:us-east-1:${at.account}:snapshot:nightly`;
}
