import assert from 'node:assert/strict';
import { service } from '../../activities/aws/client.ts';
import { needsOfStep } from '../../activities/aws/needs.ts';
import { types } from '../../activities/index.ts';
import type { LedgerEntry } from '../../lab/aws/control.ts';
import type { Whole } from '../../plan/compile.ts';
import { policies } from '../../plan/permissions.ts';
import type { Plan } from '../../plan/plan.ts';
import { cloud, type Cloud } from './cloud.ts';
import { rehearse, typeOf, undo } from './estate.ts';
import { keyAt } from './disks.ts';
import { machine, network, snapshot, type Network } from './machines.ts';
import { pairOf } from './rds-pair.ts';

/** A plan of one step of each of these types, and what the rehearsal's roles of its sites may do. */
function rehearsals(at: Cloud, steps: readonly { readonly uses: string; readonly with: object }[]): object[] {
  const sites = Object.fromEntries(Object.entries(at.sites).map(([name, aws]) => [name, { kind: 'aws', steps: 1, aws }]));
  const plan = { sites, target: { site: 'west' }, steps: steps.map((action) => ({ kind: 'step', action, else: [] })) } as unknown as Plan;
  const byName = new Map(types.map((type) => [type.name, type]));
  const whole: Whole = { plan, children: new Map() };
  const needed = {
    ofRun: () => ({}),
    ofStep: (action: { readonly uses: string; readonly with: unknown }) =>
      needsOfStep(byName.get(action.uses)!, action.with, {
        purpose: 'rehearsal',
        target: 'west',
        account: (site) => at.sites[site]?.account,
      }),
  };
  return policies([whole], needed, 'rehearsal').map(({ policy }) => policy);
}

