import assert from 'node:assert/strict';
import { onCall, service } from '../../activities/aws/client.ts';
import { cloud, type Cloud } from './cloud.ts';
import { faultTable } from './cloud-faults.ts';
import { guest, left } from './disks.ts';
import { carryOut, failure, rehearse, typeOf, undo } from './estate.ts';

const name = 'ec2.verify';
const set = 'nightly i-1';

describe(name, () => {
  let at: Cloud;
  let input: Awaited<ReturnType<typeof saved>>;
  beforeEach(async () => {
    at = await cloud();
    input = await saved(at);
  });
  const running = async () =>
    (await left(at, 'instance')).filter(({ tags }) => tags['lifeboat:key'] !== undefined && tags['lifeboat:step'] !== undefined);

  it('proves a backup by an instance that ran of all its volumes, and says what it did not compare', async () => {
    await at.settings({ seconds: { 'ec2:instance': 0.3, 'ec2:image': 0.3 } });
    const calls = new Set<string>();
    const stop = onCall(({ action }) => calls.add(action));
    const { backups, evidence } = await carryOut(name, input, at.context()).finally(stop);
    const [
      {
        store,
        holds,
        complete,
        backups: [backup],
      },
    ] = backups as [NonNullable<typeof backups>[number]];
    assert.deepEqual([store, holds, complete, backup?.label], ['east', 'volumes', false, set]);
    assert.ok(Date.parse(backup!.provenAt!) > Date.now() - 60_000);
    assert.match(backup!.compared.join(' '), /from its 3 volumes.*passed both status checks.*What its files hold was not compared/u);
    assert.match(evidence.join(' '), /terminated/u);
    const { execute = [] } = typeOf(name).iam ?? {};
    assert.deepEqual(
      [...calls].filter((call) => !execute.includes(call)),
      [],
    );
    assert.deepEqual([await running(), (await left(at, 'image')).filter(({ tags }) => tags['lifeboat:key'])], [[], []]);
  });

  it('starts nothing where something leads out, or where the snapshots are not all there', async () => {
    const act = (wanted: object, phase: 'preflight' | 'execute') =>
      failure(Promise.resolve().then(() => typeOf(name)[phase]({ ...input, ...wanted }, at.context()) as Promise<unknown>));
    assert.equal((await act({ set: 'another' }, 'execute')).code, 'no-snapshot');
    assert.match((await typeOf(name).preflight({ ...input, set: 'later' }, at.context())).join(' '), /"later" is not at east yet/u);
    await at.settings({ capacity: [{ type: 'm5.large' }] });
    assert.equal((await act({}, 'execute')).code, 'aws-no-capacity');
    await at.settings({ capacity: [], unreachable: ['us-east-1'] });
    for (const phase of ['preflight', 'execute'] as const) assert.match((await act({}, phase)).code, /^aws-(?:unreachable|lost)$/u);
    await at.settings({ unreachable: [] });
    await openToTheWorld(at, input.subnets[0]!);
    for (const phase of ['preflight', 'execute'] as const) assert.equal((await act({}, phase)).code, 'not-isolated');
    assert.deepEqual(await running(), []);
  });

  it('changes nothing by its preflight', async () => {
    const calls: string[] = [];
    const stop = onCall(({ action }) => calls.push(action));
    await typeOf(name).preflight(input, at.context()).finally(stop);
    assert.ok(
      calls.every((call) => /:(?:Describe|Get|Simulate)/u.test(call)),
      calls.join(),
    );
  });

  it('proves nothing of what no attempt has seen run', async () => {
    assert.equal((await failure(typeOf(name).verify(input, at.context()))).code, 'not-verified');
  });

  it('takes away what an attempt left that never came back', async () => {
    const made = at.context();
    const stopped = { ...made, heartbeat: () => undefined };
    await at.faults([{ service: 'ec2', operation: 'TerminateInstances', kind: 'refuse', times: 1 }]);
    await assert.rejects(async () => typeOf(name).execute(input, stopped));
    assert.equal((await running()).length, 1);
    await undo(name, input, made);
    assert.deepEqual(await running(), []);
  });

  it('does the same in a rehearsal', async () => {
    const { backups } = await rehearse(name, input, at.context({ live: false }));
    assert.equal(backups?.length, 1);
    assert.deepEqual(await running(), []);
  });
});

faultTable(name, {
  prepare: saved,
  input: (made) => made,
  effects: (fresh) =>
    fresh
      .filter(({ kind, service }) => service === 'ec2' && kind === 'instance')
      .slice(0, 1)
      .map(() => 'ran'),
  afterUndo: () => [],
});

/** Snapshots of all volumes of an instance, and subnets that nothing leads out of. */
async function saved(at: Cloud) {
  const east = await guest(at);
  await carryOut('ec2.snapshot', { site: 'east', id: east.id, set }, at.context({ run: 'backup-1' }));
  return { site: 'east', set, types: ['m5.large'], subnets: [east.subnet] };
}

async function openToTheWorld(at: Cloud, subnet: string): Promise<void> {
  const ec2 = await service('ec2', 'east', at.context());
  const { Subnets } = await ec2.describeSubnets({ SubnetIds: [subnet] });
  const vpc = Subnets![0]!.VpcId!;
  const { InternetGateway } = await ec2.createInternetGateway({});
  const GatewayId = InternetGateway!.InternetGatewayId!;
  await ec2.attachInternetGateway({ InternetGatewayId: GatewayId, VpcId: vpc });
  const { RouteTables } = await ec2.describeRouteTables({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] });
  await ec2.createRoute({ RouteTableId: RouteTables![0]!.RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId });
}
