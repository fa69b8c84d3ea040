import assert from 'node:assert/strict';
import type { AutoScaling } from '@aws-sdk/client-auto-scaling';
import { service } from '../../activities/aws/client.ts';
import type { Proof } from '../../activities/step.ts';
import { faultTable } from './cloud-faults.ts';
import { cloud, type Cloud } from './cloud.ts';
import { carryOut, failure, rehearse, typeOf, undo } from './estate.ts';
import { declared, elsewhere, network } from './machines.ts';

const name = 'ec2.scale-group';
const input = (more: object = {}) => ({ site: 'east', group: 'web', desired: 3, max: 4, suspend: ['AZRebalance'], ...more });

async function prepared(at: Cloud): Promise<AutoScaling> {
  const { ec2, image, subnet } = await network(at);
  await ec2.createLaunchTemplate({ LaunchTemplateName: 'web', LaunchTemplateData: { ImageId: image, InstanceType: 'm5.large' } });
  const scaling = await service('autoScaling', 'east', at.context());
  await scaling.createAutoScalingGroup({
    AutoScalingGroupName: 'web',
    MinSize: 1,
    MaxSize: 2,
    DesiredCapacity: 1,
    LaunchTemplate: { LaunchTemplateName: 'web', Version: '$Default' },
    VPCZoneIdentifier: subnet,
  });
  return scaling;
}

async function sizes(scaling: AutoScaling) {
  const { AutoScalingGroups } = await scaling.describeAutoScalingGroups({ AutoScalingGroupNames: ['web'] });
  const { MinSize, DesiredCapacity, MaxSize, Instances = [], SuspendedProcesses = [] } = AutoScalingGroups![0]!;
  return {
    sizes: [MinSize, DesiredCapacity, MaxSize],
    instances: Instances.length,
    suspended: SuspendedProcesses.map(({ ProcessName }) => ProcessName),
  };
}

describe(name, () => {
  let at: Cloud;
  let scaling: AutoScaling;
  const asItWas = { sizes: [1, 1, 2], instances: 1, suspended: [] };
  beforeEach(async () => {
    at = await cloud();
    scaling = await prepared(at);
  });

  it('sets the size, waits until so many are in service, suspends what it is told to, and puts all of it back', async () => {
    const made = at.context();
    const { outputs } = await declared(name, 'execute', () => carryOut(name, input(), made));
    assert.equal((outputs as { instances: string[] }).instances.length, 3);
    const scaled = { sizes: [1, 3, 4], instances: 3, suspended: ['AZRebalance'] };
    assert.deepEqual(await sizes(scaling), scaled);
    await carryOut(name, input(), made);
    assert.deepEqual(await sizes(scaling), scaled);
    await undo(name, input(), at.context());
    assert.deepEqual(await sizes(scaling), scaled, 'another step undoes nothing of it');
    await declared(name, 'undo', () => undo(name, input(), made));
    assert.deepEqual(await sizes(scaling), asItWas);
  });

  it('empties a group, and keeps it from starting anything', async () => {
    await carryOut(name, { site: 'east', group: 'web', desired: 0, suspend: ['Launch'] }, at.context());
    assert.deepEqual(await sizes(scaling), { sizes: [0, 0, 2], instances: 0, suspended: ['Launch'] });
    await carryOut(name, { site: 'east', group: 'web', desired: 2, min: 2, resume: ['Launch'] }, at.context());
    assert.deepEqual(await sizes(scaling), { sizes: [2, 2, 2], instances: 2, suspended: [] });
  });

  it('refuses more than the group may have, and more than the quota leaves room for', async () => {
    const { max: _, ...beyond } = input();
    for (const phase of ['preflight', 'execute'] as const)
      assert.equal((await failure(typeOf(name)[phase](beyond, at.context()) as Promise<unknown>)).code, 'beyond-limits');
    await at.settings({ quotas: { 'L-1216C47A': 4 } });
    const full = await failure(typeOf(name).preflight(input(), at.context()));
    assert.deepEqual([full.code, full.remedy], ['aws-quota', 'person']);
    assert.deepEqual(await sizes(scaling), asItWas);
  });

  it('starts nothing at a site where a fence is pending', async () => {
    const pending: Proof = {
      kind: 'fence',
      by: 'fence.pending',
      host: 'east/shop-db',
      at: '2026-11-22T10:00:00.000Z',
      with: { site: 'east', id: 'shop-db', uses: 'rds.isolate' },
      evidence: [],
      latched: 'unknown',
    };
    assert.equal((await failure(carryOut(name, input(), at.context({ fences: [pending] })))).code, 'fence-pending');
    await carryOut(name, input({ desired: 0 }), at.context({ fences: [pending] }));
    assert.equal((await sizes(scaling)).instances, 0);
  });

  it('only reads in its preflight', async () => {
    const before = await at.ledger();
    await declared(name, 'preflight', () => typeOf(name).preflight(input(), at.context()));
    assert.deepEqual(await at.ledger(), before);
  });

  it('refuses another account, another region, a region that does not answer, and a wildcard', async () => {
    assert.equal((await failure(carryOut(name, input(), elsewhere(at, at.context(), '999999999999')))).code, 'wrong-account');
    assert.equal((await failure(carryOut(name, input({ site: 'west' }), at.context()))).code, 'no-group');
    for (const group of ['', '*', 'web*']) assert.throws(() => typeOf(name).input.parse(input({ group })));
    const made = at.context();
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(carryOut(name, input(), made))).code, /^aws-(?:unreachable|lost)$/u);
    await at.settings({ unreachable: [] });
    assert.deepEqual(await sizes(scaling), asItWas);
  });

  it('touches in a rehearsal only a group that a rehearsal made', async () => {
    const made = at.context({ live: false });
    assert.equal((await failure(rehearse(name, input(), made))).code, 'not-a-copy');
    // What was refused leaves nothing for which a sweep would go on.
    assert.deepEqual(await typeOf(name).sweep!(input(), made), []);
    const mark = {
      ResourceId: 'web',
      ResourceType: 'auto-scaling-group',
      Key: 'lifeboat:purpose',
      Value: 'rehearsal',
      PropagateAtLaunch: false,
    };
    await scaling.createOrUpdateTags({ Tags: [mark] });
    await declared(name, 'rehearse', () => rehearse(name, input(), made));
    assert.equal((await sizes(scaling)).instances, 3);
    const { sweep } = typeOf(name);
    assert.match((await sweep!(input(), made)).join(), /is to have 1 instances again/u);
    assert.equal((await sizes(scaling)).instances, 1);
    assert.deepEqual(await sweep!(input(), made), []);
    await assert.rejects(sweep!(input(), at.context()), { code: 'rehearsal-only' });
  });

  faultTable(name, {
    prepare: prepared,
    input: () => input(),
    effects: (_, __, all) =>
      all.filter(({ kind, gone, state }) => kind === 'instance' && !gone && state === 'running').map(() => 'instance'),
    afterUndo: (_, __, all) =>
      all.filter(({ kind, gone, state }) => kind === 'instance' && !gone && state === 'running').map(() => 'instance'),
  });
});