describe('the role of a rehearsal', function () {
  this.timeout(60_000);
  let at: Cloud;
  let east: Network;
  let id: string;
  const acting = (steps: readonly { readonly uses: string; readonly with: object }[]) =>
    at.settings({ iam: true, policies: { lifeboat: rehearsals(at, steps) } });
  /** Whether a call of this role is let through. */
  const allowed = async (call: Promise<unknown>): Promise<boolean> => {
    const error = await call.then(
      () => undefined,
      (thrown: { code?: string }) => thrown,
    );
    return error?.code !== 'aws-permission';
  };
  beforeEach(async () => {
    at = await cloud();
    east = await network(at);
    id = await machine(east);
  });

  it('cannot stop, end, change, delete, share or tag what is not tagged as its own, and can where it is', async () => {
    const volumeOf = async (purpose?: string): Promise<string> => {
      const Tags = [{ Key: 'lifeboat:purpose', Value: purpose ?? 'live' }];
      const TagSpecifications = [{ ResourceType: 'volume' as const, Tags }];
      return (await east.ec2.createVolume({ AvailabilityZone: 'us-east-1a', Size: 8, TagSpecifications })).VolumeId!;
    };
    const snapshotOf = async (purpose: string): Promise<string> => {
      const TagSpecifications = [{ ResourceType: 'snapshot' as const, Tags: [{ Key: 'lifeboat:purpose', Value: purpose }] }];
      return (await east.ec2.createSnapshot({ VolumeId: await volumeOf(purpose), TagSpecifications })).SnapshotId!;
    };
    const own = await machine(east, { 'lifeboat:purpose': 'rehearsal' });
    const [volumes, snapshots] = [
      [await volumeOf(), await volumeOf('rehearsal')] as const,
      [await snapshotOf('live'), await snapshotOf('rehearsal')] as const,
    ];
    await acting([
      { uses: 'ec2.stop', with: { site: 'east', id } },
      { uses: 'ec2.launch', with: { site: 'east', snapshots: [] } },
      { uses: 'ec2.attach-volume', with: { site: 'east' } },
      { uses: 'ec2.copy-snapshot', with: { site: 'vault', from: 'east' } },
      { uses: 'ec2.copy-snapshot', with: { site: 'east', from: 'west' } },
    ]);
    const purpose = [{ Key: 'lifeboat:purpose', Value: 'rehearsal' }];
    const calls = (which: 0 | 1): readonly (readonly [string, () => Promise<unknown>])[] => {
      const machineId = [id, own][which]!;
      const [VolumeId, SnapshotId] = [volumes[which], snapshots[which]];
      const shared = { SnapshotId, Attribute: 'createVolumePermission' as const, OperationType: 'add' as const, UserIds: [at.vault] };
      return [
        ['tag', () => east.ec2.createTags({ Resources: [machineId], Tags: purpose })],
        ['share', () => east.ec2.modifySnapshotAttribute(shared)],
        ['delete a snapshot', () => east.ec2.deleteSnapshot({ SnapshotId })],
        ['delete a volume', () => east.ec2.deleteVolume({ VolumeId })],
        ['stop', () => east.ec2.stopInstances({ InstanceIds: [machineId] })],
        ['terminate', () => east.ec2.terminateInstances({ InstanceIds: [machineId] })],
      ];
    };
    for (const [what, call] of calls(0)) assert.equal(await allowed(call()), false, `${what} what is production's`);
    for (const [what, call] of calls(1)) assert.equal(await allowed(call()), true, `${what} what is its own`);
    const there = await at.ledger();
    const gone = (one: string) => there.find((entry: LedgerEntry) => entry.id === one)?.gone;
    assert.deepEqual([gone(id), gone(volumes[0]), gone(snapshots[0])], [false, false, false]);
  });

  it('cannot make what is not tagged as its own, and no copy of it', async () => {
    await acting([
      { uses: 'ec2.attach-volume', with: { site: 'east' } },
      { uses: 'ec2.copy-snapshot', with: { site: 'west', from: 'east' } },
    ]);
    const volume = (Value: string) =>
      east.ec2.createVolume({
        AvailabilityZone: 'us-east-1a',
        Size: 8,
        TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'lifeboat:purpose', Value }] }],
      });
    assert.deepEqual([await allowed(volume('live')), await allowed(volume('rehearsal'))], [false, true]);
    assert.equal(await allowed(east.ec2.createVolume({ AvailabilityZone: 'us-east-1a', Size: 8 })), false);
    await at.settings({ iam: false });
    const { VolumeId } = await volume('live');
    const { SnapshotId } = await east.ec2.createSnapshot({ VolumeId });
    await at.settings({ iam: true });
    const west = await service('ec2', 'west', at.context());
    const copy = (Value?: string) =>
      west.copySnapshot({
        SourceRegion: 'us-east-1',
        SourceSnapshotId: SnapshotId,
        ...(Value === undefined ? {} : { TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'lifeboat:purpose', Value }] }] }),
      });
    assert.deepEqual([await allowed(copy()), await allowed(copy('live')), await allowed(copy('rehearsal'))], [false, false, true]);
  });

  it('changes, tags and untags a group of Auto Scaling that is tagged as its own, and no other', async () => {
    const scaling = await service('autoScaling', 'east', at.context());
    await east.ec2.createLaunchTemplate({
      LaunchTemplateName: 'web',
      LaunchTemplateData: { ImageId: east.image, InstanceType: 'm5.large' },
    });
    const tagged = (group: string, Key: string) => ({
      Tags: [{ ResourceId: group, ResourceType: 'auto-scaling-group', Key, Value: 'rehearsal', PropagateAtLaunch: true }],
    });
    for (const AutoScalingGroupName of ['web', 'web-rehearsal'])
      await scaling.createAutoScalingGroup({
        AutoScalingGroupName,
        MinSize: 0,
        MaxSize: 2,
        LaunchTemplate: { LaunchTemplateName: 'web', Version: '$Default' },
        VPCZoneIdentifier: east.subnet,
      });
    await scaling.createOrUpdateTags(tagged('web-rehearsal', 'lifeboat:purpose'));
    await acting([{ uses: 'ec2.scale-group', with: { site: 'east' } }]);
    const calls = (group: string): readonly (readonly [string, () => Promise<unknown>])[] => [
      ['tag', () => scaling.createOrUpdateTags(tagged(group, 'lifeboat:purpose'))],
      ['untag', () => scaling.deleteTags(tagged(group, 'lifeboat:before'))],
      ['size', () => scaling.updateAutoScalingGroup({ AutoScalingGroupName: group, MaxSize: 1 })],
    ];
    for (const [what, call] of calls('web')) assert.equal(await allowed(call()), false, `${what} production's`);
    for (const [what, call] of calls('web-rehearsal')) assert.equal(await allowed(call()), true, `${what} its own`);
  });

  it('changes objects and records under names of its own alone', async () => {
    const [s3, route53] = await Promise.all([service('s3', 'east', at.context()), service('route53', 'east', at.context())]);
    await s3.createBucket({ Bucket: `shop-${at.account}` });
    const { HostedZone } = await route53.createHostedZone({ Name: 'example.com', CallerReference: at.account });
    await acting([
      { uses: 'route53.switch', with: { site: 'east' } },
      { uses: 'route53.shift', with: { site: 'east' } },
    ]);
    const put = (Key: string) => s3.putObject({ Bucket: `shop-${at.account}`, Key, Body: 'x' });
    const record = (...names: string[]) =>
      route53.changeResourceRecordSets({
        HostedZoneId: HostedZone!.Id,
        ChangeBatch: {
          Changes: names.map((name) => ({
            Action: 'UPSERT',
            ResourceRecordSet: { Name: `${name}.example.com.`, Type: 'A', TTL: 5, ResourceRecords: [{ Value: '127.0.0.1' }] },
          })),
        },
      });
    const own = 'lifeboat-rehearsal-0123456789ab';
    assert.deepEqual([await allowed(put('shop')), await allowed(put(`${own}/shop`))], [false, true]);
    assert.deepEqual([await allowed(record('shop')), await allowed(record(`${own}.shop`))], [false, true]);
    assert.equal(await allowed(record(`${own}.shop`, 'shop')), false);
  });

  it('can do what rehearsals of instances do: preflight, rehearse, sweep and undo', async () => {
    const source = await snapshot(east.ec2, 'us-east-1a');
    await at.settings({ seconds: { 'ec2:instance': 0.1, 'ec2:snapshot': 0.1 } });
    const own = await machine(east, { 'lifeboat:purpose': 'rehearsal' });
    const { Reservations = [] } = await east.ec2.describeInstances({ InstanceIds: [own] });
    const interfaces = Reservations[0]!.Instances![0]!.NetworkInterfaces!.map(({ NetworkInterfaceId }) => NetworkInterfaceId!);
    await east.ec2.createTags({ Resources: interfaces, Tags: [{ Key: 'lifeboat:purpose', Value: 'rehearsal' }] });
    await whole('ec2.launch', { site: 'east', image: east.image, types: ['m5.large'], subnets: [east.subnet], groups: [east.group] });
    await whole('ec2.stop', { site: 'east', id: own });
    await whole('ec2.attach-volume', { site: 'east', id: own, snapshot: source, device: '/dev/sdf' });
    await at.settings({ seconds: { 'ec2:instance': 0.1, 'ec2:snapshot': 0.1 } });
    await whole('ec2.isolate', { site: 'east', id: own });
    const saved = await whole('ec2.snapshot', { site: 'east', id });
    const key = await keyAt(at, 'west');
    const set = (saved.outputs as { set: string }).set;
    await whole('ec2.copy-snapshot', { site: 'west', from: 'east', set, key });
    await whole('ec2.image', { site: 'east', id, name: 'proof' });
  });

  it('can do what rehearsals of databases do: preflight, rehearse and undo', async () => {
    await pairOf(at, { replica: false });
    const { outputs } = await whole('rds.snapshot', { site: 'east', id: 'shop-db' });
    const { snapshot } = outputs as { snapshot: string };
    await whole('rds.copy-snapshot', { site: 'west', from: 'east', snapshot });
    await whole('rds.restore', { site: 'east', snapshot, id: 'proof', subnets: 'shop' });
    await acting([{ uses: 'rds.restore', with: { site: 'east' } }]);
    const rds = await service('rds', 'east', at.context());
    assert.equal(await allowed(rds.deleteDBInstance({ DBInstanceIdentifier: 'shop-db', SkipFinalSnapshot: true })), false);
  });

  /** Under no more than the policy of this one step. */
  async function whole(name: string, input: object) {
    const context = at.context({ live: false });
    await acting([{ uses: name, with: input }]);
    await typeOf(name).preflight(input, context);
    const outcome = await rehearse(name, input, context);
    await typeOf(name).sweep?.(input, context);
    if (typeof typeOf(name).undo === 'function') await undo(name, input, context);
    await at.settings({ iam: false, policies: {} });
    return outcome;
  }
});
