import assert from 'node:assert/strict';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import type { HostFacts } from '../../plan/plan.ts';
import { faultTable } from './cloud-faults.ts';
import { cloud, type Cloud } from './cloud.ts';
import { carryOut, failure, rehearse, typeOf, undo } from './estate.ts';
import { declared, elsewhere, machine, network, seen, type Network } from './machines.ts';

describe('ec2.isolate', () => {
  let at: Cloud;
  let east: Network;
  let id: string;
  const name = 'ec2.isolate';
  const input = (more: object = {}) => ({ site: 'east', id, ...more });
  const rules = async (group: string): Promise<number> => {
    const { SecurityGroups } = await east.ec2.describeSecurityGroups({ GroupIds: [group] });
    return SecurityGroups!.flatMap(({ IpPermissions = [], IpPermissionsEgress = [] }) => [...IpPermissions, ...IpPermissionsEgress]).length;
  };
  beforeEach(async () => {
    at = await cloud();
    east = await network(at);
    id = await machine(east);
  });

  it('puts every network interface into a group without any rule, stops the instance, and proves both', async () => {
    const { NetworkInterface } = await east.ec2.createNetworkInterface({ SubnetId: east.subnet, Groups: [east.group] });
    await east.ec2.attachNetworkInterface({ InstanceId: id, NetworkInterfaceId: NetworkInterface!.NetworkInterfaceId!, DeviceIndex: 1 });
    const outcome = await declared(name, 'execute', () => carryOut(name, input(), at.context()));
    const { state, groups } = await seen(east.ec2, id);
    assert.equal(state, 'stopped');
    assert.equal(groups.length, 2);
    assert.equal(new Set(groups).size, 1);
    assert.equal(await rules(groups[0]!), 0);
    const [proof] = outcome.proofs!;
    assert.deepEqual([proof!.kind, proof!.by, proof!.host, proof!.latched], ['fence', name, `east/${id}`, 'yes']);
    const again = await at.context({ proofs: [proof!] }).reread(proof!);
    assert.equal(again.host, proof!.host);
  });

  it('is taken back by the step that did it, and by no other', async () => {
    const [first, second] = [at.context(), at.context()];
    await carryOut(name, input(), first);
    await carryOut(name, input(), second);
    const closed = await seen(east.ec2, id);
    await undo(name, input(), second);
    assert.deepEqual(await seen(east.ec2, id), closed);
    await declared(name, 'undo', () => undo(name, input(), first));
    assert.deepEqual(await seen(east.ec2, id), { state: 'running', groups: [east.group] });
    await undo(name, input(), first);
    assert.deepEqual(await seen(east.ec2, id), { state: 'running', groups: [east.group] });
  });

  it('no longer holds when somebody opens it, and is made again without forgetting how it was', async () => {
    const made = at.context();
    const { proofs } = await carryOut(name, input(), made);
    const [group] = (await seen(east.ec2, id)).groups;
    await east.ec2.authorizeSecurityGroupIngress({ GroupId: group, IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIp: '0.0.0.0/0' });
    assert.equal((await failure(made.reread(proofs![0]!))).code, 'fence-open');
    await carryOut(name, input(), made);
    assert.equal(await rules(group!), 0);
    await east.ec2.startInstances({ InstanceIds: [id] });
    assert.equal((await failure(made.reread(proofs![0]!))).code, 'still-runs');
    await undo(name, input(), made);
    assert.deepEqual((await seen(east.ec2, id)).groups, [east.group]);
  });

  it('leaves it running where it is told to, and says what that leaves open', async () => {
    const outcome = await carryOut(name, input({ stop: false }), at.context());
    assert.equal((await seen(east.ec2, id)).state, 'running');
    assert.match(outcome.evidence.join(' '), /connections that stood before may go on/u);
  });

  it('takes an instance that was terminated for cut off', async () => {
    await east.ec2.terminateInstances({ InstanceIds: [id] });
    const { outputs, proofs } = await carryOut(name, input(), at.context());
    assert.equal((outputs as { state: string }).state, 'terminated');
    assert.equal(proofs?.length, 1);
  });

  it('believes no group while the port still answers, and tells of one that answered before and no longer does', async () => {
    const server = net.createServer((socket) => socket.on('error', () => undefined).end('220 here\r\n'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const port = (server.address() as AddressInfo).port;
    const host: HostFacts = {
      name: 'c-db',
      site: 'east',
      connection: 'local',
      alive: 22,
      instance: id,
      views: { default: { address: '127.0.0.1', ports: { 5432: port } } },
    };
    const knocking = input({ host: 'c-db', port: 5432 });
    const hosting = (made: ReturnType<Cloud['context']>) => ({ ...made, host: () => host });
    try {
      const first = hosting(at.context());
      const lies = await failure(carryOut(name, knocking, first));
      assert.deepEqual([lies.code, lies.remedy], ['fence-lies', 'person']);
      await undo(name, knocking, first);
      const made = hosting(at.context({ stillOurs: async () => void server.close() }));
      const outcome = await carryOut(name, knocking, made);
      assert.equal(outcome.proofs?.[0]?.host, 'c-db');
      assert.match(outcome.evidence.join(' '), /It answered before, at 20/u);
    } finally {
      server.close();
    }
    const other = { ...host, instance: 'i-00000000000000000' };
    assert.equal((await failure(carryOut(name, knocking, { ...at.context(), host: () => other }))).code, 'wrong-instance');
  });

  it('only reads in its preflight', async () => {
    const before = await at.ledger();
    await declared(name, 'preflight', () => typeOf(name).preflight(input(), at.context()));
    assert.deepEqual(await at.ledger(), before);
    assert.deepEqual(await seen(east.ec2, id), { state: 'running', groups: [east.group] });
  });

  it('refuses a group of that name which is none of its own', async () => {
    await east.ec2.createSecurityGroup({ GroupName: 'lifeboat-closed', Description: 'ours', VpcId: east.vpc });
    const error = await failure(carryOut(name, input(), at.context()));
    assert.deepEqual([error.code, error.remedy], ['name-taken', 'person']);
    assert.deepEqual(await seen(east.ec2, id), { state: 'running', groups: [east.group] });
  });

  it('refuses another account, another region, and what is no single instance', async () => {
    const away = elsewhere(at, at.context(), '999999999999');
    assert.equal((await failure(carryOut(name, input(), away))).code, 'wrong-account');
    assert.equal((await failure(carryOut(name, input({ site: 'west' }), at.context()))).code, 'no-instance');
    for (const target of ['', '*', 'i-*', 'app']) assert.throws(() => typeOf(name).input.parse({ site: 'east', id: target }));
    assert.deepEqual(await seen(east.ec2, id), { state: 'running', groups: [east.group] });
  });

  it('says that the API does not answer where it does not', async () => {
    const made = at.context();
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(carryOut(name, input(), made))).code, /^aws-(?:unreachable|lost)$/u);
  });

  it('touches in a rehearsal only what a rehearsal made', async () => {
    const made = at.context({ live: false });
    assert.equal((await failure(rehearse(name, input(), made))).code, 'not-a-copy');
    const copy = await machine(east, { 'lifeboat:purpose': 'rehearsal' });
    const outcome = await declared(name, 'rehearse', () => rehearse(name, input({ id: copy }), made));
    assert.equal(outcome.proofs, undefined);
    assert.equal((await seen(east.ec2, copy)).state, 'stopped');
    const sweep = (one: string) => typeOf(name).sweep!(input({ id: one }), made);
    assert.deepEqual(await sweep(id), []);
    assert.match((await declared(name, 'undo', () => sweep(copy))).join(' '), /is in its security groups again: .* is running again/u);
    assert.deepEqual(await seen(east.ec2, copy), { state: 'running', groups: [east.group] });
    assert.deepEqual(await sweep(copy), []);
    assert.deepEqual(await sweep('i-0123456789abcdef0'), []);
  });

  faultTable(name, {
    prepare: async (fresh) => {
      const net = await network(fresh);
      return { net, id: await machine(net) };
    },
    input: ({ id: made }) => ({ site: 'east', id: made }),
    effects: (fresh, { id: made }, all) => [
      ...fresh.filter(({ kind }) => kind === 'security-group').map(() => 'closed group'),
      ...all.filter((one) => one.id === made).map(({ state }) => `instance ${state}`),
    ],
    // The closed group of a VPC serves the next fence too.
    afterUndo: (fresh, { id: made }, all) => [
      ...fresh.filter(({ kind }) => kind === 'security-group').map(() => 'closed group'),
      ...all.filter((one) => one.id === made).map(({ state }) => `instance ${state}`),
    ],
  });
});
