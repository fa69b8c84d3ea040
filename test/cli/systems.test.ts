import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReturnRequest } from '../../workflows/system/requests.ts';
import { controlQueue, systemId, type Found, type SystemState } from '../../workflows/wire.ts';
import { cast, stage, type Stage } from '../workflows/stage.ts';
import { json, lifeboat, type Called } from './call.ts';

describe('lifeboat findings, stop and resume, with a server and a worker', () => {
  let theatre: Stage;
  let empty: string;
  let release: () => void;
  let worker: Promise<unknown>;
  before(async () => {
    theatre = await stage();
    empty = await mkdtemp(join(tmpdir(), 'lifeboat-systems-'));
    const actors = await cast(theatre, { steps: [] });
    worker = actors.run(() => new Promise<void>((resolve) => (release = resolve)));
    for (const system of ['orders', 'shop']) {
      const known: SystemState = { system, active: 'site-a', epoch: 1, holder: null, fences: [], unprotectedSince: null, lastRun: null };
      await theatre.client.workflow.start('system', {
        workflowId: systemId(system),
        taskQueue: controlQueue,
        args: [system, system === 'shop' ? known : { ...known, rest: { until: '2100-01-01T00:00:00.000Z', why: 'it was moved' } }],
      });
      await found(system, [flaw('promote', 'must'), flaw('rows', 'should'), flaw('tell', 'note')], ['promote', 'rows', 'tell']);
    }
  });
  after(async () => {
    release();
    await worker;
    await theatre.env.teardown();
    await rm(empty, { recursive: true });
  });

  const flaw = (subject: string, weight: Found['weight']): Found => ({ subject, code: 'broken', weight, text: `${subject} is broken` });
  const handle = (system: string) => theatre.client.workflow.getHandle(systemId(system));
  const state = (system: string): Promise<SystemState> => handle(system).query<SystemState>('state');
  let runs = 0;
  const found = (system: string, all: readonly Found[], tried: readonly string[]): Promise<unknown> => {
    const walked = {
      runbook: `${system}-failover`,
      mode: 'planned' as const,
      durations: { promote: 1 },
      recovery: { time: 1, point: null },
    };
    const back: ReturnRequest = {
      system,
      epoch: null,
      serving: null,
      verdict: 'failed',
      fences: [],
      workflowId: `rehearsal-${system}`,
      runId: `run-${(runs += 1)}`,
      rehearsed: { ...walked, passed: false, found: all, tried },
    };
    return handle(system).executeUpdate('return', { args: [back] });
  };
  // In a folder without runbooks, or with those of the product.
  const call = (...args: string[]): Promise<Called> =>
    lifeboat(args, { TEMPORAL_ADDRESS: theatre.env.address ?? '', LIFEBOAT_AS: 'zoe' }, empty);

  it('lists what is to be mended, the weightiest first, of one system or of all', async () => {
    const all = json(await call('findings', '--json')) as { system: string; id: string }[];
    assert.deepEqual(all.map(({ system }) => system).toSorted(), ['orders', 'orders', 'orders', 'shop', 'shop', 'shop']);
    const one = await call('findings', 'orders');
    assert.equal(one.code, 0, one.err);
    const [head, ...lines] = one.out.trim().split('\n');
    assert.match(head!, /^system +weight +state +id +known for +owner +due +what$/u);
    assert.deepEqual(
      lines.map((line) => /(must|should|note) +open +(\S+)/u.exec(line)?.slice(1)),
      [
        ['must', 'orders-failover/promote/broken'],
        ['should', 'orders-failover/rows/broken'],
        ['note', 'orders-failover/tell/broken'],
      ],
    );
    assert.match(lines[0]!, /[0-9] m?s, 1× +nobody/u);
  });

  it('assigns, accepts, closes and opens again by the id alone, and keeps who said it and why', async () => {
    const id = 'orders-failover/promote/broken';
    const assigned = await call('findings', 'assign', id, '--owner', 'bob', '--due', '2100-01-31');
    assert.equal(assigned.code, 0, assigned.err);
    assert.match(assigned.out, /bob +2100-01-31/u);
    const [accepted] = json(await call('findings', 'accept', id, '--until', '2100-02-01', '--reason', 'a new array comes', '--json'));
    assert.deepEqual(
      [accepted.state, accepted.owner, accepted.word.by, accepted.word.reason, accepted.word.until],
      ['accepted', 'bob', 'zoe', 'a new array comes', '2100-02-01T00:00:00.000Z'],
    );
    await call('findings', 'close', 'orders', id, 'orders-failover/tell/broken', '--reason', 'mended');
    assert.deepEqual(
      (json(await call('findings', 'orders', '--json')) as { id: string }[]).map((one) => one.id),
      ['orders-failover/rows/broken'],
    );
    assert.equal((json(await call('findings', 'orders', '--all', '--json')) as unknown[]).length, 3);
    const [opened] = json(await call('findings', 'reopen', id, '--as', 'carol', '--json'));
    assert.deepEqual([opened.state, opened.word.by, opened.owner], ['open', 'carol', 'bob']);
    await found('orders', [], ['promote']);
    assert.deepEqual(
      (await state('orders')).findings?.map((one) => [one.subject, one.state, one.word?.by]),
      [
        ['promote', 'closed', 'retest'],
        ['rows', 'open', undefined],
        ['tell', 'closed', 'zoe'],
      ],
    );
  });

  for (const [words, said] of [
    [['findings', 'close', 'shop-failover/rows/broken'], /close needs a reason/u],
    [['findings', 'accept', 'shop-failover/rows/broken', '--reason', 'why'], /until a date/u],
    [['findings', 'accept', 'shop-failover/rows/broken', '--reason', 'why', '--until', '2020-01-01'], /is over/u],
    [['findings', 'assign', 'shop-failover/rows/broken', '--due', 'soon'], /"soon" is no date/u],
    [['findings', 'assign', 'shop-failover/rows/brokn', '--owner', 'bob'], /no finding .* Did you mean "shop-failover\/rows\/broken"/u],
    [['findings', 'close', '--reason', 'why'], /needs the id of a finding/u],
    [['findings', 'shp'], /knows no system shp.* Did you mean "shop"/u],
    [['stop', 'shop'], /stop needs a reason/u],
    [['stop', '--reason', 'why'], /stop needs systems, or --all/u],
    [['stop', 'shp', '--reason', 'why'], /no system shp.* Did you mean "shop"/u],
    [['resume', 'orders', '--lift-rest'], /resume needs a reason/u],
  ] as const)
    it(`refuses "${words.join(' ')}" with what to do instead`, async () => {
      const { code, err } = await call(...words);
      assert.ok(code !== 0, 'it says so by its exit code');
      assert.match(err, said);
    });

  it('stops one system or all within seconds, says that each has heard it, and allows effects again', async () => {
    const began = Date.now();
    const one = await call('stop', 'shop', '--reason', 'the array loses writes');
    assert.deepEqual([one.code, one.out.startsWith('shop: stopped: no change begins')], [0, true], one.err);
    assert.ok(Date.now() - began < 8_000, `${Date.now() - began} ms`);
    const { memo } = await handle('shop').describe();
    assert.match((memo!['loan'] as { stopped: string }).stopped, /^zoe at .*: the array loses writes$/u);
    assert.deepEqual(json(await call('stop', '--all', '--reason', 'everything', '--json')), [
      { system: 'orders', heard: true },
      { system: 'shop', heard: true },
    ]);
    assert.equal((await call('resume', 'orders', 'shop')).code, 0);
    assert.deepEqual([(await state('orders')).stopped, (await state('shop')).stopped], [null, null]);
    assert.notEqual((await state('orders')).rest, null, 'a pause is lifted by a word of its own');
    const lifted = await call('resume', 'orders', '--lift-rest', '--reason', 'site-b burns');
    assert.match(lifted.out, /^orders: it may be failed over again/u);
    assert.deepEqual([(await state('orders')).rest, (await state('orders')).said?.at(-1)?.what], [null, 'lifted the pause']);
  });
});
