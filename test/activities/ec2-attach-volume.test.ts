import assert from 'node:assert/strict';
import type { EC2 } from '@aws-sdk/client-ec2';
import { called } from './called.ts';
import { faultTable } from './cloud-faults.ts';
import { cloud, type Cloud } from './cloud.ts';
import { guest, ours, type Guest } from './disks.ts';
import { carryOut, failure, rehearse, typeOf, undo } from './estate.ts';
import { elsewhere } from './machines.ts';

const name = 'ec2.attach-volume';
const device = '/dev/sdh';

/** An instance, and a snapshot of its encrypted disk. */
async function start(where: Cloud): Promise<Guest & { readonly snapshot: string }> {
  const made = await guest(where);
  const { SnapshotId } = await made.ec2.createSnapshot({ VolumeId: made.disks['/dev/sdf']! });
  return { ...made, snapshot: SnapshotId! };
}

async function devicesOf(ec2: EC2, id: string): Promise<{ [device: string]: string }> {
  const { Reservations } = await ec2.describeInstances({ InstanceIds: [id] });
  const mappings = Reservations![0]!.Instances![0]!.BlockDeviceMappings ?? [];
  return Object.fromEntries(mappings.map(({ DeviceName, Ebs }) => [DeviceName!, Ebs!.VolumeId!]));
}

