import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { Entry } from '../../record/journal.ts';
import { fault } from '../../lab/fault.ts';
import { secretFile } from '../../lab/lab.ts';
import { runId, type OpenQuestion } from '../../workflows/wire.ts';
import { answer, approve, attend, cuts, isStandby, pairOfWorkers, renew, unexpected } from './scene.ts';
import { asked, choose, endOf, journalOf, stateOf, until, World } from './world.ts';

type Decided = Extract<Entry, { what: 'decided' }>;

describe('before anything was changed', () => {
  let world: World;
  before(async () => {
    world = await World.up({ workers: false });
    await pairOfWorkers(world);
  });
  after(() => world?.down());
  afterEach(async () => {
    await world.client.workflow
      .getHandle(runId('failover', 'orders'))
      .terminate('the next test')
      .catch(() => undefined);
    assert.ok(await isStandby(world, 'b-db'));
    assert.equal(await cuts(world, 'a-db'), 0);
  });

  it('a wrong password of the database is said in a sentence that names login and server', async () => {
    await changed(
      secretFile(world.lab, 'lifeboat'),
      () => 'hunter2',
      async () => {
        const end = await endOf(await world.start('unplanned'));
        assert.equal(end.verdict, 'failed');
        assert.match(end.why, /PostgreSQL on a-db .* refuses the login of lifeboat to orders: correct `login` in the inventory/u);
        assert.match(end.why, /Nothing was changed/u);
        assert.ok(!end.why.includes('hunter2'));
      },
    );
  });

  it('a wrong password of the controller stands at the gate', async () => {
    await changed(
      secretFile(world.lab, 'controller-a-db'),
      () => 'hunter2',
      async () => {
        const handle = await world.start('unplanned');
        const gate = await asked(handle, 'cut-over');
        assert.match(
          gate.facts.find(({ label }) => label === 'preflight of fence')?.value ?? '',
          /controller of a-db refuses the login \(401\)/u,
        );
        await refused(handle);
      },
    );
  });

  it('servers that are not the ones of the inventory are found out', async () => {
    const { hosts } = world.lab;
    const [a, b] = [hosts['a-db']!, hosts['b-db']!].map(({ seenFrom }) =>
      Object.fromEntries(Object.entries(seenFrom).map(([from, ports]) => [from, String(ports[5432])])),
    );
    const swapped = (text: string): string => {
      const other = new Map(Object.keys(a!).flatMap((from) => [[a![from]!, b![from]!] as const, [b![from]!, a![from]!] as const]));
      return text.replaceAll(/\d{4,5}/gu, (port) => other.get(port) ?? port);
    };
    await changed(join(world.lab.folder, 'runbooks/inventory.yaml'), swapped, async () => {
      const handle = await world.start('planned');
      const question = await asked(handle, 'preflight');
      assert.match(
        question.facts.map(({ value }) => value).join('\n'),
        /The server that answers as b-db keeps its data in .*a-db.* it is another server/u,
      );
      await choose(handle, question, 'abort');
      const end = await endOf(handle);
      assert.equal(end.verdict, 'aborted');
      assert.match(end.why, /preflight: .*it is another server/u);
    });
  });

  it('a target that cannot be reached is asked about, and looked at again', async () => {
    await fault(world.lab.folder, 'cut', ['site-b', 'b-db:5432']);
    const handle = await world.start('planned');
    const question = await asked(handle, 'preflight');
    assert.match(question.title, /Nothing was changed yet/u);
    assert.match(
      question.facts.map(({ label, value }) => `${label}: ${value}`).join('\n'),
      /promote at site-b: PostgreSQL on b-db .* does not answer in time/u,
    );
    await fault(world.lab.folder, 'heal', ['cut']);
    await choose(handle, question, 'retry');
    await refused(handle);
  });
});

