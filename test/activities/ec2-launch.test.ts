import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instance } from '@aws-sdk/client-ec2';
import type { Proof } from '../../activities/step.ts';
import { faultTable } from './cloud-faults.ts';
import { cloud, type Cloud } from './cloud.ts';
import { carryOut, failure, rehearse, typeOf, undo } from './estate.ts';
import { declared, elsewhere, machine, network, snapshot, type Network } from './machines.ts';

const name = 'ec2.launch';
const day = 86_400_000;
interface Outputs {
  readonly id: string;
  readonly ids: readonly string[];
  readonly address: string;
  readonly type: string;
  readonly zone: string;
}

describe(name, () => {
  let at: Cloud;
  let east: Network;
  const input = (more: object = {}) => ({
    site: 'east',
    image: east.image,
    types: ['m5.large', 'm5a.large'],
    subnets: [east.subnet, east.other],
    groups: [east.group],
    ...more,
  });
  const launch = async (given: object, made = at.context()): Promise<Outputs> =>
    (await declared(name, 'execute', () => carryOut(name, given, made))).outputs as Outputs;
  const read = async (id: string): Promise<Instance> =>
    (await east.ec2.describeInstances({ InstanceIds: [id] })).Reservations![0]!.Instances![0]!;
  const running = async (): Promise<number> => {
    const { Reservations = [] } = await east.ec2.describeInstances({
      Filters: [{ Name: 'instance-state-name', Values: ['pending', 'running'] }],
    });
    return Reservations.flatMap(({ Instances = [] }) => Instances).length;
  };
  beforeEach(async () => {
    at = await cloud();
    east = await network(at);
  });

  it('launches from an image where it is told to, once, and terminates what it launched when it is undone', async () => {
    await at.settings({ seconds: { 'ec2:instance': 0.3 } });
    const made = at.context();
    const { id, address, type, zone } = await launch(input({ name: 'web', address: '10.20.1.77', subnets: [east.subnet] }), made);
    assert.deepEqual({ address, type, zone }, { address: '10.20.1.77', type: 'm5.large', zone: 'us-east-1a' });
    const { State, SubnetId, SecurityGroups, Tags } = await read(id);
    assert.deepEqual([State?.Name, SubnetId, SecurityGroups?.map(({ GroupId }) => GroupId)], ['running', east.subnet, [east.group]]);
    const tags = Object.fromEntries(Tags!.map(({ Key, Value }) => [Key, Value]));
    assert.deepEqual([tags['Name'], tags['lifeboat:key'], tags['lifeboat:purpose']], ['web', made.key, 'live']);
    assert.equal((await launch(input({ name: 'web', address: '10.20.1.77', subnets: [east.subnet] }), made)).id, id);
    await declared(name, 'undo', () => undo(name, input(), made));
    assert.equal((await read(id)).State?.Name, 'terminated');
    assert.match((await undo(name, input(), made)).join(' '), /No instance of this step runs/u);
  });

  it('launches again after its own were terminated', async () => {
    const made = at.context();
    const first = await launch(input(), made);
    await east.ec2.terminateInstances({ InstanceIds: [first.id] });
    const second = await launch(input(), made);
    assert.notEqual(second.id, first.id);
    assert.equal(await running(), 1);
  });

  it('falls back on the next subnet, then on the next type, where there is no capacity', async () => {
    await at.settings({ capacity: [{ type: 'm5.large', zone: 'us-east-1a' }] });
    assert.deepEqual([(await launch(input())).type, (await launch(input())).zone], ['m5.large', 'us-east-1b']);
    await at.settings({ capacity: [{ type: 'm5.large' }, { type: 'm5a.large', zone: 'us-east-1a' }] });
    const { type, zone, ids } = await launch(input({ count: 3 }));
    assert.deepEqual([type, zone, ids.length], ['m5a.large', 'us-east-1b', 3]);
    await at.settings({ capacity: [{ type: 'm5.large' }, { type: 'm5a.large' }] });
    const error = await failure(carryOut(name, input(), at.context()));
    assert.deepEqual([error.code, error.remedy], ['aws-no-capacity', 'person']);
    assert.match(error.message, /m5\.large in subnet-.*m5a\.large in subnet-/u);
  });

  it('launches no second time where the answer was lost on the way to another type', async () => {
    const made = at.context();
    await at.settings({ capacity: [{ type: 'm5.large' }] });
    await at.faults([{ service: 'ec2', operation: 'RunInstances', after: 2, kind: 'lose' }]);
    assert.equal((await failure(carryOut(name, input(), made))).code, 'aws-lost');
    // Meanwhile there is room for the first type again.
    await at.settings({ capacity: [] });
    assert.equal((await launch(input(), made)).type, 'm5a.large');
    assert.equal(await running(), 1);
  });

  it('launches no second time where EC2 does not show yet what an attempt before has launched', async () => {
    const made = at.context();
    await at.settings({ capacity: [{ type: 'm5.large' }] });
    await at.faults([{ service: 'ec2', operation: 'RunInstances', after: 2, kind: 'lose' }]);
    assert.equal((await failure(carryOut(name, input(), made))).code, 'aws-lost');
    await at.settings({ capacity: [] });
    const { Reservations = [] } = await east.ec2.describeInstances({});
    // Without its tags it is as if it were not there yet: only the token knows.
    await east.ec2.deleteTags({ Resources: [Reservations[0]!.Instances![0]!.InstanceId!], Tags: [{ Key: 'lifeboat:key' }] });
    await failure(carryOut(name, input(), made));
    assert.equal(await running(), 1);
  });

  it('launches from snapshots by an image that it makes, and removes that too', async () => {
    const [root, data] = [await snapshot(east.ec2, 'us-east-1a'), await snapshot(east.ec2, 'us-east-1a')];
    const { image: _, ...rest } = input();
    const from = {
      ...rest,
      root: '/dev/xvda',
      snapshots: [
        { device: '/dev/xvda', snapshot: root },
        { device: '/dev/sdf', snapshot: data },
      ],
    };
    await declared(name, 'preflight', () => typeOf(name).preflight(from, at.context()));
    const made = at.context();
    const { id } = await launch(from, made);
    const { BlockDeviceMappings = [], ImageId } = await read(id);
    assert.deepEqual(new Set(BlockDeviceMappings.map(({ DeviceName }) => DeviceName)), new Set(['/dev/sdf', '/dev/xvda']));
    const { Volumes = [] } = await east.ec2.describeVolumes({ VolumeIds: BlockDeviceMappings.map(({ Ebs }) => Ebs!.VolumeId!) });
    assert.deepEqual(new Set(Volumes.map(({ SnapshotId }) => SnapshotId)), new Set([root, data]));
    await declared(name, 'undo', () => undo(name, from, made));
    assert.equal((await east.ec2.describeImages({ Filters: [{ Name: 'image-id', Values: [ImageId!] }] })).Images?.length, 0);
    assert.equal((await east.ec2.describeSnapshots({ SnapshotIds: [root] })).Snapshots?.length, 1);
    const lacking = await failure(typeOf(name).preflight({ ...from, root: '/dev/sda1' }, at.context()));
    assert.deepEqual([lacking.code, lacking.remedy], ['no-root', 'mistake']);
  });

  it('launches from a launch template, with what is said beside it', async () => {
    await east.ec2.createLaunchTemplate({
      LaunchTemplateName: 'web',
      LaunchTemplateData: { ImageId: east.image, InstanceType: 'm5a.xlarge' },
    });
    const template = { site: 'east', template: 'web', subnets: [east.other], groups: [east.group] };
    await declared(name, 'preflight', () => typeOf(name).preflight(template, at.context()));
    const { id, type, zone } = await launch(template);
    assert.deepEqual([type, zone, (await read(id)).ImageId], ['m5a.xlarge', 'us-east-1b', east.image]);
    assert.equal((await launch({ ...template, types: ['m5.large'] })).type, 'm5.large');
  });

  it('hands user data over by reference, and shows it nowhere', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lifeboat-user-data-'));
    try {
      writeFileSync(join(folder, 'app.sh'), 'echo hunter2');
      const made = at.context();
      const given = input({ 'user-data': `file:${join(folder, 'app.sh')}` });
      const outcome = await carryOut(name, given, made);
      assert.doesNotMatch(JSON.stringify([outcome, made.beats]), /hunter2|aHVudGVyMg/u);
      const { UserData } = await east.ec2.describeInstanceAttribute({ InstanceId: (outcome.outputs as Outputs).id, Attribute: 'userData' });
      assert.equal(Buffer.from(UserData?.Value ?? '', 'base64').toString(), 'echo hunter2');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('knows before it launches whether image, types, subnets, groups, addresses and quota will do', async () => {
    const west = await network(at, 'west');
    await at.settings({ quotas: { 'L-1216C47A': 3 } });
    const broken: [object, string, string][] = [
      [{ types: ['m5.huge'] }, 'not-offered', 'person'],
      [{ types: ['m5.xlarge'] }, 'aws-quota', 'person'],
      [{ image: west.image }, 'aws-not-found', 'person'],
      [{ subnets: [west.subnet] }, 'aws-not-found', 'person'],
      [{ address: '10.20.9.9' }, 'address-outside', 'mistake'],
      [{ address: '10.20.1.9', count: 2 }, 'one-address', 'mistake'],
      [{ template: 'nothing' }, 'aws-not-found', 'person'],
    ];
    for (const [more, code, remedy] of broken) {
      const error = await failure(typeOf(name).preflight(input(more), at.context()));
      assert.deepEqual([error.code, error.remedy], [code, remedy], JSON.stringify(more));
    }
    await declared(name, 'preflight', () => typeOf(name).preflight(input(), at.context()));
    assert.equal(await running(), 0);
  });

  it('only reads in its preflight', async () => {
    const before = await at.ledger();
    await typeOf(name).preflight(input(), at.context());
    assert.deepEqual(await at.ledger(), before);
  });

  it('launches nothing at a site where a fence is pending', async () => {
    const fences: Proof[] = [
      {
        kind: 'fence',
        by: 'fence.pending',
        host: 'east/shop-db',
        at: '2026-11-22T10:00:00.000Z',
        with: { site: 'east', id: 'shop-db', uses: 'rds.isolate' },
        evidence: [],
        latched: 'unknown',
      },
    ];
    assert.match(
      (await typeOf(name).preflight(input(), at.context({ fences }))).join(' '),
      /A fence is pending at east .*before fence\.settle/u,
    );
    assert.equal((await failure(carryOut(name, input(), at.context({ fences })))).code, 'fence-pending');
    assert.equal(await running(), 0);
  });

  it('refuses another account, a full quota, a region that does not answer, and a wildcard', async () => {
    assert.equal((await failure(carryOut(name, input(), elsewhere(at, at.context(), '999999999999')))).code, 'wrong-account');
    await at.settings({ quotas: { 'L-1216C47A': 1 } });
    const full = await failure(carryOut(name, input(), at.context()));
    assert.deepEqual([full.code, full.remedy], ['aws-quota', 'person']);
    for (const wrong of [
      { image: '*' },
      { image: '' },
      { subnets: [] },
      { subnets: ['*'] },
      { groups: ['sg-*'] },
      { types: ['*'] },
      { count: 0 },
    ])
      assert.throws(() => typeOf(name).input.parse(input(wrong)), JSON.stringify(wrong));
    const made = at.context();
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(carryOut(name, input(), made))).code, /^aws-(?:unreachable|lost)$/u);
  });

  it('launches in a rehearsal only where nothing leads out, cut off from everything, until the rehearsal expires', async () => {
    const made = at.context({ live: false, system: { copies: { root: '/nowhere', expires: 3 * day, inService: {} } } });
    const outcome = await declared(name, 'rehearse', () => rehearse(name, input({ address: '10.20.1.50', keep: 30 }), made));
    const { Tags, SecurityGroups = [] } = await read((outcome.outputs as Outputs).id);
    const tags = Object.fromEntries(Tags!.map(({ Key, Value }) => [Key, Value]));
    assert.equal(tags['lifeboat:purpose'], 'rehearsal');
    assert.equal(tags['lifeboat:expires'], '2026-11-25T10:00:00.000Z');
    const { SecurityGroups: groups = [] } = await east.ec2.describeSecurityGroups({
      GroupIds: SecurityGroups.map(({ GroupId }) => GroupId!),
    });
    assert.deepEqual(
      groups.map(({ IpPermissions, IpPermissionsEgress }) => [IpPermissions?.length, IpPermissionsEgress?.length]),
      [[0, 0]],
    );
    const { InternetGateway } = await east.ec2.createInternetGateway({});
    const gateway = InternetGateway!.InternetGatewayId!;
    await east.ec2.attachInternetGateway({ InternetGatewayId: gateway, VpcId: east.vpc });
    const { RouteTables = [] } = await east.ec2.describeRouteTables({ Filters: [{ Name: 'vpc-id', Values: [east.vpc] }] });
    await east.ec2.createRoute({ RouteTableId: RouteTables[0]!.RouteTableId!, DestinationCidrBlock: '0.0.0.0/0', GatewayId: gateway });
    assert.equal((await failure(rehearse(name, input(), at.context({ live: false })))).code, 'not-isolated');
    assert.equal((await failure(rehearse(name, input(), at.context()))).code, 'rehearsal-only');
  });

  it('undoes nothing that others launched', async () => {
    const theirs = await machine(east, { 'lifeboat:key': 'another' });
    const made = at.context();
    await launch(input(), made);
    await undo(name, input(), made);
    assert.equal((await read(theirs)).State?.Name, 'running');
    assert.equal(await running(), 1);
  });

  faultTable(name, {
    prepare: (fresh) => network(fresh),
    input: ({ image, subnet, group }) => ({ site: 'east', image, types: ['m5.large'], subnets: [subnet], groups: [group], count: 2 }),
    effects: (fresh) =>
      fresh.filter(({ kind, state }) => kind === 'instance' && state !== 'terminated').map(({ state }) => `instance ${state}`),
  });
});
