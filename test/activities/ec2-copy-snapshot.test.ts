import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { service } from '../../activities/aws/client.ts';
import { called } from './called.ts';
import { faultTable } from './cloud-faults.ts';
import { cloud, type Cloud } from './cloud.ts';
import { guest, keyAt, left, nextSecond, ours, type Guest } from './disks.ts';
import { carryOut, failure, rehearse, typeOf, undo } from './estate.ts';
import { elsewhere } from './machines.ts';

const name = 'ec2.copy-snapshot';
const set = '2026-11-22T10:00:00.000Z shop';
interface Outputs {
  readonly set: string;
  readonly at: string;
  readonly 'root-device': string | null;
  readonly snapshots: readonly { device: string; snapshot: string; of: string; gigabytes: number; encrypted: boolean }[];
}
type Saved = Outputs & { readonly snapshots: readonly { device: string; snapshot: string; volume: string }[] };

describe(name, () => {
  let at: Cloud;
  let east: Guest;
  let saved: Saved;
  let key: string;
  const input = (more: object = {}) => ({ site: 'west', from: 'east', set, key, ...more });
  const copy = async (made = at.context(), wanted: object = input()) => {
    const outcome = await carryOut(name, wanted, made);
    return { ...outcome, outputs: outcome.outputs as Outputs };
  };
  const copies = (site = 'west') => ours(at, 'snapshot', site);
  const shared = async (): Promise<readonly string[]> => {
    const lists = await Promise.all(
      saved.snapshots.map(({ snapshot }) =>
        east.ec2.describeSnapshotAttribute({ SnapshotId: snapshot, Attribute: 'createVolumePermission' }),
      ),
    );
    return lists.flatMap(({ CreateVolumePermissions = [] }) => CreateVolumePermissions.map(({ UserId }) => UserId!));
  };
  beforeEach(async () => {
    at = await cloud();
    east = await guest(at);
    key = await keyAt(at, 'west');
    saved = await save(at, east);
  });

  it('copies a set to another region by its name, under a key of that region, and tells of the backup', async () => {
    await at.settings({ seconds: { 'ec2:snapshot': 1.3 } });
    const context = at.context({ key: 'one' });
    const { outputs, backups, evidence } = await copy(context, input({ days: 35 }));
    assert.deepEqual(
      outputs.snapshots.map(({ device, of, gigabytes, encrypted }) => [device, of, gigabytes, encrypted]),
      saved.snapshots.map(({ device, snapshot, gigabytes }) => [device, snapshot, gigabytes, true]),
    );
    assert.deepEqual([outputs.set, outputs.at, outputs['root-device']], [set, saved.at, '/dev/xvda']);
    const made = await copies();
    assert.equal(made.length, 3);
    for (const { state, tags } of made)
      assert.deepEqual([state, tags['lifeboat:key'], tags['lifeboat:expires']], ['completed', 'one', '2026-12-27T10:00:00.000Z']);
    assert.deepEqual(await keys(at, 'west', outputs), [key]);
    const [news] = backups!;
    assert.deepEqual([news!.store, news!.complete, news!.backups.map(({ label }) => label)], ['west', false, [set]]);
    assert.equal(news!.backups[0]!.at, saved.at);
    assert.match(JSON.stringify(context.beats), /ec2 snapshot snap-[0-9a-f]+: \d+ %/u);
    assert.match(evidence.join(' '), /3 snapshots of east/u);
  });

  it('copies those that are named by their ids, as a list or as ec2.snapshot tells them', async () => {
    const [first, ...rest] = saved.snapshots;
    const one = await copy(at.context(), input({ set: undefined, snapshots: [first!.snapshot] }));
    assert.deepEqual(
      one.outputs.snapshots.map(({ of, device }) => [of, device]),
      [[first!.snapshot, first!.device]],
    );
    const others = await copy(at.context(), input({ set: undefined, snapshots: rest }));
    assert.deepEqual(
      others.outputs.snapshots.map(({ of }) => of),
      rest.map(({ snapshot }) => snapshot),
    );
    for (const wrong of [{ set: undefined }, { snapshots: [first!.snapshot] }, { set: '*' }, { set: undefined, snapshots: [] }])
      assert.throws(() => typeOf(name).input.parse(input(wrong)), JSON.stringify(wrong));
  });

  it('copies to another account, which has the snapshots while they are copied and not afterwards', async () => {
    const theirs = await keyAt(at, 'vault');
    await at.settings({ seconds: { 'ec2:snapshot': 0.3 } });
    const { outputs } = await copy(at.context(), input({ site: 'vault', key: theirs }));
    assert.deepEqual([(await copies('vault')).length, (await copies('west')).length], [3, 0]);
    assert.deepEqual(await keys(at, 'vault', outputs), [theirs]);
    assert.deepEqual(await shared(), []);
    assert.ok((await ours(at, 'snapshot')).every(({ tags }) => tags['lifeboat:shared-by'] === undefined));
  });

  it('leaves shared what was shared before', async () => {
    const SnapshotId = saved.snapshots[0]!.snapshot;
    await east.ec2.modifySnapshotAttribute({
      SnapshotId,
      Attribute: 'createVolumePermission',
      OperationType: 'add',
      UserIds: [at.vault],
    });
    await copy(at.context(), input({ site: 'vault', key: await keyAt(at, 'vault') }));
    assert.deepEqual(await shared(), [at.vault]);
  });

  it('takes back in its undo what an attempt shared that was not carried through', async () => {
    const wanted = input({ site: 'vault', key: await keyAt(at, 'vault') });
    const context = at.context();
    await at.faults([{ service: 'ec2', operation: 'CopySnapshot', kind: 'refuse' }]);
    await failure(copy(context, wanted));
    assert.equal((await shared()).length, 3);
    await called(name, 'undo', () => undo(name, wanted, context));
    assert.deepEqual(await shared(), []);
  });

  it('refuses encrypted snapshots without a key, and a key that is none there, before it changes anything', async () => {
    for (const act of ['preflight', 'execute'] as const) {
      const keyless = await failure(typeOf(name)[act](input({ key: undefined }), at.context()) as Promise<unknown>);
      assert.deepEqual([keyless.code, keyless.remedy], ['no-key', 'mistake']);
      const unknown = await failure(typeOf(name)[act](input({ key: 'alias/none' }), at.context()) as Promise<unknown>);
      assert.deepEqual([unknown.code, unknown.remedy], ['aws-key', 'person']);
    }
    const kms = await service('kms', 'west', at.context());
    await kms.disableKey({ KeyId: key.split('/').at(-1) });
    assert.equal((await failure(typeOf(name).preflight(input(), at.context()))).code, 'aws-key');
    assert.deepEqual(await copies(), []);
  });

  it('leaves nothing of copies that fail for a key of production that the other account may not use', async () => {
    const kms = await service('kms', 'east', at.context());
    const Statement = [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${at.account}:root` }, Action: 'kms:*', Resource: '*' }];
    await kms.putKeyPolicy({ KeyId: east.key, PolicyName: 'default', Policy: JSON.stringify({ Version: '2012-10-17', Statement }) });
    const failed = await failure(copy(at.context(), input({ site: 'vault', key: await keyAt(at, 'vault') })));
    assert.deepEqual([failed.code, failed.remedy], ['aws-key', 'person']);
    assert.ok((await copies('vault')).every(({ state }) => state === 'completed'));
    assert.deepEqual(await shared(), []);
  });

  it("refuses to share what only a key of AWS's own can open", async () => {
    const { VolumeId } = await east.ec2.createVolume({ AvailabilityZone: east.zone, Size: 1, Encrypted: true });
    const { SnapshotId } = await east.ec2.createSnapshot({ VolumeId });
    const wanted = input({ site: 'vault', key: await keyAt(at, 'vault'), set: undefined, snapshots: [SnapshotId!] });
    assert.equal((await failure(typeOf(name).preflight(wanted, at.context()))).code, 'key-not-shared');
  });

  it('waits for room under the limit of copies, telling so, and goes on', async () => {
    await at.settings({ copies: 1, seconds: { 'ec2:snapshot': 0.5 } });
    const made = at.context();
    await copy({ ...made, sleep: (milliseconds) => sleep(Math.min(milliseconds, 20)) });
    assert.match(JSON.stringify(made.beats), /waits for room/u);
    assert.equal((await copies()).length, 3);
  });

  it('makes each copy once when it runs twice, and when an answer is lost', async () => {
    const context = at.context();
    await at.faults([{ service: 'ec2', operation: 'CopySnapshot', after: 1, kind: 'lose' }]);
    assert.equal((await failure(copy(context))).code, 'aws-lost');
    await copy(context);
    await copy(context);
    assert.equal((await copies()).length, 3);
  });

  it('keeps the oldest of copies that were made twice', async () => {
    const context = at.context({ key: 'twice' });
    const { outputs } = await copy(context);
    const [first] = await copies();
    const west = await service('ec2', 'west', context);
    await nextSecond();
    const Tags = Object.entries(first!.tags).map(([Key, Value]) => ({ Key, Value }));
    await west.copySnapshot({
      SourceRegion: 'us-east-1',
      SourceSnapshotId: first!.tags['lifeboat:of'],
      Encrypted: true,
      KmsKeyId: key,
      TagSpecifications: [{ ResourceType: 'snapshot', Tags }],
    });
    assert.equal((await copies()).length, 4);
    const again = await copy(context);
    assert.deepEqual(again.outputs.snapshots, outputs.snapshots);
    assert.match(again.evidence.join(' '), /made twice, and were taken away/u);
  });

  it('makes copies of its own beside those of another run, and copies one of a set that lies there twice', async () => {
    await copy(at.context({ run: 'backup-shop-1' }));
    await copy(at.context({ run: 'backup-shop-2' }));
    assert.equal((await copies()).length, 6);
    const { outputs } = await copy(at.context(), input({ site: 'east', from: 'west', key: await keyAt(at, 'east') }));
    assert.deepEqual([outputs.set, outputs.at, outputs.snapshots.length], [set, saved.at, 3]);
  });

  it('refuses a place beside the original', async () => {
    const refused = await failure(copy(at.context(), input({ site: 'east', key: await keyAt(at, 'east') })));
    assert.deepEqual([refused.code, refused.remedy], ['not-elsewhere', 'mistake']);
  });

  it('refuses what is gone, or not whole, and says before that a set may come', async () => {
    assert.match((await typeOf(name).preflight(input({ set: 'tonight' }), at.context())).join(' '), /not at east yet/u);
    assert.equal((await failure(copy(at.context(), input({ set: 'tonight' })))).code, 'no-snapshot');
    await east.ec2.deleteSnapshot({ SnapshotId: saved.snapshots[0]!.snapshot });
    assert.equal((await failure(copy())).code, 'no-snapshot');
    const ids = saved.snapshots.map(({ snapshot }) => snapshot);
    assert.equal((await failure(copy(at.context(), input({ set: undefined, snapshots: ids })))).code, 'no-snapshot');
    assert.deepEqual(await copies(), []);
  });

  it('waits for snapshots that are not complete yet', async () => {
    await at.settings({ seconds: { 'ec2:snapshot': 0.4 } });
    const { SnapshotId } = await east.ec2.createSnapshot({ VolumeId: east.disks['/dev/sdg'] });
    await copy(at.context(), input({ set: undefined, snapshots: [SnapshotId!] }));
    assert.equal((await left(at, 'snapshot', 'west')).filter(({ state }) => state === 'completed').length, 1);
  });

  it('refuses the wrong account, and fails where a region does not answer', async () => {
    assert.equal((await failure(copy(elsewhere(at, at.context(), '999999999999')))).code, 'wrong-account');
    for (const region of ['us-east-1', 'us-west-2']) {
      await at.settings({ unreachable: [region] });
      assert.match((await failure(copy())).code, /^aws-(?:unreachable|lost)$/u);
    }
  });

  it('makes in a rehearsal what expires in a day', async () => {
    await assert.rejects(rehearse(name, input(), at.context()), { code: 'rehearsal-only' });
    await called(name, 'rehearse', () => rehearse(name, input(), at.context({ live: false })));
    for (const { tags } of await copies())
      assert.deepEqual([tags['lifeboat:purpose'], tags['lifeboat:expires']], ['rehearsal', '2026-11-23T10:00:00.000Z']);
  });

  it('changes nothing by its preflight, and calls only what it declares', async () => {
    const wanted = input({ site: 'vault', key: await keyAt(at, 'vault') });
    const before = await at.ledger();
    await called(name, 'preflight', () => typeOf(name).preflight(wanted, at.context()));
    assert.deepEqual(await at.ledger(), before);
    await called(name, 'execute', () => copy(at.context(), wanted));
  });

  faultTable(name, {
    prepare: async (fresh) => {
      const made = await guest(fresh);
      await save(fresh, made, ['/dev/xvda']);
      return keyAt(fresh, 'vault');
    },
    input: (theirs) => ({ site: 'vault', from: 'east', set, key: theirs }),
    effects: (fresh, _, all) => [
      ...fresh
        .filter(({ kind, gone }) => kind === 'snapshot' && !gone)
        .map(({ state, tags }) => `${state} copy of ${tags['lifeboat:set']}`),
      // The mark of the sharing is gone again.
      ...all
        .filter(({ kind, region, tags }) => kind === 'snapshot' && region === 'us-east-1' && tags['lifeboat:set'] === set)
        .map(({ tags }) => `source ${tags['lifeboat:shared-by'] === undefined ? 'as it was' : 'marked'}`),
    ],
    afterUndo: () => [],
    within: 60_000,
  });
});

async function save(at: Cloud, { id }: Guest, exclude: readonly string[] = []): Promise<Saved> {
  return (await carryOut('ec2.snapshot', { site: 'east', id, set, exclude }, at.context())).outputs as Saved;
}

/** With which keys the copies are encrypted, as their region tells. */
async function keys(at: Cloud, site: string, { snapshots }: Outputs): Promise<readonly string[]> {
  const ec2 = await service('ec2', site, at.context());
  const { Snapshots = [] } = await ec2.describeSnapshots({ SnapshotIds: snapshots.map(({ snapshot }) => snapshot) });
  return [...new Set(Snapshots.map(({ KmsKeyId }) => KmsKeyId!))];
}
