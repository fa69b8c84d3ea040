import assert from 'node:assert/strict';
import { called } from './called.ts';
import { faultTable } from './cloud-faults.ts';
import { cloud, type Cloud } from './cloud.ts';
import { guest, nextSecond, ours, type Guest } from './disks.ts';
import { carryOut, failure, rehearse, typeOf, until } from './estate.ts';
import { elsewhere } from './machines.ts';

const name = 'ec2.snapshot';
const hour = 3_600_000;
interface Outputs {
  readonly set: string;
  readonly at: string;
  readonly 'root-device': string;
  readonly snapshots: readonly { device: string; snapshot: string; volume: string; gigabytes: number; encrypted: boolean }[];
}

describe(name, () => {
  let at: Cloud;
  let east: Guest;
  const input = (more: object = {}) => ({ site: 'east', id: east.id, ...more });
  const take = async (made = at.context(), wanted: object = input()) => {
    const outcome = await carryOut(name, wanted, made);
    return { ...outcome, outputs: outcome.outputs as Outputs };
  };
  const made = () => ours(at, 'snapshot');
  const count = async () => (await made()).length;
  beforeEach(async () => {
    at = await cloud();
    east = await guest(at);
  });

  it('saves all volumes of an instance by one call, tagged with its run, and tells of one backup', async () => {
    await at.settings({ seconds: { 'ec2:snapshot': 0.5 } });
    const { outputs, backups, evidence } = await take(at.context({ key: 'one' }), input({ days: 35 }));
    assert.deepEqual(
      outputs.snapshots.map(({ device, volume, gigabytes, encrypted }) => [device, volume, gigabytes, encrypted]),
      [
        ['/dev/sdf', east.disks['/dev/sdf'], 20, true],
        ['/dev/sdg', east.disks['/dev/sdg'], 5, false],
        ['/dev/xvda', east.disks['/dev/xvda'], 8, false],
      ],
    );
    const entries = await made();
    assert.deepEqual(new Set(entries.map(({ id }) => id)), new Set(outputs.snapshots.map(({ snapshot }) => snapshot)));
    assert.equal(new Set(entries.map(({ tags }) => tags['lifeboat:call'])).size, 1);
    for (const { state, tags } of entries)
      assert.deepEqual(
        [state, tags['lifeboat:key'], tags['lifeboat:purpose'], tags['lifeboat:expires']],
        ['completed', 'one', 'live', '2026-12-27T10:00:00.000Z'],
      );
    assert.equal(outputs['root-device'], '/dev/xvda');
    const [news] = backups!;
    assert.deepEqual([news!.store, news!.holds, news!.complete, news!.backups.length], ['east', 'volumes', false, 1]);
    const { label, kind, bytes, at: when, provenAt } = news!.backups[0]!;
    assert.deepEqual([label, kind, bytes, when, provenAt], ['one', 'snapshot', 33 * 2 ** 30, outputs.at, null]);
    assert.match(evidence.join(' '), /3 volumes .* were saved together/u);
  });

  it('leaves out the devices that it is told to, the root too', async () => {
    const without = await take(at.context(), input({ exclude: ['/dev/sdg'] }));
    assert.deepEqual(
      without.outputs.snapshots.map(({ device }) => device),
      ['/dev/sdf', '/dev/xvda'],
    );
    const data = await take(at.context(), input({ exclude: ['/dev/xvda', '/dev/sdg'] }));
    assert.deepEqual(
      data.outputs.snapshots.map(({ device }) => device),
      ['/dev/sdf'],
    );
    const unknown = await failure(take(at.context(), input({ exclude: ['/dev/sdz'] })));
    assert.deepEqual([unknown.code, unknown.remedy], ['no-device', 'mistake']);
    const none = await failure(take(at.context(), input({ exclude: Object.keys(east.disks) })));
    assert.equal(none.code, 'backup-empty');
  });

  it('gives the set the name that the runbook gives it, and refuses one that another run has given', async () => {
    const wanted = input({ set: '2026-11-22T10:00:00.000Z i-1' });
    const mine = at.context({ key: 'mine' });
    assert.equal((await take(mine, wanted)).outputs.set, '2026-11-22T10:00:00.000Z i-1');
    assert.equal((await take(mine, wanted)).outputs.set, '2026-11-22T10:00:00.000Z i-1');
    for (const act of ['preflight', 'execute'] as const) {
      const refused = await failure(typeOf(name)[act](wanted, at.context({ run: 'backup-shop-2' })) as Promise<unknown>);
      assert.deepEqual([refused.code, refused.remedy], ['name-taken', 'person']);
    }
    assert.equal(await count(), 3);
    for (const set of ['', '*', 'a?', ' ']) assert.throws(() => typeOf(name).input.parse(input({ set })));
  });

  it('makes them once when it runs twice, and when the answer is lost', async () => {
    const context = at.context();
    await at.faults([{ service: 'ec2', operation: 'CreateSnapshots', kind: 'lose' }]);
    assert.equal((await failure(take(context))).code, 'aws-lost');
    await take(context);
    await take(context);
    assert.equal(await count(), 3);
  });

  it('keeps the oldest whole set where two were made, and says what it took away', async () => {
    const context = at.context({ key: 'twice' });
    await take(context);
    // What an attempt makes that does not see yet what the one before it made.
    const tags = (await made())[0]!.tags;
    await nextSecond();
    const { Snapshots = [] } = await east.ec2.createSnapshots({
      InstanceSpecification: { InstanceId: east.id },
      TagSpecifications: [
        { ResourceType: 'snapshot', Tags: Object.entries({ ...tags, 'lifeboat:call': 'later' }).map(([Key, Value]) => ({ Key, Value })) },
      ],
    });
    const { evidence } = await take(context);
    assert.equal(await count(), 3);
    assert.ok((await made()).every(({ id }) => !Snapshots.some(({ SnapshotId }) => SnapshotId === id)));
    assert.match(evidence.join(' '), new RegExp(`${Snapshots[0]!.SnapshotId}.* taken away`, 'u'));
  });

  it('goes on with what a killed attempt began', async () => {
    await at.settings({ seconds: { 'ec2:snapshot': 1.5 } });
    const killer = new AbortController();
    const first = typeOf(name).execute(input(), at.context({ key: 'killed', signal: killer.signal }));
    await until('the snapshots', async () => (await count()) === 3);
    killer.abort();
    await assert.rejects(first);
    const second = at.context({ key: 'killed', attempt: 2 });
    await take(second);
    assert.equal(await count(), 3);
    assert.match(JSON.stringify(second.beats), /ec2 snapshot snap-[0-9a-f]+: \d+ %/u);
  });

  it('takes away the whole set where one of it fails, and takes another', async () => {
    const context = at.context();
    await at.settings({ final: { 'ec2:snapshot': 'error' } });
    const failed = await failure(take(context));
    assert.deepEqual([failed.code, failed.remedy, await count()], ['snapshot-failed', 'again', 0]);
    await at.settings({ final: {} });
    await take(context);
    assert.equal(await count(), 3);
  });

  it('refuses an instance that is gone or elsewhere, the wrong account, and a region that does not answer', async () => {
    assert.equal((await failure(take(at.context(), input({ site: 'west' })))).code, 'instance-missing');
    assert.equal((await failure(take(elsewhere(at, at.context(), '999999999999')))).code, 'wrong-account');
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(take())).code, /^aws-(?:unreachable|lost)$/u);
    await at.settings({ unreachable: [] });
    await east.ec2.terminateInstances({ InstanceIds: [east.id] });
    for (const act of ['preflight', 'execute'] as const)
      assert.equal((await failure(typeOf(name)[act](input(), at.context()) as Promise<unknown>)).code, 'instance-missing');
    assert.equal(await count(), 0);
  });

  it('needs a person where the account may hold no more snapshots', async () => {
    await at.faults([{ service: 'ec2', operation: 'CreateSnapshots', kind: 'refuse', code: 'SnapshotLimitExceeded', status: 400 }]);
    const refused = await failure(take());
    assert.deepEqual([refused.code, refused.remedy], ['aws-quota', 'person']);
  });

  it('takes one instance, and no wildcard for it', () => {
    for (const id of ['', '*', 'i-*', 'app']) assert.throws(() => typeOf(name).input.parse({ site: 'east', id }));
  });

  it('makes in a rehearsal what expires when that does, however many days it is to be kept', async () => {
    await assert.rejects(rehearse(name, input(), at.context()), { code: 'rehearsal-only' });
    const context = at.context({ live: false, system: { copies: { root: '/nowhere', expires: 12 * hour, inService: {} } } });
    await called(name, 'rehearse', () => rehearse(name, input({ days: 30 }), context));
    for (const { tags } of await made())
      assert.deepEqual([tags['lifeboat:purpose'], tags['lifeboat:expires']], ['rehearsal', '2026-11-22T22:00:00.000Z']);
  });

  it('changes nothing by its preflight, and calls only what it declares', async () => {
    const context = at.context();
    const before = await at.ledger();
    await called(name, 'preflight', () => typeOf(name).preflight(input({ set: 'tonight' }), context));
    assert.deepEqual(await at.ledger(), before);
    await called(name, 'execute', () => take(context));
  });

  it('does nothing once the system is lent to another run', async () => {
    const lent = at.context({ stillOurs: async () => Promise.reject(new Error('lent')) });
    await assert.rejects(take(lent), /lent/u);
    assert.equal(await count(), 0);
  });

  faultTable(name, {
    prepare: (fresh) => guest(fresh),
    input: ({ id }) => ({ site: 'east', id, set: 'tonight' }),
    effects: (fresh) =>
      fresh
        .filter(({ kind, gone }) => kind === 'snapshot' && !gone)
        .map(({ state, tags }) => `snapshot ${state} of ${tags['lifeboat:set']}`),
  });
});
