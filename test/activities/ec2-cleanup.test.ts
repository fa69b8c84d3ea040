import assert from 'node:assert/strict';
import { tagsFor } from '../../activities/aws/tags.ts';
import type { StepContext } from '../../activities/step.ts';
import { called } from './called.ts';
import { faultTable } from './cloud-faults.ts';
import { cloud, type Cloud, type CloudOptions } from './cloud.ts';
import { guest, type Guest } from './disks.ts';
import { carryOut, failure, rehearse, typeOf } from './estate.ts';
import { knowing } from './knowing.ts';
import { elsewhere } from './machines.ts';
import { oneOfEach } from './one-of-each.ts';

const name = 'ec2.cleanup';
const day = 86_400_000;
interface Outputs {
  readonly left: number;
  readonly removed: readonly string[];
  readonly spared: readonly string[];
  readonly kept: readonly string[];
  readonly proven: readonly string[];
}

describe(name, () => {
  let at: Cloud;
  let east: Guest;
  const clean = async (context: StepContext, input: object) => {
    const outcome = await carryOut(name, { site: 'east', ...input }, context);
    return { ...outcome, outputs: outcome.outputs as Outputs };
  };
  /** What there is, but for what only comes and goes with an instance. */
  const there = async (): Promise<readonly string[]> =>
    (await at.ledger())
      .filter(({ gone, kind }) => !gone && kind !== 'network-interface' && kind !== 'parameter-group')
      .map(({ service: of, kind, id }) => `${of} ${kind} ${id}`);
  const newSince = async (before: readonly string[]) => (await there()).filter((one) => !before.includes(one));
  const rehearsal = (options: CloudOptions = {}) => at.context({ live: false, run: 'rehearsal-shop', step: 'launch', ...options });
  /** A set of snapshots of an instance, as ec2.snapshot takes it, so many days old, kept for one. */
  const save = async (set: string, options: CloudOptions & { age: number; id?: string; days?: number }) => {
    const context = at.context({ key: set, step: 'snapshot', ...options });
    const startedAt = new Date(Date.now() - options.age * day).toISOString();
    await carryOut(
      'ec2.snapshot',
      { site: 'east', id: options.id ?? east.id, days: options.days ?? 1 },
      { ...context, run: { ...context.run, startedAt } },
    );
    const made = (await at.ledger()).filter(({ tags }) => tags['lifeboat:set'] === set);
    await east.ec2.createTags({ Resources: made.map(({ id }) => id), Tags: [{ Key: 'lifeboat:at', Value: startedAt }] });
    return startedAt;
  };
  const sets = async (): Promise<readonly string[]> => {
    const found = (await at.ledger()).filter(({ gone, kind, tags }) => !gone && kind === 'snapshot' && tags['lifeboat:set']);
    return [...new Set(found.map(({ tags }) => tags['lifeboat:set']!))].sort();
  };
  beforeEach(async () => {
    at = await cloud();
    east = await guest(at);
  });

  it('takes away everything that a rehearsal made, and nothing of others', async () => {
    const before = await there();
    const mine = rehearsal();
    await oneOfEach(east, mine);
    const made = await newSince(before);
    assert.deepEqual(
      [...new Set(made.map((one) => one.replace(/ [^ ]+$/u, '')))].toSorted(),
      ['address', 'image', 'instance', 'security-group', 'snapshot', 'volume']
        .map((kind) => `ec2 ${kind}`)
        .concat('rds instance', 'rds snapshot'),
    );
    const others = [
      rehearsal({ run: 'rehearsal-shop-2' }),
      rehearsal({ system: { name: 'billing' } }),
      at.context({ run: 'rehearsal-shop', live: true }),
      { ...rehearsal(), run: { ...rehearsal().run, startedAt: '2026-10-22T10:00:00.000Z' } },
    ];
    for (const [place, other] of others.entries()) await oneOfEach(east, other, undefined, `other${place}`);
    const all = await there();
    await at.settings({ seconds: { 'ec2:instance': 0.3, 'rds:instance': 0.3 } });
    const { outputs, evidence } = await clean(mine, { of: 'run' });
    assert.deepEqual((await there()).toSorted(), all.filter((one) => !made.includes(one)).toSorted());
    assert.equal(outputs.left, 0);
    assert.deepEqual(outputs.spared, []);
    assert.match(evidence.join(' '), /^0 are left at east/u);
    await clean(mine, { of: 'run' });
  });

  it('takes away what rehearsals left once it is expired, and not before, and never what keeps serving', async () => {
    const before = await there();
    await oneOfEach(east, rehearsal({ run: 'long ago' }), -1, 'old');
    const old = await newSince(before);
    await oneOfEach(east, rehearsal({ run: 'now' }), 3_650 * day, 'new');
    await oneOfEach(east, rehearsal({ run: 'for ever' }), undefined, 'ever');
    const live = await there();
    await oneOfEach(east, at.context({ run: 'failover' }), -1, 'live');
    const kept = (await newSince(live)).filter((one) => /(?:instance|volume|security-group|address) /u.test(one));
    assert.equal(kept.length, 6);
    await clean(at.context(), { of: 'expired' });
    const left = await there();
    assert.deepEqual(
      old.filter((one) => left.includes(one)),
      [],
    );
    assert.deepEqual(
      live.filter((one) => !old.includes(one) && !left.includes(one)),
      [],
    );
    assert.deepEqual(
      kept.filter((one) => !left.includes(one)),
      [],
    );
  });

  it('keeps of each instance the newest backups and the last proven one, and takes the rest away when their days are over', async () => {
    const proven = await save('a-1 proven', { age: 9 });
    await save('a-2', { age: 8 });
    await save('a-3', { age: 7 });
    await save('a-4 days not over', { age: 6, days: 900 });
    await save('a-5', { age: 5 });
    const known = knowing(at.context(), { label: 'a-1 proven', at: proven, provenAt: proven }, { label: 'a-2' }, { label: 'a-5' });
    const { outputs, backups } = await clean(known, { of: 'expired', keep: 1 });
    assert.deepEqual(await sets(), ['a-1 proven', 'a-4 days not over', 'a-5']);
    assert.deepEqual([outputs.kept, outputs.proven], [['a-1 proven', 'a-4 days not over', 'a-5'], ['a-1 proven']]);
    assert.equal(outputs.removed.length, 6);
    const news = backups!.find(({ holds }) => holds === 'volumes')!;
    assert.deepEqual([news.store, news.complete], ['east', true]);
    assert.deepEqual(
      news.backups.map(({ label, bytes, provenAt }) => [label, bytes, provenAt]),
      [
        ['a-1 proven', 1, proven],
        // Nobody knew of it yet.
        ['a-4 days not over', 33 * 2 ** 30, null],
        ['a-5', 1, null],
      ],
    );
  });

  it('counts for each instance by itself, and does not count what is not complete', async () => {
    const { Instances } = await east.ec2.runInstances({
      ImageId: (await east.ec2.describeImages({ Owners: ['self'] })).Images![0]!.ImageId!,
      InstanceType: 'm5.large',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: east.subnet,
    });
    await save('b-1', { age: 9, id: Instances![0]!.InstanceId! });
    await save('a-1', { age: 5 });
    await at.settings({ seconds: { 'ec2:snapshot': 600 } });
    const marks = { 'lifeboat:set': 'a-2 pending', 'lifeboat:instance': east.id };
    const Tags = tagsFor(at.context(), 3_650 * day, marks);
    await east.ec2.createSnapshot({ VolumeId: east.disks['/dev/sdf']!, TagSpecifications: [{ ResourceType: 'snapshot', Tags }] });
    await clean(at.context(), { of: 'expired', keep: 1 });
    assert.deepEqual(await sets(), ['a-1', 'a-2 pending', 'b-1']);
  });

  it('knows a proof of a copy in another store, which is as old as what it copies', async () => {
    const when = await save('a-1', { age: 9 });
    await save('a-2', { age: 8 });
    await clean(knowing(at.context(), { label: 'copy', store: 'west', at: when, provenAt: when }), { of: 'expired', keep: 1 });
    assert.deepEqual(await sets(), ['a-1', 'a-2']);
    await clean(knowing(at.context(), { label: 'copy', store: 'west', at: when, provenAt: null }), { of: 'expired', keep: 1 });
    assert.deepEqual(await sets(), ['a-2']);
  });

  it('leaves what something else uses, and says so', async () => {
    const made = rehearsal();
    const Tags = tagsFor(made);
    const { VolumeId } = await east.ec2.createVolume({
      AvailabilityZone: east.zone,
      Size: 5,
      TagSpecifications: [{ ResourceType: 'volume', Tags }],
    });
    await east.ec2.attachVolume({ VolumeId: VolumeId!, InstanceId: east.id, Device: '/dev/sdh' });
    const { SnapshotId } = await east.ec2.createSnapshot({
      VolumeId: east.disks['/dev/sdg']!,
      TagSpecifications: [{ ResourceType: 'snapshot', Tags }],
    });
    const { ImageId } = await east.ec2.registerImage({
      Name: 'theirs',
      RootDeviceName: '/dev/xvda',
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: SnapshotId! } }],
    });
    const { outputs, evidence } = await clean(made, { of: 'run' });
    assert.deepEqual(outputs.removed, []);
    assert.deepEqual(outputs.spared, [`volume ${VolumeId}`, `snapshot ${SnapshotId}`]);
    assert.match(
      evidence.join(' '),
      new RegExp(`${VolumeId} is used by ${east.id} and stays.*${SnapshotId} is used by ${ImageId} and stays`, 'u'),
    );
  });

  it('takes away in a live run only what the steps made that it is told, and not the last proven backup', async () => {
    const refused = await failure(clean(at.context(), { of: 'run' }));
    assert.deepEqual([refused.code, refused.remedy], ['steps-missing', 'mistake']);
    const before = await there();
    await oneOfEach(east, at.context({ step: 'restore', run: 'backup-shop' }));
    await oneOfEach(east, at.context({ step: 'restore:2', run: 'backup-shop' }), undefined, 'two');
    const made = await newSince(before);
    await oneOfEach(east, at.context({ step: 'restored', run: 'backup-shop' }), undefined, 'three');
    await carryOut('ec2.snapshot', { site: 'east', id: east.id }, at.context({ key: 'proven', step: 'restore', run: 'backup-shop' }));
    const all = await there();
    const known = knowing(at.context({ run: 'backup-shop' }), { label: 'proven', provenAt: '2026-11-22T10:00:00.000Z' });
    const { outputs } = await clean(known, { of: 'run', steps: ['restore'] });
    assert.deepEqual((await there()).toSorted(), all.filter((one) => !made.includes(one)).toSorted());
    assert.equal(outputs.spared.length, 3);
    assert.deepEqual(await sets(), ['proven']);
  });

  it('takes away what steps of earlier runs made at the site that is left, and nothing of this run', async () => {
    const before = await there();
    await oneOfEach(east, at.context({ step: 'app', run: 'failover-shop-1' }));
    const earlier = await newSince(before);
    await oneOfEach(east, at.context({ step: 'web', run: 'failover-shop-1' }), undefined, 'web');
    await oneOfEach(east, at.context({ step: 'app', run: 'failback-shop' }), undefined, 'mine');
    const all = await there();
    const made = at.context({ run: 'failback-shop' });
    const refused = await failure(clean(made, { site: 'west', of: 'earlier', steps: ['app'] }));
    assert.deepEqual([refused.code, refused.remedy], ['serves', 'mistake']);
    assert.equal((await failure(clean(made, { of: 'earlier' }))).code, 'steps-missing');
    await clean(made, { of: 'earlier', steps: ['app'] });
    assert.deepEqual((await there()).toSorted(), all.filter((one) => !earlier.includes(one)).toSorted());
  });

  it('takes no name for a pattern', async () => {
    await oneOfEach(east, rehearsal());
    const before = await there();
    await clean(rehearsal({ system: { name: 'sho*' } }), { of: 'run' });
    await clean(rehearsal({ run: 'rehearsal-*' }), { of: 'run' });
    await clean(rehearsal(), { of: 'run', steps: ['*'] });
    assert.deepEqual(await there(), before);
    for (const wrong of [{}, { of: '*' }, { of: 'run', steps: [] }, { of: 'expired', keep: 0 }])
      assert.throws(() => typeOf(name).input.parse({ site: 'east', ...wrong }));
  });

  it('only reads in its preflight and says there what would go; calls nothing that it does not declare', async () => {
    const made = rehearsal();
    await oneOfEach(east, made);
    const before = await at.ledger();
    const lines: string[] = [];
    await called(name, 'preflight', async () => void lines.push(...(await typeOf(name).preflight({ site: 'east', of: 'run' }, made))));
    assert.deepEqual(await at.ledger(), before);
    assert.match(lines.join(' '), /are to be taken away: instance i-/u);
    await called(name, 'rehearse', () => rehearse(name, { site: 'east', of: 'expired' }, made));
  });

  it('does not verify while something is left', async () => {
    const made = rehearsal();
    await oneOfEach(east, made);
    const left = await failure(typeOf(name).verify({ site: 'east', of: 'run' }, made));
    assert.deepEqual([left.code, left.remedy], ['not-clean', 'again']);
  });

  it('goes on where it was killed, and where an answer was lost', async () => {
    const before = await there();
    const made = rehearsal();
    await oneOfEach(east, made);
    for (const operation of ['TerminateInstances', 'DeleteVolume', 'DeregisterImage', 'DeleteSnapshot', 'ReleaseAddress']) {
      await at.faults([{ service: 'ec2', operation, kind: 'lose' }]);
      assert.equal((await failure(clean(made, { of: 'run' }))).code, 'aws-lost', operation);
    }
    await clean(made, { of: 'run' });
    assert.deepEqual(await newSince(before), []);
  });

  it('refuses another account, and a region that does not answer', async () => {
    const made = rehearsal();
    await oneOfEach(east, made);
    const before = await there();
    assert.equal((await failure(clean(elsewhere(at, rehearsal(), '999999999999'), { of: 'run' }))).code, 'wrong-account');
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(clean(made, { of: 'run' }))).code, /^aws-(?:unreachable|lost)$/u);
    await at.settings({ unreachable: [] });
    assert.deepEqual(await there(), before);
  });
});

faultTable(name, {
  prepare: async (where) => {
    const east = await guest(where);
    await oneOfEach(east, where.context({ live: false, run: 'rehearsal-shop' }));
    return east;
  },
  input: () => ({ site: 'east', of: 'run' }),
  options: () => ({ live: false, run: 'rehearsal-shop' }),
  effects: (_, made, all) =>
    all
      .filter(({ tags }) => tags['lifeboat:run'] === 'rehearsal-shop')
      .map(({ kind, gone }) => `${kind} ${gone ? 'gone' : `is left beside ${made.id}`}`),
});