describe('decisions about a real failover', () => {
  let world: World;
  before(async () => {
    world = await World.up({ workers: false });
    await pairOfWorkers(world);
  });
  after(() => world?.down());

  it('count once each: not by who started it, twice at once while no worker runs, and not when late', async () => {
    await fault(world.lab.folder, 'kill-primary');
    await fault(world.lab.folder, 'fence-dead', ['a-db']);
    const handle = await world.start('unplanned', { by: 'alice@example.com' });
    const gate = await asked(handle, 'cut-over');
    await choose(handle, gate, 'approve', 'alice@example.com');
    await choose(handle, gate, 'approve', 'carol@example.com');
    await until(async () => (await decided(handle)).length === 2, 'both to be recorded');
    assert.deepEqual(
      (await decided(handle)).map(({ counts, note }) => [counts, note]),
      [
        [false, 'who started the run cannot approve it'],
        [false, 'not in dr-leads'],
      ],
    );

    await world.stopWorkers();
    await Promise.all(['bob@example.com', 'bob@example.com'].map((by) => choose(handle, gate, 'approve', by)));
    await pairOfWorkers(world);
    // The controller is dead: the run waits at the fence.
    const task = await asked(handle, 'fence', 1, 40_000);
    await choose(handle, gate, 'approve', 'bob@example.com');
    await until(async () => (await decided(handle)).length === 5, 'the second and the late one to be recorded');
    const [, , ...rest] = await decided(handle);
    assert.deepEqual(
      rest.map(({ counts }) => counts),
      [true, false, false],
    );
    for (const late of rest.slice(1)) assert.match(late.note, /nothing was asked|same person|already/u);

    await fault(world.lab.folder, 'heal', ['fence-dead']);
    await choose(handle, task, 'refuse', 'carol@example.com');
    await answer(handle, 'fence', 'retry', { attempt: 2 });
    const end = await endOf(handle);
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    await onceOnly(world);
  });

  it('are asked for again when the run is reset to the gate half way, and nothing is done twice', async () => {
    await renew(world);
    await fault(world.lab.folder, 'kill-primary');
    await fault(world.lab.folder, 'fence-dead', ['a-db']);
    const handle = await world.start('unplanned');
    const gate = await approve(handle);
    await asked(handle, 'fence');
    const again = await reset(world, handle, 'to the gate');
    const asks = await gateOf(again);
    assert.ok(
      (await decided(again)).every(({ counts }) => !counts),
      'the old approval does not count',
    );
    await fault(world.lab.folder, 'heal', ['fence-dead']);
    // The old press, pressed again: of an attempt that the reset took back.
    if (asks.attempt > 1) await choose(again, gate, 'approve', 'bob@example.com');
    assert.equal(await cuts(world, 'a-db'), 0);
    // Its facts may be newer than those of the first time, ask for one more person, or have it asked anew.
    const people = ['alice@example.com', 'bob@example.com'];
    const end = await attend(again, (question) => (question.id === 'cut-over' ? 'approve' : unexpected(question)), people);
    assert.equal(end.verdict, 'recovered, unprotected', end.why);
    await onceOnly(world);
  });

  it('are asked for again when the run is reset before the gate once all was done, and nothing is done twice', async () => {
    await renew(world);
    await fault(world.lab.folder, 'kill-primary');
    const handle = await world.start('unplanned');
    await approve(handle);
    assert.equal((await endOf(handle)).verdict, 'recovered, unprotected');
    await onceOnly(world);

    const again = await reset(world, handle, 'before the gate');
    const asks = await gateOf(again);
    assert.deepEqual(asks.have, []);
    assert.ok(
      (await decided(again)).every(({ counts }) => !counts),
      'the old approval does not count',
    );
    const agree = async (open: OpenQuestion): Promise<void> => {
      for (const by of ['alice@example.com', 'bob@example.com'].slice(0, open.count)) await choose(again, open, 'approve', by);
    };
    await agree(asks);
    // Where it was reset at once, the first question had the facts of before; by now it takes one more person.
    const next = await until(
      async () =>
        (await stateOf(again)).questions.find(({ id, attempt }) => id === 'tell' || (id === 'cut-over' && attempt > asks.attempt)),
      'what is asked next',
      30_000,
    );
    if (next.id === 'cut-over') await agree(next);
    // What is done already is taken as it is; the system was given back, so nothing more is done.
    const failed = await asked(again, 'tell');
    assert.match(failed.facts.map(({ value }) => value).join(' '), /no longer lent to this run.* Start a new run/u);
    await choose(again, failed, 'abort');
    const end = await endOf(again);
    assert.match(`${end.verdict}: ${end.why}`, /^aborted: .*site-b serves orders now/u);
    await onceOnly(world);
  });
});

/** The gate of a run that was reset, whatever its attempt. */
const gateOf = (handle: WorkflowHandle): Promise<OpenQuestion> =>
  until(async () => (await stateOf(handle)).questions.find(({ id }) => id === 'cut-over'), 'the gate to be asked again', 30_000);

async function onceOnly(world: World): Promise<void> {
  assert.deepEqual([await world.promotions('b-db'), await cuts(world, 'a-db')], [1, 1]);
  assert.equal(new Set((await world.hooks()).map(({ key }) => key)).size, 1);
}

async function refused(handle: WorkflowHandle): Promise<void> {
  await answer(handle, 'cut-over', 'refuse');
  const end = await endOf(handle);
  assert.match(`${end.verdict}: ${end.why}`, /^backed out: refused at cut-over by alice@example.com/u);
}

async function decided(handle: WorkflowHandle): Promise<Decided[]> {
  return (await journalOf(handle)).filter((entry) => entry.what === 'decided');
}

/** Changes a file for as long as something is tried. */
async function changed(file: string, change: (text: string) => string, act: () => Promise<void>): Promise<void> {
  const before = await readFile(file, 'utf8');
  await writeFile(file, change(before));
  try {
    await act();
  } finally {
    await writeFile(file, before);
  }
}

/** Resets a run, through the server's own call, to the workflow task that asked at the gate, or to the one that came to it. */
async function reset(world: World, handle: WorkflowHandle, where: 'before the gate' | 'to the gate'): Promise<WorkflowHandle> {
  const events = (await handle.fetchHistory()).events ?? [];
  const approval = events.find((event) => event.workflowExecutionSignaledEventAttributes?.signalName?.startsWith('Approve'));
  // What the gate waits for.
  const facts = events.find((event) => event.activityTaskScheduledEventAttributes?.activityId === 'facts')!;
  const known = events.find(
    (event) => Number(event.activityTaskCompletedEventAttributes?.scheduledEventId ?? 0) === Number(facts.eventId),
  )!;
  const tasks = events.filter((event) => event.workflowTaskCompletedEventAttributes);
  const task =
    where === 'to the gate'
      ? tasks.findLast(({ eventId }) => Number(eventId) < Number(approval!.eventId))!
      : tasks.find(({ eventId }) => Number(eventId) > Number(known.eventId))!;
  const { runId: made } = await world.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId, runId: (await handle.describe()).runId },
    workflowTaskFinishEventId: task.eventId!,
    requestId: `${where} ${Date.now()}`,
    reason: 'a test',
  });
  return world.client.workflow.getHandle(handle.workflowId, made);
}
