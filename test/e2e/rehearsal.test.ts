import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { fault } from '../../lab/fault.ts';
import { copiesOf, hostOf } from '../../lab/lab.ts';
import { isFree } from '../../lab/ports.ts';
import type { Entry } from '../../record/journal.ts';
import { controlQueue, systemId, type Finding, type RunResult, type SystemState } from '../../workflows/wire.ts';
import { Crowd } from '../judge/crowd.ts';
import { answer, approve, failures, leftBy, pairOfWorkers, renew } from './scene.ts';
import { asked, endOf, journalOf, stateOf, World } from './world.ts';
import { Watch } from './watch.ts';

describe('a rehearsal', function () {
  this.timeout(120_000);
  let world: World;
  let watch: Watch | undefined;
  before(async () => {
    world = await World.up({ workers: false });
    await pairOfWorkers(world);
  });
  after(() => world?.down());
  afterEach(() => watch?.stop());

  let runs = 0;
  const rehearse = (input: object = {}): Promise<WorkflowHandle> =>
    world.client.workflow.start('rehearsal', {
      workflowId: `rehearsal-orders-${(runs += 1)}`,
      taskQueue: controlQueue,
      workflowTaskTimeout: '3 seconds',
      args: [{ system: 'orders', runbook: 'orders-failover', by: 'zoe@example.com', ...input }],
    });
  /** The execution completes, whatever the rehearsal found. */
  const ended = async (handle: WorkflowHandle): Promise<RunResult> => (await handle.result()) as RunResult;
  const known = (): Promise<SystemState> => world.client.workflow.getHandle(systemId('orders')).query<SystemState>('state');
  const finding = async (id: string): Promise<Finding | undefined> => (await known()).findings?.find((one) => one.id === id);
  const swept = async (handle: WorkflowHandle): Promise<Extract<Entry, { what: 'swept' }>> => {
    const entry = (await journalOf(handle)).findLast((one) => one.what === 'swept');
    assert.equal(entry?.what, 'swept', 'the journal does not tell what is left');
    return entry as Extract<Entry, { what: 'swept' }>;
  };
  /** Read from outside: no folder, no server. */
  const nothingLeft = async (handle: WorkflowHandle): Promise<void> => {
    const { left, unseen, keptUntil } = await swept(handle);
    assert.deepEqual({ left, unseen, keptUntil }, { left: [], unseen: [], keptUntil: null });
    const root = copiesOf(world.lab, 'b-db');
    assert.deepEqual(existsSync(root) ? readdirSync(root) : [], []);
    assert.ok(await isFree(hostOf(world.lab, 'b-db').copy), 'something listens at the port of the copy');
  };
  /** Changes a runbook of the lab for as long as the work lasts. */
  const with_ = async (change: (text: string) => string, work: () => Promise<void>, name = 'orders-failover'): Promise<void> => {
    const file = join(world.lab.folder, 'runbooks', `${name}.yaml`);
    const before = await readFile(file, 'utf8').catch(() => '');
    await writeFile(file, change(before));
    try {
      await work();
    } finally {
      await writeFile(file, before === '' ? change('') : before);
    }
  };

  it('passes, tells what it proved, leaves nothing, and those in service do not notice', async () => {
    watch = await Watch.start(world, await Crowd.start(world.lab));
    const handle = await rehearse();
    const end = await ended(handle);
    assert.equal(end.verdict, 'rehearsed', end.why);
    await watch.end(3_000);
    await nothingLeft(handle);
    const { record, report } = await leftBy(end);
    assert.ok(record.duration < 30_000, `it took ${record.duration} ms`);
    const { rehearsal } = record;
    assert.deepEqual(
      rehearsal?.proved.map(({ step, how }) => `${step} ${how}`),
      ['copy on a copy', 'facts on a copy', 'fence by reading', 'promote on a copy', 'copy-rows by reading', 'rows on a copy'].filter(
        (one) => rehearsal!.proved.some(({ step }) => one.startsWith(`${step} `)),
      ),
    );
    assert.deepEqual(rehearsal.differs.find(({ step }) => step === 'tell')?.how, 'left out');
    assert.equal(rehearsal.cleanUp?.removed.length, 1);
    assert.ok(record.notProven.some(({ what }) => what === 'cut-over'));
    assert.match(report, /The rehearsal of the failover of orders passed/);
    assert.match(report, /0 left over/);
    const { proven, active, holder, measured } = await known();
    assert.equal(proven?.rehearsal?.run, handle.workflowId);
    assert.deepEqual([active ?? 'site-a', holder], ['site-a', null]);
    assert.deepEqual(Object.keys(measured!['orders-failover']!.at(-1)!.durations).includes('promote'), true);
    assert.equal(end.serving, null);
  });

  it('goes on where a step fails, names every flaw, and the next one that finds none closes it', async () => {
    const wrong = (text: string): string =>
      text
        .replace('select count(*) > 0 from orders, expect: true', 'select count(*) > 1000000 from orders, expect: true')
        .replace('role: standby', 'role: primary');
    await with_(wrong, async () => {
      const handle = await rehearse();
      const end = await ended(handle);
      assert.equal(end.verdict, 'failed');
      assert.deepEqual(await failures(handle), ['facts: wrong-role']);
      assert.match(end.why, /facts: PostgreSQL on copy-of-b-db is a standby, not a primary/);
      await nothingLeft(handle);
    });
    assert.equal((await finding('orders-failover/facts/wrong-role'))?.state, 'open');
    const query = (text: string): string => text.replace('select count(*) > 0 from orders', 'select count(*) >= 0 from orders');
    await with_(query, async () => {
      const end = await ended(await rehearse());
      assert.equal(end.verdict, 'rehearsed', end.why);
    });
    assert.equal((await finding('orders-failover/facts/wrong-role'))?.state, 'closed');
    assert.equal((await finding('orders-failover/rows/passes-when-empty'))?.state, 'open');
  });

  it('asks people where the runbook says so, and nobody can take it for the real thing', async () => {
    const ask = (text: string): string => `${text}\nrehearsal: { gates: ask }\n`;
    await with_(ask, async () => {
      const first = await rehearse();
      const question = await asked(first, 'cut-over');
      assert.match(question.title, /^Rehearsal: Move orders/);
      assert.ok(
        question.choices.every(({ signal }) => signal.startsWith('Rehearsal: ')),
        JSON.stringify(question.choices),
      );
      await answer(first, 'cut-over', 'approve');
      const passed = await ended(first);
      assert.equal(passed.verdict, 'rehearsed', passed.why);
      assert.match(passed.why, /1 gate was answered/);

      const second = await rehearse();
      await answer(second, 'cut-over', 'refuse');
      const refused = await ended(second);
      assert.equal(refused.verdict, 'failed');
      assert.match(refused.why, /cut-over: refused at cut-over by alice@example\.com/);
      assert.ok(!(await journalOf(second)).some((one) => one.what === 'begun' && one.step === 'promote'));
      await nothingLeft(second);
    });
  });

  it('fails where nothing of the runbook can be tried', async () => {
    const idle = `runbook: orders-idle
kind: backup
system: orders
description: Tells people, and does nothing.
steps:
  - id: tell
    uses: notify.webhook
    with: { to: on-call }
`;
    await with_(
      () => idle,
      async () => {
        const end = await ended(await rehearse({ runbook: 'orders-idle' }));
        assert.equal(end.verdict, 'failed');
        assert.match(end.why, /Nothing of the runbook was tried/);
      },
      'orders-idle',
    );
  });

  it('meets no other rehearsal of its system', async () => {
    await with_(
      (text) => `${text}\nrehearsal: { gates: ask }\n`,
      async () => {
        const first = await rehearse();
        await asked(first, 'cut-over');
        const second = await ended(await rehearse());
        assert.equal(second.verdict, 'refused', second.why);
        assert.match(second.why, /another rehearsal/);
        await answer(first, 'cut-over', 'approve');
        assert.equal((await ended(first)).verdict, 'rehearsed');
      },
    );
  });

  it('gives way at once when the primary dies meanwhile and is failed over', async () => {
    await renew(world);
    await with_(
      (text) => `${text}\nrehearsal: { gates: ask }\n`,
      async () => {
        const handle = await rehearse();
        await asked(handle, 'cut-over');
        await fault(world.lab.folder, 'kill-primary');
        const live = await world.start('unplanned');
        await approve(live);
        const end = await endOf(live);
        assert.equal(end.verdict, 'recovered, unprotected', end.why);
        assert.equal((await stateOf(handle)).state, 'waiting for approval');
        await answer(handle, 'cut-over', 'approve');
        const over = await ended(handle);
        assert.equal(over.verdict, 'failed');
        assert.match(over.why, /no longer lent to this run/);
        await nothingLeft(handle);
        assert.deepEqual([await world.promotions('b-db')], [1]);
        assert.equal((await known()).active, 'site-b');
        assert.equal(await finding('orders-failover/promote/not-ours'), undefined);
      },
    );
  });
});
