import assert from 'node:assert/strict';
import type { Proof } from '../../activities/step.ts';
import { faultTable } from './cloud-faults.ts';
import { cloud, type Cloud } from './cloud.ts';
import { carryOut, failure, typeOf } from './estate.ts';
import { declared, machine, network, seen, type Network } from './machines.ts';

describe('fence.settle', () => {
  const name = 'fence.settle';
  const input = { site: 'east' };
  let at: Cloud;
  let east: Network;
  let ids: string[];
  /** A failback: what was the source is the target. */
  const back = (options: Parameters<Cloud['context']>[0]) => ({
    ...at.context(options),
    source: { site: 'west' },
    target: { site: 'east' },
  });
  const owed = (id: string): Proof => ({
    kind: 'fence',
    by: 'fence.pending',
    host: `east/${id}`,
    at: '2026-11-22T10:00:00.000Z',
    with: { site: 'east', id, uses: 'ec2.isolate' },
    evidence: ['PENDING: it is owed.'],
    latched: 'unknown',
  });
  const states = () => Promise.all(ids.map(async (id) => (await seen(east.ec2, id)).state));
  beforeEach(async () => {
    at = await cloud();
    east = await network(at);
    ids = [await machine(east), await machine(east), await machine(east)];
  });

  it('cuts off all that is owed at the site, each by its own type, and puts real fences in place', async () => {
    const elsewhere = { ...owed(ids[2]!), with: { site: 'west', id: ids[2], uses: 'ec2.isolate' }, host: `west/${ids[2]}` };
    const made = back({ fences: [owed(ids[0]!), owed(ids[1]!), elsewhere] });
    const outcome = await declared(name, 'execute', () => carryOut(name, input, made));
    assert.deepEqual(await states(), ['stopped', 'stopped', 'running']);
    assert.deepEqual(outcome.outputs, { settled: [`east/${ids[0]}`, `east/${ids[1]}`] });
    assert.deepEqual(
      outcome.proofs?.map(({ by, host, latched }) => [by, host, latched]),
      ids.slice(0, 2).map((id) => ['ec2.isolate', `east/${id}`, 'yes']),
    );
    const ledger = await at.ledger();
    await carryOut(name, input, made);
    assert.deepEqual(await at.ledger(), ledger, 'done twice, it is done once');
  });

  it('is done where nothing is pending', async () => {
    const real = { ...owed(ids[0]!), by: 'ec2.isolate', with: { site: 'east', id: ids[0] } };
    const outcome = await carryOut(name, input, back({ fences: [real] }));
    assert.deepEqual([outcome.outputs, outcome.proofs], [{ settled: [] }, []]);
    assert.deepEqual(await states(), ['running', 'running', 'running']);
  });

  it('goes on with what an attempt that was killed has left', async () => {
    const controller = new AbortController();
    const fences = [owed(ids[0]!), owed(ids[1]!)];
    let acts = 0;
    const made = back({
      fences,
      signal: controller.signal,
      stillOurs: async () => {
        if ((acts += 1) > 5) controller.abort(new Error('killed'));
        controller.signal.throwIfAborted();
      },
    });
    await assert.rejects(carryOut(name, input, made));
    const outcome = await carryOut(name, input, { ...back({ fences }), key: made.key });
    assert.equal(outcome.proofs?.length, 2);
    assert.deepEqual(await states(), ['stopped', 'stopped', 'running']);
    const groups = (await at.ledger()).filter(({ name: named }) => named === 'lifeboat-closed');
    assert.equal(groups.length, 1);
  });

  it('cuts off nothing at the site that serves', async () => {
    for (const phase of ['preflight', 'execute'] as const) {
      const error = await failure(typeOf(name)[phase](input, at.context({ fences: [owed(ids[0]!)] })) as Promise<unknown>);
      assert.deepEqual([error.code, error.remedy], ['serves', 'person']);
    }
    assert.deepEqual(await states(), ['running', 'running', 'running']);
  });

  it('waits for the API, and changes nothing in its preflight', async () => {
    const fences = [owed(ids[0]!)];
    const before = await at.ledger();
    await declared(name, 'preflight', () => typeOf(name).preflight(input, back({ fences })));
    assert.deepEqual(await at.ledger(), before);
    const made = back({ fences });
    await at.settings({ unreachable: ['us-east-1'] });
    const error = await failure(carryOut(name, input, made));
    assert.match(error.code, /^aws-(?:unreachable|lost)$/u);
    assert.equal(error.remedy, 'again');
  });

  faultTable(name, {
    prepare: async (fresh) => machine(await network(fresh, 'west')),
    input: () => ({ site: 'west' }),
    options: (id) => ({ fences: [{ ...owed(id), host: `west/${id}`, with: { site: 'west', id, uses: 'ec2.isolate' } }] }),
    effects: (fresh, id, all) => [
      ...fresh.filter(({ kind }) => kind === 'security-group').map(() => 'closed group'),
      ...all.filter((one) => one.id === id).map(({ state }) => `instance ${state}`),
    ],
  });
});
