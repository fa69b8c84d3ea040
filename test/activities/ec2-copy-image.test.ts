import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { service } from '../../activities/aws/client.ts';
import { called } from './called.ts';
import { faultTable } from './cloud-faults.ts';
import { cloud, type Cloud } from './cloud.ts';
import { guest, keyAt, left, ours } from './disks.ts';
import { carryOut, failure, rehearse, typeOf } from './estate.ts';
import { elsewhere } from './machines.ts';

const name = 'ec2.copy-image';
interface Outputs {
  readonly image: string;
  readonly name: string;
  readonly of: string;
  readonly snapshots: readonly { device: string; snapshot: string; gigabytes: number; encrypted: boolean }[];
}
interface Start {
  readonly instance: string;
  readonly id: string;
  readonly key: string;
}

/** An image of an instance in the east, with an encrypted disk, and a key in the west. */
async function start(where: Cloud): Promise<Start> {
  const { id } = await guest(where);
  const { outputs } = await carryOut('ec2.image', { site: 'east', id, name: 'shop app' }, where.context({ key: 'image' }));
  return { instance: id, id: (outputs as { image: string }).image, key: await keyAt(where, 'west') };
}

describe(name, () => {
  let at: Cloud;
  let made: Start;
  const input = (more: object = {}) => ({ site: 'west', from: 'east', id: made.id, key: made.key, ...more });
  const copy = async (context = at.context(), wanted: object = input()) => {
    const outcome = await carryOut(name, wanted, context);
    return { ...outcome, outputs: outcome.outputs as Outputs };
  };
  const counts = async () => [(await ours(at, 'image', 'west')).length, (await ours(at, 'snapshot', 'west')).length];
  beforeEach(async () => {
    at = await cloud();
    made = await start(at);
  });

  it('copies an image with its disks under a key of the other region, and waits until it can be used', async () => {
    await at.settings({ seconds: { 'ec2:image': 0.5 } });
    const { outputs } = await copy(at.context({ key: 'one' }), input({ days: 35 }));
    assert.deepEqual([outputs.name, outputs.of], ['shop app', made.id]);
    assert.deepEqual(
      outputs.snapshots.map(({ device, gigabytes, encrypted }) => `${device} ${gigabytes} ${encrypted}`).toSorted(),
      ['/dev/sdf 20 true', '/dev/sdg 5 true', '/dev/xvda 8 true'],
      'a key encrypts all of them',
    );
    const ec2 = await service('ec2', 'west', at.context());
    const { Snapshots } = await ec2.describeSnapshots({ SnapshotIds: outputs.snapshots.map(({ snapshot }) => snapshot) });
    assert.deepEqual(new Set(Snapshots!.map(({ KmsKeyId }) => KmsKeyId)), new Set([made.key]));
    const [image] = await ours(at, 'image', 'west');
    assert.deepEqual([image!.id, image!.state, image!.tags['lifeboat:key']], [outputs.image, 'available', 'one']);
    assert.equal(image!.tags['lifeboat:expires'], '2026-12-27T10:00:00.000Z');
    assert.equal((await left(at, 'image')).filter(({ id }) => id === made.id).length, 1, 'the original stays');
  });

  it('makes one when it runs twice, and when the answer is lost', async () => {
    const context = at.context();
    await at.faults([{ service: 'ec2', operation: 'CopyImage', kind: 'lose' }]);
    assert.equal((await failure(copy(context))).code, 'aws-lost');
    await copy({ ...context, step: { ...context.step, attempt: 2 } });
    await copy({ ...context, step: { ...context.step, attempt: 3 } });
    assert.deepEqual(await counts(), [1, 3]);
  });

  it('makes a failed copy anew although AWS answers its token with the failed one', async () => {
    await at.settings({ final: { 'ec2:image': 'failed' } });
    const context = at.context();
    const failed = await failure(copy(context));
    assert.deepEqual([failed.code, failed.remedy], ['image-failed', 'again']);
    assert.deepEqual(await counts(), [0, 0]);
    await at.settings({ final: {} });
    await copy({ ...context, step: { ...context.step, attempt: 2 } });
    assert.deepEqual(await counts(), [1, 3]);
  });

  it('refuses an encrypted image without a key, and a key that is none there', async () => {
    const { key: _, ...keyless } = input();
    for (const act of ['preflight', 'execute'] as const) {
      const refused = await failure(typeOf(name)[act](keyless, at.context()) as Promise<unknown>);
      assert.deepEqual([refused.code, refused.remedy], ['no-key', 'mistake']);
      const unknown = await failure(typeOf(name)[act](input({ key: 'alias/none' }), at.context()) as Promise<unknown>);
      assert.deepEqual([unknown.code, unknown.remedy], ['aws-key', 'person']);
    }
    assert.deepEqual(await counts(), [0, 0]);
  });

  it('leaves what another run made under the name alone', async () => {
    await copy(at.context({ run: 'backup-shop-1' }));
    for (const act of ['preflight', 'execute'] as const) {
      const refused = await failure(typeOf(name)[act](input(), at.context()) as Promise<unknown>);
      assert.deepEqual([refused.code, refused.remedy], ['name-taken', 'person']);
    }
    await copy(at.context(), input({ name: 'another' }));
    assert.equal((await ours(at, 'image', 'west')).length, 2);
  });

  it('waits for the image to be complete', async () => {
    await at.settings({ seconds: { 'ec2:image': 1 } });
    const ec2 = await service('ec2', 'east', at.context());
    const { ImageId } = await ec2.createImage({ InstanceId: made.instance, Name: 'fresh', NoReboot: true });
    const { outputs } = await copy(at.context(), input({ id: ImageId }));
    assert.equal(outputs.of, ImageId);
  });

  it('waits for room where the region makes as many copies as it may', async () => {
    const context = at.context();
    await at.faults([{ service: 'ec2', operation: 'CopyImage', kind: 'refuse', code: 'ResourceLimitExceeded', status: 400, times: 2 }]);
    await copy({ ...context, sleep: (milliseconds) => sleep(Math.min(milliseconds, 400)) });
    assert.ok(context.beats.some((beat) => /waits for room/u.test(JSON.stringify(beat))));
    assert.deepEqual(await counts(), [1, 3]);
  });

  it('only reads in its preflight, and calls nothing that it does not declare', async () => {
    const before = await at.ledger();
    await called(name, 'preflight', () => typeOf(name).preflight(input(), at.context()));
    assert.deepEqual(await at.ledger(), before);
    await called(name, 'execute', () => copy());
    await called(name, 'rehearse', () => rehearse(name, input(), at.context({ live: false })));
    const rehearsed = (await ours(at, 'image', 'west')).filter(({ tags }) => tags['lifeboat:purpose'] === 'rehearsal');
    assert.deepEqual(
      rehearsed.map(({ tags, name: called }) => [tags['lifeboat:expires'], called === 'shop app']),
      [['2026-11-23T10:00:00.000Z', false]],
    );
  });

  it('refuses a place beside the original, another account, an image that is gone, a region that does not answer', async () => {
    assert.equal((await failure(copy(at.context(), input({ site: 'east' })))).code, 'not-elsewhere');
    assert.equal((await failure(copy(at.context(), input({ site: 'vault' })))).code, 'not-across-accounts');
    assert.equal((await failure(copy(elsewhere(at, at.context(), '999999999999')))).code, 'wrong-account');
    assert.equal((await failure(copy(at.context(), input({ id: 'ami-0123456789abcdef0' })))).code, 'no-image');
    for (const id of ['', '*', 'ami-*', 'app']) assert.throws(() => typeOf(name).input.parse(input({ id })));
    const context = at.context();
    await at.settings({ unreachable: ['us-west-2'] });
    assert.match((await failure(copy(context))).code, /^aws-(?:unreachable|lost)$/u);
    await at.settings({ unreachable: [] });
    assert.deepEqual(await counts(), [0, 0]);
  });
});

faultTable(name, {
  prepare: start,
  input: ({ id, key }) => ({ site: 'west', from: 'east', id, key }),
  effects: (fresh) =>
    fresh.filter(({ gone, kind }) => !gone && (kind === 'image' || kind === 'snapshot')).map(({ region, kind }) => `${region} ${kind}`),
});
