import assert from 'node:assert/strict';
import { tagsFor } from '../../activities/aws/tags.ts';
import { faultTable } from './cloud-faults.ts';
import { cloud, type Cloud } from './cloud.ts';
import { carryOut, failure, rehearse, typeOf, undo } from './estate.ts';
import { declared, elsewhere, machine, network, seen, type Network } from './machines.ts';

describe('ec2.stop', () => {
  let at: Cloud;
  let east: Network;
  let id: string;
  const name = 'ec2.stop';
  const input = (more: object = {}) => ({ site: 'east', id, ...more });
  const state = async (): Promise<string> => (await seen(east.ec2, id)).state;
  beforeEach(async () => {
    at = await cloud();
    east = await network(at);
    id = await machine(east);
  });

  it('stops an instance, waits until it is stopped, and starts it again when it is undone', async () => {
    await at.settings({ seconds: { 'ec2:instance': 0.3 } });
    const made = at.context();
    const { outputs } = await declared(name, 'execute', () => carryOut(name, input(), made));
    assert.deepEqual(outputs, { state: 'stopped' });
    assert.equal(await state(), 'stopped');
    await carryOut(name, input(), made);
    await declared(name, 'undo', () => undo(name, input(), made));
    assert.equal(await state(), 'running');
  });

  it('does not start in its undo what somebody else had stopped', async () => {
    await east.ec2.stopInstances({ InstanceIds: [id] });
    const made = at.context();
    await carryOut(name, input(), made);
    await undo(name, input(), made);
    assert.equal(await state(), 'stopped');
  });

  it('is no fence', () => {
    assert.deepEqual(typeOf(name).provides ?? [], []);
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
    await at.settings({ unreachable: [] });
    assert.equal(await state(), 'running');
  });

  it('touches in a rehearsal only what a rehearsal made', async () => {
    const made = at.context({ live: false });
    assert.equal((await failure(rehearse(name, input(), made))).code, 'not-a-copy');
    assert.equal(await state(), 'running');
    const copy = await machine(east, { 'lifeboat:purpose': 'rehearsal' });
    await declared(name, 'rehearse', () => rehearse(name, input({ id: copy }), made));
    assert.equal((await seen(east.ec2, copy)).state, 'stopped');
  });

  it('starts again after a rehearsal the stand-in that it stopped there, and leaves alone what it was refused and what is gone', async () => {
    const made = at.context({ live: false });
    const sweep = (one: string, by = made) => typeOf(name).sweep!(input({ id: one }), by);
    await failure(rehearse(name, input(), made));
    assert.deepEqual(await sweep(id), []);
    const copy = await machine(east, { 'lifeboat:purpose': 'rehearsal' });
    await rehearse(name, input({ id: copy }), made);
    assert.deepEqual(await sweep(copy, at.context({ live: false })), []);
    assert.match((await declared(name, 'undo', () => sweep(copy))).join(), /is running again/u);
    assert.equal((await seen(east.ec2, copy)).state, 'running');
    assert.deepEqual(await sweep(copy), []);
    await rehearse(name, input({ id: copy }), made);
    await east.ec2.terminateInstances({ InstanceIds: [copy] });
    assert.deepEqual(await sweep(copy), []);
    assert.deepEqual(await sweep('i-0123456789abcdef0'), []);
    await assert.rejects(sweep(copy, at.context()), { code: 'rehearsal-only' });
  });

  it('leaves to the sweep of everything what the rehearsal launched itself', async () => {
    const made = at.context({ live: false });
    const own = await machine(east, Object.fromEntries(tagsFor(made).map(({ Key, Value }) => [Key, Value])));
    await rehearse(name, input({ id: own }), made);
    assert.deepEqual(await typeOf(name).sweep!(input({ id: own }), made), []);
    assert.equal((await seen(east.ec2, own)).state, 'stopped');
  });

  faultTable(name, {
    prepare: async (fresh) => machine(await network(fresh)),
    input: (made) => ({ site: 'east', id: made }),
    effects: (_, made, all) => all.filter((one) => one.id === made).map((one) => `instance ${one.state}`),
    afterUndo: (_, made, all) => all.filter((one) => one.id === made).map((one) => `instance ${one.state}`),
  });
});
