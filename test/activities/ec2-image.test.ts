import assert from 'node:assert/strict';
import { called } from './called.ts';
import { faultTable } from './cloud-faults.ts';
import { cloud, type Cloud } from './cloud.ts';
import { guest, ours, type Guest } from './disks.ts';
import { carryOut, failure, rehearse, typeOf } from './estate.ts';
import { elsewhere } from './machines.ts';

const name = 'ec2.image';
interface Outputs {
  readonly image: string;
  readonly name: string;
  readonly architecture: string;
  readonly 'root-device': string;
  readonly snapshots: readonly { device: string; snapshot: string; gigabytes: number; encrypted: boolean }[];
}

describe(name, () => {
  let at: Cloud;
  let east: Guest;
  const input = (more: object = {}) => ({ site: 'east', id: east.id, name: 'shop app', ...more });
  const make = async (made = at.context(), wanted: object = input()) => {
    const outcome = await carryOut(name, wanted, made);
    return { ...outcome, outputs: outcome.outputs as Outputs };
  };
  const counts = async () => [(await ours(at, 'image')).length, (await ours(at, 'snapshot')).length];
  beforeEach(async () => {
    at = await cloud();
    east = await guest(at);
  });

  it('makes an image of all volumes without a reboot, tagged with its run, and waits until it can be used', async () => {
    await at.settings({ seconds: { 'ec2:image': 0.5, 'ec2:snapshot': 0.3 } });
    const { outputs, evidence } = await make(at.context({ key: 'one' }), input({ days: 35 }));
    assert.equal(outputs.name, 'shop app');
    assert.equal(outputs['root-device'], '/dev/xvda');
    assert.deepEqual(outputs.snapshots.map(({ device, gigabytes, encrypted }) => `${device} ${gigabytes} ${encrypted}`).toSorted(), [
      '/dev/sdf 20 true',
      '/dev/sdg 5 false',
      '/dev/xvda 8 false',
    ]);
    const [image] = await ours(at, 'image');
    assert.deepEqual([image!.id, image!.state, image!.name], [outputs.image, 'available', 'shop app']);
    const snapshots = await ours(at, 'snapshot');
    assert.deepEqual(new Set(snapshots.map(({ id }) => id)), new Set(outputs.snapshots.map(({ snapshot }) => snapshot)));
    for (const { tags } of [image!, ...snapshots])
      assert.deepEqual(
        [tags['lifeboat:key'], tags['lifeboat:purpose'], tags['lifeboat:expires']],
        ['one', 'live', '2026-12-27T10:00:00.000Z'],
      );
    assert.match(evidence.join(' '), /can be used/u);
  });

  it('makes one when it runs twice, and when the answer is lost', async () => {
    const made = at.context();
    await at.faults([{ service: 'ec2', operation: 'CreateImage', kind: 'lose' }]);
    assert.equal((await failure(make(made))).code, 'aws-lost');
    const first = await make({ ...made, step: { ...made.step, attempt: 2 } });
    const again = await make({ ...made, step: { ...made.step, attempt: 3 } });
    assert.equal(first.outputs.image, again.outputs.image);
    assert.deepEqual(await counts(), [1, 3]);
  });

  it('leaves what another run made under the name alone, and takes one of its own for another name', async () => {
    await make(at.context({ run: 'backup-shop-1' }));
    for (const act of ['preflight', 'execute'] as const) {
      const refused = await failure(typeOf(name)[act](input(), at.context()) as Promise<unknown>);
      assert.deepEqual([refused.code, refused.remedy], ['name-taken', 'person']);
      assert.match(refused.message, /backup-shop-1/u);
    }
    assert.equal((await failure(typeOf(name).verify(input(), at.context()))).code, 'image-missing');
    const { name: _, ...nameless } = input();
    await make(at.context(), nameless);
    await make(at.context(), nameless);
    assert.equal((await ours(at, 'image')).length, 3);
  });

  it('takes away what failed with its snapshots, and makes it anew', async () => {
    await at.settings({ final: { 'ec2:image': 'failed' } });
    const made = at.context();
    const failed = await failure(make(made));
    assert.deepEqual([failed.code, failed.remedy], ['image-failed', 'again']);
    assert.deepEqual(await counts(), [0, 0]);
    await at.settings({ final: {} });
    await make({ ...made, step: { ...made.step, attempt: 2 } });
    assert.deepEqual(await counts(), [1, 3]);
  });

  it('only reads in its preflight, and tells there of a reboot', async () => {
    const before = await at.ledger();
    const lines: string[] = [];
    await called(name, 'preflight', async () => void lines.push(...(await typeOf(name).preflight(input({ reboot: true }), at.context()))));
    assert.deepEqual(await at.ledger(), before);
    assert.match(lines.join(' '), /will be rebooted/u);
  });

  it('calls nothing that it does not declare', async () => {
    await called(name, 'execute', () => make());
    await called(name, 'rehearse', () => rehearse(name, input(), at.context({ live: false })));
  });

  it('has a name of its own in a rehearsal, is tagged as one, and expires', async () => {
    const { outputs } = await rehearse(name, input(), at.context({ live: false }));
    const [image] = await ours(at, 'image');
    assert.notEqual((outputs as Outputs).name, 'shop app');
    assert.deepEqual([image!.tags['lifeboat:purpose'], image!.tags['lifeboat:expires']], ['rehearsal', '2026-11-23T10:00:00.000Z']);
    await make();
    assert.equal((await failure(rehearse(name, input(), at.context()))).code, 'rehearsal-only');
  });

  it('refuses another account, another region, a region that does not answer, what is terminated, and what is no single instance', async () => {
    assert.equal((await failure(make(elsewhere(at, at.context(), '999999999999')))).code, 'wrong-account');
    assert.equal((await failure(make(at.context(), input({ site: 'west' })))).code, 'instance-missing');
    for (const id of ['', '*', 'i-*', 'app']) assert.throws(() => typeOf(name).input.parse({ site: 'east', id }));
    for (const wrong of ['', '*', 'ab', 'a*b']) assert.throws(() => typeOf(name).input.parse(input({ name: wrong })));
    const made = at.context();
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(make(made))).code, /^aws-(?:unreachable|lost)$/u);
    await at.settings({ unreachable: [] });
    await east.ec2.terminateInstances({ InstanceIds: [east.id] });
    assert.equal((await failure(make())).code, 'instance-missing');
    assert.deepEqual(await counts(), [0, 0]);
  });

  it('changes nothing once the run is no longer its own', async () => {
    const gone = at.context({ stillOurs: () => Promise.reject(new Error('lent to another')) });
    await assert.rejects(make(gone), /lent to another/u);
    assert.deepEqual(await counts(), [0, 0]);
  });
});

faultTable(name, {
  prepare: (where) => guest(where),
  input: ({ id }) => ({ site: 'east', id, name: 'shop app' }),
  effects: (fresh) =>
    fresh.filter(({ gone, kind }) => !gone && (kind === 'image' || kind === 'snapshot')).map(({ region, kind }) => `${region} ${kind}`),
});
