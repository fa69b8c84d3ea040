import assert from 'node:assert/strict';
import type { EC2 } from '@aws-sdk/client-ec2';
import { faultTable } from './cloud-faults.ts';
import { cloud, type Cloud } from './cloud.ts';
import { carryOut, failure, typeOf, undo } from './estate.ts';
import { declared, elsewhere, machine, network, type Network } from './machines.ts';

const name = 'ec2.address';

/** Who has an address; undefined: nobody. */
async function holder(ec2: EC2, address: string): Promise<string | undefined> {
  const { Addresses } = await ec2.describeAddresses({ AllocationIds: [address] });
  return Addresses![0]!.InstanceId || undefined;
}

async function prepared(at: Cloud): Promise<{ net: Network; address: string; one: string; other: string }> {
  const net = await network(at);
  const { InternetGateway } = await net.ec2.createInternetGateway({});
  await net.ec2.attachInternetGateway({ InternetGatewayId: InternetGateway!.InternetGatewayId!, VpcId: net.vpc });
  const { AllocationId } = await net.ec2.allocateAddress({ Domain: 'vpc' });
  const [one, other] = [await machine(net), await machine(net)];
  await net.ec2.associateAddress({ AllocationId: AllocationId!, InstanceId: one });
  return { net, address: AllocationId!, one, other };
}

describe(name, () => {
  let at: Cloud;
  let made: Awaited<ReturnType<typeof prepared>>;
  const input = (more: object = {}) => ({ site: 'east', address: made.address, from: made.one, to: made.other, ...more });
  const has = () => holder(made.net.ec2, made.address);
  beforeEach(async () => {
    at = await cloud();
    made = await prepared(at);
  });

  it('moves an address from one to the other, and back when it is undone', async () => {
    const step = at.context();
    const { outputs } = await declared(name, 'execute', () => carryOut(name, input(), step));
    assert.equal((outputs as { to: string }).to, made.other);
    assert.equal(await has(), made.other);
    await carryOut(name, input(), step);
    assert.equal(await has(), made.other);
    await declared(name, 'undo', () => undo(name, input(), step));
    assert.equal(await has(), made.one);
    await undo(name, input(), step);
    assert.equal(await has(), made.one);
  });

  it('gives one that was free, frees it again, and takes none that somebody has', async () => {
    const { from: _, ...free } = input();
    const taken = await failure(carryOut(name, free, at.context()));
    assert.deepEqual([taken.code, taken.remedy], ['address-elsewhere', 'person']);
    assert.equal(await has(), made.one);
    await made.net.ec2.disassociateAddress({
      AssociationId: (await made.net.ec2.describeAddresses({ AllocationIds: [made.address] })).Addresses![0]!.AssociationId!,
    });
    const step = at.context();
    await carryOut(name, free, step);
    assert.equal(await has(), made.other);
    await declared(name, 'undo', () => undo(name, free, step));
    assert.equal(await has(), undefined);
  });

  it('moves nothing that is not where it was told', async () => {
    const third = await machine(made.net);
    await made.net.ec2.associateAddress({ AllocationId: made.address, InstanceId: third, AllowReassociation: true });
    for (const phase of ['preflight', 'execute'] as const) {
      const error = await failure(typeOf(name)[phase](input(), at.context()) as Promise<unknown>);
      assert.deepEqual([error.code, error.remedy], ['address-elsewhere', 'person']);
    }
    await undo(name, input(), at.context());
    assert.equal(await has(), third);
  });

  it('is there once where its answer was lost, and where it was refused before it took effect', async () => {
    const step = at.context();
    await at.faults([{ service: 'ec2', operation: 'AssociateAddress', kind: 'refuse' }]);
    assert.equal((await failure(carryOut(name, input(), step))).remedy, 'again');
    assert.equal(await has(), made.one);
    await at.faults([{ service: 'ec2', operation: 'AssociateAddress', kind: 'lose' }]);
    assert.equal((await failure(carryOut(name, input(), step))).remedy, 'again');
    assert.equal(await has(), made.other);
    await carryOut(name, input(), step);
    await undo(name, input(), step);
    assert.equal(await has(), made.one);
  });

  it('only reads in its preflight', async () => {
    const before = await at.ledger();
    await declared(name, 'preflight', () => typeOf(name).preflight(input(), at.context()));
    assert.deepEqual(await at.ledger(), before);
    assert.equal(await has(), made.one);
  });

  it('refuses another account, another region, one place for both, a region that does not answer, and a wildcard', async () => {
    assert.equal((await failure(carryOut(name, input(), elsewhere(at, at.context(), '999999999999')))).code, 'wrong-account');
    assert.equal((await failure(carryOut(name, input({ site: 'west' }), at.context()))).code, 'no-address');
    assert.equal((await failure(typeOf(name).preflight(input({ to: made.one }), at.context()))).code, 'same-target');
    for (const wrong of [{ address: '*' }, { address: '' }, { to: '*' }, { from: '' }])
      assert.throws(() => typeOf(name).input.parse(input(wrong)));
    const step = at.context();
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(carryOut(name, input(), step))).code, /^aws-(?:unreachable|lost)$/u);
    await at.settings({ unreachable: [] });
    assert.equal(await has(), made.one);
  });

  const where = (tagged: readonly { kind: string; state: string | null }[]) =>
    tagged.filter(({ kind }) => kind === 'address').map(({ state }) => `address ${state}`);
  faultTable(name, {
    prepare: prepared,
    input: ({ address, one, other }) => ({ site: 'east', address, from: one, to: other }),
    effects: (_, __, all) => where(all),
    afterUndo: (_, __, all) => where(all),
  });
});