describe(name, () => {
  let at: Cloud;
  let east: Guest & { readonly snapshot: string };
  const input = (more: object = {}) => ({ site: 'east', id: east.id, snapshot: east.snapshot, device, ...more });
  const attach = (made = at.context(), wanted: object = input()) => carryOut(name, wanted, made);
  const count = async () => (await ours(at, 'volume')).length;
  beforeEach(async () => {
    at = await cloud();
    east = await start(at);
  });

  it('makes a volume of a snapshot in the zone of the instance and attaches it, and undoes both', async () => {
    await at.settings({ seconds: { 'ec2:volume': 0.3 } });
    const made = at.context({ key: 'one' });
    const { outputs } = await attach(made, input({ gigabytes: 30, days: 7 }));
    const [volume] = await ours(at, 'volume');
    assert.deepEqual(outputs, { volume: volume!.id, device, gigabytes: 30, encrypted: true, zone: east.zone });
    assert.deepEqual(await devicesOf(east.ec2, east.id), { ...east.disks, [device]: volume!.id });
    assert.deepEqual([volume!.tags['lifeboat:key'], volume!.tags['lifeboat:expires']], ['one', '2026-11-29T10:00:00.000Z']);
    await called(name, 'undo', () => undo(name, input(), made));
    assert.deepEqual(await devicesOf(east.ec2, east.id), east.disks);
    assert.equal(await count(), 0);
    await undo(name, input(), made);
  });

  it('makes one when it runs twice, and when an answer is lost', async () => {
    const made = at.context();
    for (const [attempt, operation] of ['CreateVolume', 'AttachVolume'].entries()) {
      await at.faults([{ service: 'ec2', operation, kind: 'lose' }]);
      assert.equal((await failure(attach({ ...made, step: { ...made.step, attempt: attempt + 1 } }))).code, 'aws-lost');
    }
    await attach({ ...made, step: { ...made.step, attempt: 3 } });
    await attach({ ...made, step: { ...made.step, attempt: 4 } });
    assert.equal(await count(), 1);
  });

  it('makes a failed volume anew although AWS answers its token with the failed one', async () => {
    await at.settings({ final: { 'ec2:volume': 'error' }, seconds: { 'ec2:volume': 0.3 } });
    const made = at.context();
    const failed = await failure(attach(made));
    assert.deepEqual([failed.code, failed.remedy], ['volume-failed', 'again']);
    assert.equal(await count(), 0);
    await at.settings({ final: {} });
    await attach({ ...made, step: { ...made.step, attempt: 2 } });
    assert.equal(await count(), 1);
    assert.equal((await ours(at, 'volume'))[0]!.state, 'in-use');
  });

  it('leaves what is at the device already alone', async () => {
    for (const act of ['preflight', 'execute'] as const) {
      const refused = await failure(typeOf(name)[act](input({ device: '/dev/sdg' }), at.context()) as Promise<unknown>);
      assert.deepEqual([refused.code, refused.remedy], ['device-taken', 'person']);
    }
    await attach(at.context({ key: 'another' }));
    assert.equal((await failure(attach())).code, 'device-taken');
    assert.equal(await count(), 1);
  });

  it('undoes nothing of another step, and what was attached by an attempt that never ended', async () => {
    await attach(at.context({ key: 'another' }));
    const made = at.context();
    await undo(name, input({ device: '/dev/sdi' }), made);
    assert.equal(await count(), 1);
    await at.faults([{ service: 'ec2', operation: 'AttachVolume', kind: 'lose' }]);
    await failure(attach(made, input({ device: '/dev/sdi' })));
    await undo(name, input({ device: '/dev/sdi' }), made);
    assert.deepEqual(Object.keys(await devicesOf(east.ec2, east.id)).sort(), ['/dev/sdf', '/dev/sdg', device, '/dev/xvda']);
    assert.equal(await count(), 1);
  });

  it('only reads in its preflight, and calls nothing that it does not declare', async () => {
    const before = await at.ledger();
    await called(name, 'preflight', () => typeOf(name).preflight(input(), at.context()));
    assert.deepEqual(await at.ledger(), before);
    await called(name, 'execute', () => attach());
  });

  it('refuses another account, another region, a snapshot that is gone or not complete, too small a volume, and wildcards', async () => {
    assert.equal((await failure(attach(elsewhere(at, at.context(), '999999999999')))).code, 'wrong-account');
    assert.equal((await failure(attach(at.context(), input({ site: 'west' })))).code, 'instance-missing');
    assert.equal((await failure(attach(at.context(), input({ snapshot: 'snap-0123456789abcdef0' })))).code, 'no-snapshot');
    const small = await failure(attach(at.context(), input({ gigabytes: 1 })));
    assert.deepEqual([small.code, small.remedy], ['too-small', 'mistake']);
    await at.settings({ seconds: { 'ec2:snapshot': 60 } });
    const { SnapshotId } = await east.ec2.createSnapshot({ VolumeId: east.disks['/dev/sdg']! });
    const early = await failure(attach(at.context(), input({ snapshot: SnapshotId })));
    assert.deepEqual([early.code, early.remedy], ['snapshot-unfinished', 'later']);
    for (const wrong of [{ id: '*' }, { id: '' }, { snapshot: 'snap-*' }, { device: '*' }, { device: '' }])
      assert.throws(() => typeOf(name).input.parse(input(wrong)));
    const made = at.context();
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(attach(made))).code, /^aws-(?:unreachable|lost)$/u);
    await at.settings({ unreachable: [] });
    assert.equal(await count(), 0);
  });

  it('touches in a rehearsal only what a rehearsal made', async () => {
    const made = at.context({ live: false });
    assert.equal((await failure(rehearse(name, input(), made))).code, 'not-a-copy');
    assert.deepEqual(await typeOf(name).sweep!(input(), made), []);
    assert.equal(await count(), 0);
    await east.ec2.createTags({ Resources: [east.id], Tags: [{ Key: 'lifeboat:purpose', Value: 'rehearsal' }] });
    await called(name, 'rehearse', () => rehearse(name, input(), made));
    const [volume] = await ours(at, 'volume');
    assert.deepEqual([volume!.tags['lifeboat:purpose'], volume!.tags['lifeboat:expires']], ['rehearsal', '2026-11-23T10:00:00.000Z']);
    const { sweep } = typeOf(name);
    await called(name, 'undo', async () => assert.match((await sweep!(input(), made)).join(), /was taken off .* and deleted/u));
    assert.deepEqual(await devicesOf(east.ec2, east.id), east.disks);
    assert.equal(await count(), 0);
    assert.deepEqual(await sweep!(input(), made), []);
  });
});

faultTable(name, {
  prepare: start,
  input: ({ id, snapshot }) => ({ site: 'east', id, snapshot, device }),
  effects: (fresh) => fresh.filter(({ gone, kind }) => !gone && kind === 'volume').map(({ state }) => `volume ${state}`),
});
