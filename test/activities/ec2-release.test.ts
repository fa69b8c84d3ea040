import assert from 'node:assert/strict';
import type { HostFacts } from '../../plan/plan.ts';
import type { StepContext } from '../../activities/step.ts';
import { faultTable } from './cloud-faults.ts';
import { cloud, type Cloud, type CloudOptions } from './cloud.ts';
import { carryOut, estate, failure, typeOf, type Estate } from './estate.ts';
import { declared, elsewhere, machine, network, seen, type Network } from './machines.ts';

describe('ec2.release', () => {
  const name = 'ec2.release';
  let at: Cloud;
  let east: Network;
  let id: string;
  const input = (more: object = {}) => ({ site: 'east', id, ...more });
  const isolate = (more: object = {}, made = at.context()) => carryOut('ec2.isolate', input(more), made);
  /** A group that lets somebody in, and nothing out. */
  const looking = async (from = '10.20.9.0/24'): Promise<string> => {
    const { GroupId } = await east.ec2.createSecurityGroup({ GroupName: `admin ${from}`, Description: 'admin', VpcId: east.vpc });
    await east.ec2.authorizeSecurityGroupIngress({ GroupId, IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIp: from });
    await east.ec2.revokeSecurityGroupEgress({ GroupId, IpPermissions: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }] });
    return GroupId!;
  };
  beforeEach(async () => {
    at = await cloud();
    east = await network(at);
    id = await machine(east);
  });

  it('puts every network interface back into the groups that it was in, starts the instance, and lifts its fence', async () => {
    const second = await looking();
    const { NetworkInterface } = await east.ec2.createNetworkInterface({ SubnetId: east.subnet, Groups: [second] });
    await east.ec2.attachNetworkInterface({ InstanceId: id, NetworkInterfaceId: NetworkInterface!.NetworkInterfaceId!, DeviceIndex: 1 });
    const before = await seen(east.ec2, id);
    const { proofs = [] } = await isolate();
    const outcome = await declared(name, 'execute', () => carryOut(name, input(), at.context({ fences: proofs })));
    assert.deepEqual(await seen(east.ec2, id), before);
    assert.deepEqual(outcome.lifts, [`east/${id}`]);
    assert.deepEqual(outcome.outputs, { state: 'running', groups: before.groups, harmless: 'unasked' });
    const again = await carryOut(name, input(), at.context());
    assert.deepEqual([await seen(east.ec2, id), again.lifts], [before, [`east/${id}`]]);
  });

  it('leaves it stopped where it is told to', async () => {
    await isolate();
    const { outputs } = await carryOut(name, input({ start: false }), at.context());
    assert.deepEqual(outputs, { state: 'stopped', groups: [east.group], harmless: 'unasked' });
  });

  it('only reads in its preflight', async () => {
    await isolate();
    const before = [await at.ledger(), await seen(east.ec2, id)];
    const through = await looking();
    const whole = await at.ledger();
    await declared(name, 'preflight', () => typeOf(name).preflight(input({ through }), at.context()));
    assert.deepEqual([await at.ledger(), await seen(east.ec2, id)], [whole, before[1]]);
  });

  it('opens nothing to a way through that lets everybody in, or anything out', async () => {
    await isolate();
    const closed = await seen(east.ec2, id);
    for (const through of [east.group, await looking('0.0.0.0/0'), 'sg-00000000000000000']) {
      assert.match((await failure(carryOut(name, input({ through }), at.context()))).code, /^(?:too-wide|aws-not-found)$/u);
      assert.deepEqual(await seen(east.ec2, id), closed);
    }
  });

  it('opens nothing where nobody wrote down what it was in, where a fence is owed, or stands under another name', async () => {
    const { proofs = [] } = await isolate();
    const closed = await seen(east.ec2, id);
    const owed = { ...proofs[0]!, by: 'fence.pending', latched: 'unknown' as const };
    const other = { ...proofs[0]!, host: 'c-db' };
    const code = async (options: CloudOptions) => (await failure(carryOut(name, input(), at.context(options)))).code;
    assert.equal(await code({ fences: [owed] }), 'fence-pending');
    assert.equal(await code({ fences: [other] }), 'other-name');
    const { NetworkInterfaces: [one] = [] } = await east.ec2.describeNetworkInterfaces({
      Filters: [{ Name: 'attachment.instance-id', Values: [id] }],
    });
    await east.ec2.deleteTags({ Resources: [one!.NetworkInterfaceId!], Tags: [{ Key: 'lifeboat:groups' }] });
    assert.deepEqual(await seen(east.ec2, id), closed);
    const forgotten = await failure(typeOf(name).preflight(input(), at.context()));
    assert.deepEqual([forgotten.code, forgotten.remedy], ['groups-forgotten', 'person']);
    assert.equal(await code({}), 'groups-forgotten');
    assert.deepEqual((await seen(east.ec2, id)).groups, closed.groups);
  });

  it('refuses one that was terminated, another account, another region, and what is no single instance', async () => {
    await isolate();
    const away = elsewhere(at, at.context(), '999999999999');
    assert.equal((await failure(carryOut(name, input(), away))).code, 'wrong-account');
    assert.equal((await failure(carryOut(name, input({ site: 'west' }), at.context()))).code, 'no-instance');
    for (const target of ['', '*', 'i-*', 'app']) assert.throws(() => typeOf(name).input.parse({ site: 'east', id: target }));
    await east.ec2.terminateInstances({ InstanceIds: [id] });
    assert.equal((await failure(typeOf(name).preflight(input(), at.context()))).code, 'instance-ended');
  });

  it('says that the API does not answer where it does not', async () => {
    const made = at.context();
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(carryOut(name, input(), made))).code, /^aws-(?:unreachable|lost)$/u);
  });

  describe('of a member of a pair', function () {
    this.timeout(120_000);
    let pair: Estate;
    before(async () => (pair = await estate()));
    after(() => pair?.end());
    /** The host a-db of a pair that stands, as if it were the instance. */
    const about = (made: StepContext): StepContext => {
      const host: HostFacts = { ...pair.hosts['a-db']!, instance: id };
      return { ...made, viewpoint: 'site-a', system: pair.system, host: (called) => (called === 'a-db' ? host : pair.hosts[called]!) };
    };
    const fenced = () => isolate({ host: 'a-db' }, about(at.context()) as ReturnType<Cloud['context']>);

    it('leaves a primary cut off but for those who look after it, and forgets nothing', async () => {
      const { proofs = [] } = await fenced();
      const through = await looking();
      const wanted = input({ host: 'a-db', through });
      const refused = await failure(typeOf(name).execute(wanted, about(at.context({ fences: proofs }))));
      assert.deepEqual([refused.code, refused.remedy], ['still-primary', 'person']);
      assert.deepEqual((await seen(east.ec2, id)).groups, [through]);
      assert.equal((await failure(typeOf(name).verify(wanted, about(at.context())))).code, 'not-released');

      await pair.service('a-db', 'stop');
      const outcome = await carryOut(name, wanted, about(at.context({ fences: proofs })));
      assert.deepEqual((await seen(east.ec2, id)).groups, [east.group]);
      assert.equal((outcome.outputs as { harmless: string }).harmless, 'down');
      assert.deepEqual(outcome.lifts, ['a-db']);
    });
  });

  faultTable(name, {
    prepare: async (fresh) => {
      const net = await network(fresh);
      const made = await machine(net);
      await carryOut('ec2.isolate', { site: 'east', id: made }, fresh.context());
      return { net, id: made };
    },
    input: ({ id: made }) => ({ site: 'east', id: made }),
    effects: (_, { id: made }, all) => all.filter((one) => one.id === made).map(({ state }) => `instance ${state}`),
    afterUndo: (_, { id: made }, all) => all.filter((one) => one.id === made).map(({ state }) => `instance ${state}`),
  });
});
