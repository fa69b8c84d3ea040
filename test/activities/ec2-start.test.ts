import assert from 'node:assert/strict';
import type { Proof } from '../../activities/step.ts';
import { faultTable } from './cloud-faults.ts';
import { cloud, type Cloud } from './cloud.ts';
import { carryOut, failure, rehearse, typeOf, undo } from './estate.ts';
import { declared, elsewhere, machine, network, seen, type Network } from './machines.ts';

describe('ec2.start', () => {
  let at: Cloud;
  let east: Network;
  let id: string;
  const name = 'ec2.start';
  const input = (more: object = {}) => ({ site: 'east', id, ...more });
  const state = async (): Promise<string> => (await seen(east.ec2, id)).state;
  const stopped = async (net: Network, tags = {}): Promise<string> => {
    const one = await machine(net, tags);
    await net.ec2.stopInstances({ InstanceIds: [one] });
    return one;
  };
  const fence = (host: string, more: Partial<Proof> = {}): Proof => ({
    kind: 'fence',
    by: 'ec2.isolate',
    host,
    at: '2026-11-22T10:00:00.000Z',
    with: { site: 'east', id },
    evidence: [],
    latched: 'yes',
    ...more,
  });
  beforeEach(async () => {
    at = await cloud();
    east = await network(at);
    id = await stopped(east);
  });

  it('starts an instance, waits until it is well, and stops it again when it is undone', async () => {
    await at.settings({ seconds: { 'ec2:instance': 0.3 } });
    const made = at.context();
    const { outputs } = await declared(name, 'execute', () => carryOut(name, input(), made));
    assert.deepEqual({ ...(outputs as object), address: '' }, { state: 'running', address: '', zone: 'us-east-1a' });
    assert.equal(await state(), 'running');
    await declared(name, 'undo', () => undo(name, input(), made));
    assert.equal(await state(), 'stopped');
  });

  it('does not stop in its undo what ran before', async () => {
    await east.ec2.startInstances({ InstanceIds: [id] });
    const made = at.context();
    await carryOut(name, input(), made);
    await undo(name, input(), made);
    assert.equal(await state(), 'running');
  });

  it('starts nothing on which a fence stands, nor anything at a site where one is pending', async () => {
    const pending = fence('east/shop-db', {
      by: 'fence.pending',
      with: { site: 'east', id: 'shop-db', uses: 'rds.isolate' },
      latched: 'unknown',
    });
    const tries: [Proof, string, object][] = [
      [fence(`east/${id}`), 'fenced', {}],
      [fence('c-db'), 'fenced', { host: 'c-db' }],
      [pending, 'fence-pending', {}],
    ];
    for (const [standing, code, more] of tries) {
      const made = at.context({ fences: [standing] });
      for (const phase of ['preflight', 'execute'] as const) {
        const error = await failure(typeOf(name)[phase](input(more), made) as Promise<unknown>);
        assert.deepEqual([error.code, error.remedy], [code, 'person']);
      }
    }
    assert.equal(await state(), 'stopped');
    await carryOut(name, input(), at.context({ fences: [fence('east/i-00000000000000000')] }));
    assert.equal(await state(), 'running');
  });

  it('says so where there is no capacity', async () => {
    await at.faults([{ service: 'ec2', operation: 'StartInstances', kind: 'refuse', code: 'InsufficientInstanceCapacity', status: 500 }]);
    const error = await failure(carryOut(name, input(), at.context()));
    assert.deepEqual([error.code, error.remedy], ['aws-no-capacity', 'person']);
  });

  it('only reads in its preflight, and refuses there what was terminated', async () => {
    const before = await at.ledger();
    await declared(name, 'preflight', () => typeOf(name).preflight(input(), at.context()));
    assert.deepEqual(await at.ledger(), before);
    await east.ec2.terminateInstances({ InstanceIds: [id] });
    assert.equal((await failure(typeOf(name).preflight(input(), at.context()))).code, 'instance-ended');
    assert.equal((await failure(carryOut(name, input(), at.context()))).code, 'instance-ended');
  });

  it('refuses another account, another region, a region that does not answer, and what is no single instance', async () => {
    assert.equal((await failure(carryOut(name, input(), elsewhere(at, at.context(), '999999999999')))).code, 'wrong-account');
    assert.equal((await failure(carryOut(name, input({ site: 'west' }), at.context()))).code, 'no-instance');
    for (const target of ['', '*', 'i-*', 'app']) assert.throws(() => typeOf(name).input.parse({ site: 'east', id: target }));
    const made = at.context();
    await at.settings({ unreachable: ['us-east-1'] });
    assert.match((await failure(carryOut(name, input(), made))).code, /^aws-(?:unreachable|lost)$/u);
  });

  it('touches in a rehearsal only what a rehearsal made', async () => {
    const made = at.context({ live: false });
    assert.equal((await failure(rehearse(name, input(), made))).code, 'not-a-copy');
    assert.equal(await state(), 'stopped');
    const copy = await stopped(east, { 'lifeboat:purpose': 'rehearsal' });
    await declared(name, 'rehearse', () => rehearse(name, input({ id: copy }), made));
    assert.equal((await seen(east.ec2, copy)).state, 'running');
    assert.match((await declared(name, 'undo', () => typeOf(name).sweep!(input({ id: copy }), made))).join(), /is stopped again/u);
    assert.equal((await seen(east.ec2, copy)).state, 'stopped');
    assert.deepEqual(await typeOf(name).sweep!(input({ id: copy }), made), []);
  });

  it('is undone together with the stop before it, newest first, and each of both puts back what it found', async () => {
    const ran = await machine(east);
    const steps = [
      ['ec2.stop', at.context()],
      [name, at.context()],
      ['ec2.stop', at.context()],
    ] as const;
    for (const [uses, made] of steps) await carryOut(uses, input({ id: ran }), made);
    await undo('ec2.stop', input({ id: ran }), steps[0][1]);
    assert.equal((await seen(east.ec2, ran)).state, 'stopped');
    for (const [place, state] of [
      [2, 'running'],
      [1, 'stopped'],
      [0, 'running'],
    ] as const) {
      const [uses, made] = steps[place];
      await declared(uses, 'undo', () => undo(uses, input({ id: ran }), made));
      assert.equal((await seen(east.ec2, ran)).state, state);
    }
  });

  faultTable(name, {
    prepare: async (fresh) => stopped(await network(fresh)),
    input: (made) => ({ site: 'east', id: made }),
    effects: (_, made, all) => all.filter((one) => one.id === made).map((one) => `instance ${one.state}`),
    afterUndo: (_, made, all) => all.filter((one) => one.id === made).map((one) => `instance ${one.state}`),
  });
});
