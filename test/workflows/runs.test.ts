import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { WithStartWorkflowOperation } from '@temporalio/client';
import type { Kind } from '../../plan/plan.ts';
import type { Facts, RunState } from '../../workflows/wire.ts';
import { controlQueue, systemId } from '../../workflows/wire.ts';
import type { RunRecord } from '../../record/schema/run.ts';
import { recordOf } from '../../worker/record-of.ts';
import {
  asked,
  calm,
  cast,
  choose,
  gate,
  journalOf,
  nextSystem,
  start,
  stateOf,
  step,
  theStage,
  until,
  type Handle,
  type Play,
  type Stage,
} from './stage.ts';
import { ending, entries } from './scene.ts';
import { Troupe } from './troupe.ts';

describe('runs of a run', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));

  /** Plays a parent run about a system of its own, and ends what is still open of it and its children. */
  async function play<T>(
    troupe: Troupe,
    what: Play,
    act: (handle: Handle) => Promise<T>,
    kind: Kind = 'failover',
    input: object = {},
    within = 40_000,
  ): Promise<T> {
    const system = nextSystem();
    const worker = await cast(theatre, { ...what, run: { ...troupe.compiled(what, system, kind), ...troupe.activities, ...what.run } });
    return worker.run(async () => {
      const handle = await theatre.client.workflow.start(kind, {
        workflowId: `${kind}-${system}`,
        taskQueue: controlQueue,
        args: [{ system, by: 'zoe', ...(kind === 'failover' ? { mode: 'unplanned' } : {}), ...input }],
        workflowTaskTimeout: '3 seconds',
        workflowExecutionTimeout: '5 minutes',
      });
      const deadline = new AbortController();
      try {
        // Before mocha gives up, so that the workers of a scene that hangs are gone when the next one begins.
        return await Promise.race([act(handle), late(within, deadline.signal)]);
      } finally {
        deadline.abort();
        const children = await startedBy(handle);
        for (const id of [handle.workflowId, ...children])
          await theatre.client.workflow
            .getHandle(id)
            .terminate('the scene is over')
            .catch(() => undefined);
      }
    });
  }

  const script: NonNullable<Play['script']> = { 't.go.execute': () => undefined };
  const moves = [gate('cut-over'), step('promote', ['cut-over'], { promotes: true })];
  const child = (system: string): Handle => theatre.client.workflow.getHandle(`failover-${system}`);
  const running = (system: string): Promise<RunState> => until(() => stateOf(child(system)), `a run of ${system}`);

  it('are approved by the gate before them, which their journal names with who and when', async () => {
    const troupe = new Troupe();
    const system = nextSystem();
    const steps = [gate('tier-1'), troupe.runs('one', [system], moves, { needs: ['tier-1'] })];
    await play(troupe, { steps, script }, async (handle) => {
      await choose(handle, await asked(handle, 'tier-1'), 'approve', 'alice');
      await until(async () => (await stateOf(handle)).steps.find(({ id }) => id === 'one')?.state === 'done', 'the child to be done');
      const [decided] = await entries(child(system), 'decided');
      assert.deepEqual([decided?.by, decided?.counts, decided?.question], ['alice', true, 'cut-over']);
      assert.equal(decided?.note, `approved by the gate tier-1 of ${handle.workflowId}`);
      assert.equal((await ending(child(system))).verdict, 'recovered, unprotected');
    });
  });

  const doubtful: readonly (readonly [string, Partial<Facts>])[] = [
    ['the loss is not known', { atRisk: null, atRiskText: 'unknown' }],
    ['the loss is beyond its objective', { atRisk: { bytes: 9, milliseconds: 60_000 } }],
  ];
  for (const [what, facts] of doubtful)
    it(`ask themselves where ${what}`, async () => {
      const troupe = new Troupe();
      const system = nextSystem();
      const steps = [
        gate('tier-1'),
        troupe.runs('one', [system], moves, { needs: ['tier-1'], header: { objectives: { recoveryPoint: 10_000 } } }),
      ];
      const run: Play['run'] = { 'run.facts': async ({ system: of }) => (of.name === system ? { ...calm, ...facts } : calm) };
      await play(troupe, { steps, script, run }, async (handle) => {
        await choose(handle, await asked(handle, 'tier-1'), 'approve', 'alice');
        await running(system);
        assert.equal((await asked(child(system), 'cut-over')).count, 2);
      });
    });

  for (const [what, given] of [
    ['more people are needed than approved', { count: 2 }],
    ['those who approved do not hold the role that they ask', { approvers: ['dbas'] }],
  ] as const)
    it(`ask themselves where ${what}`, async () => {
      const troupe = new Troupe();
      const system = nextSystem();
      const steps = [
        gate('tier-1'),
        troupe.runs('one', [system], [gate('cut-over', [], given), step('promote', ['cut-over'], { promotes: true })], {
          needs: ['tier-1'],
        }),
      ];
      await play(troupe, { steps, script }, async (handle) => {
        await choose(handle, await asked(handle, 'tier-1'), 'approve', 'alice');
        await running(system);
        assert.equal((await asked(child(system), 'cut-over')).kind, 'gate');
      });
    });

  it('are approved where nobody sees the source any more, by one more person, as they would ask themselves', async () => {
    const unseen: Facts = { ...calm, viewpoints: [{ name: 'probe', sees: 'unknown', text: 'the region does not answer' }] };
    for (const [count, asks] of [
      [2, false],
      [1, true],
    ] as const) {
      const troupe = new Troupe();
      const system = nextSystem();
      const steps = [gate('tier-1', [], { count }), troupe.runs('one', [system], moves, { needs: ['tier-1'] })];
      const run: Play['run'] = { 'run.facts': async ({ system: of }) => (of.name === system ? unseen : calm) };
      await play(troupe, { steps, script, run }, async (handle) => {
        await agreed(handle, 'tier-1');
        await running(system);
        if (asks) assert.equal((await asked(child(system), 'cut-over')).count, 2);
        else {
          assert.equal((await ending(child(system))).verdict, 'recovered, unprotected');
          assert.deepEqual((await entries(child(system), 'decided')).map(({ by }) => by).toSorted(), ['alice', 'bob']);
        }
      });
    }
  });

  it('ask themselves where their source is seen to serve', async () => {
    const troupe = new Troupe();
    const system = nextSystem();
    const steps = [gate('tier-1', [], { count: 2 }), troupe.runs('one', [system], moves, { needs: ['tier-1'] })];
    const serving: Facts = { ...calm, viewpoints: [...calm.viewpoints.slice(1), { name: 'probe', sees: 'alive', text: 'markers' }] };
    const run: Play['run'] = { 'run.facts': async ({ system: of }) => (of.name === system ? serving : calm) };
    await play(troupe, { steps, script, run }, async (handle) => {
      await agreed(handle, 'tier-1');
      await running(system);
      const question = await asked(child(system), 'cut-over');
      assert.ok(question.choices.some(({ choice }) => choice === 'planned'));
    });
  });

  it('begin tier by tier, each after its gate', async () => {
    const troupe = new Troupe();
    const [first, second] = [nextSystem(), nextSystem()];
    const steps = [
      gate('tier-0'),
      troupe.runs('a', [first], moves, { needs: ['tier-0'] }),
      gate('tier-1', ['a']),
      troupe.runs('b', [second], moves, { needs: ['tier-1', 'a'] }),
    ];
    await play(troupe, { steps, script, header: { whole: 'site-a' } }, async (handle) => {
      await agreed(handle, 'tier-0');
      await asked(handle, 'tier-1');
      assert.equal((await ending(child(first))).verdict, 'recovered, unprotected');
      await assert.rejects(child(second).describe());
      await agreed(handle, 'tier-1');
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
    });
  });

  const broken = { ...script, 't.bad.execute': () => Promise.reject(new Error('the disk is full')) };
  const bad = [step('bad', [], { uses: 't.bad' }), step('promote', ['bad'], { promotes: true })];

  it('that fail hold what depends on them until people have decided', async () => {
    const troupe = new Troupe();
    const [system, after] = [nextSystem(), nextSystem()];
    const steps = [troupe.runs('a', [system], bad), troupe.runs('b', [after], [step('promote', [], { promotes: true })], { needs: ['a'] })];
    await play(troupe, { steps, script: broken, header: { whole: 'site-a' } }, async (handle) => {
      await running(system);
      await choose(child(system), await asked(child(system), 'bad'), 'abort', 'alice');
      const question = await asked(handle, 'a');
      assert.match(question.facts.map(({ value }) => value).join(' '), /the disk is full/u);
      await assert.rejects(child(after).describe());
      await choose(handle, question, 'skip', 'alice', 'it is not needed today');
      assert.equal((await ending(handle)).verdict, 'failed');
      assert.equal((await ending(child(after))).verdict, 'recovered, unprotected');
      assert.match(JSON.stringify(await entries(handle, 'not-proven')), /the disk is full/u);
    });
  });

  it('that fail let the rest go on where the inventory says so, and the run names them', async () => {
    const troupe = new Troupe();
    const [system, after] = [nextSystem(), nextSystem()];
    const steps = [
      troupe.runs('a', [system], bad, { whenItFails: 'go-on' }),
      troupe.runs('b', [after], [step('promote', [], { promotes: true })], { needs: ['a'] }),
    ];
    await play(troupe, { steps, script: broken, header: { whole: 'site-a' } }, async (handle) => {
      await running(system);
      await choose(child(system), await asked(child(system), 'bad'), 'abort', 'alice');
      const end = await ending(handle);
      assert.equal(end.verdict, 'failed');
      assert.equal((await ending(child(after))).verdict, 'recovered, unprotected');
      assert.match(JSON.stringify(await entries(handle, 'not-proven')), new RegExp(`${system}.*aborted`, 'u'));
    });
  });

  it('are tried again alone where people say so', async () => {
    const troupe = new Troupe();
    const [system, other] = [nextSystem(), nextSystem()];
    let full = true;
    const times = new Map<string, number>();
    const once: NonNullable<Play['script']> = {
      't.go.execute': () => undefined,
      't.bad.execute': ({ system: { name } }) => {
        times.set(name, (times.get(name) ?? 0) + 1);
        if (full && name === system) throw new Error('the disk is full');
      },
    };
    await play(troupe, { steps: [troupe.runs('a', [system, other], bad)], script: once, header: { whole: 'site-a' } }, async (handle) => {
      await running(system);
      await choose(child(system), await asked(child(system), 'bad'), 'abort', 'alice');
      const question = await asked(handle, 'a');
      full = false;
      await choose(handle, question, 'retry', 'alice');
      assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      assert.deepEqual([times.get(system), times.get(other)], [2, 1]);
    });
  });

  it('respect one of the same system that is under way, and are tried again after it', async () => {
    const troupe = new Troupe();
    const system = nextSystem();
    const steps = [troupe.runs('a', [system], [gate('own'), step('promote', ['own'], { promotes: true })])];
    await play(
      troupe,
      { steps: [gate('go'), ...steps.map((one) => ({ ...one, needs: ['go'] }))], script, header: { whole: 'site-a' } },
      async (handle) => {
        await asked(handle, 'go');
        const under = await start(theatre, system);
        await asked(under, 'own');
        await agreed(handle, 'go');
        const found = await asked(handle, 'a');
        assert.match(found.facts.map(({ value }) => value).join(' '), new RegExp(`failover-${system} is under way`, 'u'));
        assert.equal((await under.describe()).status.name, 'RUNNING');
        await choose(under, await asked(under, 'own'), 'approve', 'bob');
        assert.equal((await ending(under)).verdict, 'recovered, unprotected');
        await choose(handle, found, 'retry', 'alice');
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
      },
    );
  });

  it('are never more than twenty at once, and two hundred of them leave a short history that replays', async function () {
    this.timeout(300_000);
    const troupe = new Troupe();
    let now = 0;
    let most = 0;
    const slow: NonNullable<Play['script']> = {
      't.go.execute': async () => {
        most = Math.max(most, (now += 1));
        await setTimeout(50);
        now -= 1;
      },
    };
    const systems = Array.from({ length: 200 }, () => nextSystem());
    const steps = systems.map((system, n) => troupe.runs(`s-${n}`, [system], [step('promote', [], { promotes: true })]));
    const sites = { 'site-a': { kind: 'physical' as const, steps: 100 }, 'site-b': { kind: 'physical' as const, steps: 100 } };
    await play(
      troupe,
      { steps, script: slow, header: { whole: 'site-a', sites } },
      async (handle) => {
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
        assert.ok(most <= 20, `${most} at once`);
        const history = await handle.fetchHistory();
        const events = history.events?.length ?? 0;
        assert.ok(events < 4_096, `${events} events`);
        assert.ok(historyToJSON(history).length < 16 * 1024 * 1024);
        await Worker.runReplayHistory({ workflowBundle: theatre.bundle }, history, handle.workflowId);
      },
      'failover',
      {},
      280_000,
    );
  });

  it('leave a record like any other run, which knows its plan, its objectives and who approved it', async () => {
    const troupe = new Troupe();
    const system = nextSystem();
    const header = { objectives: { recoveryTime: 60_000 }, description: 'Moves it.' };
    const steps = [gate('tier-1'), troupe.runs('one', [system], [...moves, step('later', ['promote'])], { needs: ['tier-1'], header })];
    await play(troupe, { steps, script }, async (handle) => {
      await choose(handle, await asked(handle, 'tier-1'), 'approve', 'alice');
      await ending(handle);
      const made = await recordFor(child(system));
      assert.deepEqual(
        [made.system, made.kind, made.runbook, made.source, made.target, made.description, made.verdict],
        [system, 'failover', 'play', 'site-a', 'site-b', 'Moves it.', 'recovered, unprotected'],
      );
      assert.equal(made.objectives.find(({ name }) => name === 'recovery time')?.promised, 60_000);
      assert.deepEqual(
        made.decisions.map(({ by, choice, counts }) => [by, choice, counts]),
        [['alice', 'approve', true]],
      );
      assert.equal(made.startedBy.by, 'zoe');
      assert.deepEqual(
        made.steps.map(({ id, outcome }) => [id, outcome]),
        [
          ['cut-over', 'done'],
          ['promote', 'done'],
          ['later', 'done'],
        ],
      );
    });
  });

  it('stand in the record of their parent, each with how it ended and where it is found', async () => {
    const troupe = new Troupe();
    const [system, other] = [nextSystem(), nextSystem()];
    const steps = [troupe.runs('a', [system, other], bad, { whenItFails: 'go-on' })];
    const half: NonNullable<Play['script']> = {
      ...script,
      't.bad.execute': ({ system: { name } }) => {
        if (name === system) throw new Error('the disk is full');
      },
    };
    await play(troupe, { steps, script: half, header: { whole: 'site-a' } }, async (handle) => {
      await running(system);
      await choose(child(system), await asked(child(system), 'bad'), 'abort', 'alice');
      await ending(handle);
      const text = JSON.stringify(await recordFor(handle));
      assert.match(text, new RegExp(`failover-${system}"[^}]*"aborted"`, 'u'));
      assert.match(text, new RegExp(`failover-${other}"[^}]*"recovered, unprotected"`, 'u'));
    });
  });

  it('whose system was lent since they were planned ask before they go another way than was approved', async () => {
    const troupe = new Troupe();
    const system = nextSystem();
    const steps = [gate('tier-1'), troupe.runs('one', [system], moves, { needs: ['tier-1'] })];
    const plain = { steps, script };
    // A plan that nobody was shown comes of it when the child compiles anew.
    const run: Play['run'] = {
      'run.compile': async (input) => {
        const made = await troupe.compiled(plain, 'none')['run.compile'](input);
        if (input.system === system) return { ...made, plan: { ...made.plan, digest: 'e'.repeat(64) } };
        return { ...made, plan: { ...made.plan, system: { name: input.system, tier: 0 } } };
      },
    };
    let acted = 0;
    const counted = { 't.go.execute': () => void (acted += 1) };
    await play(troupe, { ...plain, script: counted, run }, async (handle) => {
      const question = await asked(handle, 'tier-1');
      await lend(theatre, system);
      await choose(handle, question, 'approve', 'alice');
      await running(system);
      const state = await until(async () => {
        const now = await stateOf(child(system));
        return now.questions.length > 0 || now.verdict !== null ? now : null;
      }, 'the child to ask, or to end');
      assert.ok(state.questions.some(({ id }) => id === 'plan') || state.verdict === 'refused', JSON.stringify(state.questions));
      assert.equal(acted, 0);
    });
  });

  it('are shown by the state of their parent, with where each is found', async () => {
    const troupe = new Troupe();
    const system = nextSystem();
    const steps = [troupe.runs('a', [system], [gate('own'), step('promote', ['own'], { promotes: true })])];
    await play(troupe, { steps, script }, async (handle) => {
      await running(system);
      await asked(child(system), 'own');
      const view = (await stateOf(handle)).steps.find(({ id }) => id === 'a');
      assert.equal(view?.kind, 'branch');
      assert.match(JSON.stringify(view), new RegExp(`failover-${system}`, 'u'));
    });
  });

  it('come to rest where their parent is cancelled', async () => {
    const troupe = new Troupe();
    const system = nextSystem();
    await play(
      troupe,
      { steps: [troupe.runs('a', [system], [gate('own'), step('promote', ['own'], { promotes: true })])], script },
      async (handle) => {
        await running(system);
        await asked(child(system), 'own');
        await handle.cancel();
        assert.equal((await ending(handle)).verdict, 'cancelled');
        assert.equal((await ending(child(system))).verdict, 'cancelled');
      },
    );
  });

  it('cannot be given a plan by whoever starts a run by hand', async () => {
    const troupe = new Troupe();
    const steps = [gate('real'), step('promote', ['real'], { promotes: true })];
    const given = {
      plan: { steps: [] },
      compiledEpoch: 0,
      attributes: [],
      requester: null,
      approved: { gate: 'none', by: [{ by: 'mallory', how: 'attested', at: '' }] },
    };
    await play(troupe, { steps, script }, async (handle) => assert.equal((await asked(handle, 'real')).id, 'real'), 'failover', { given });
  });
});

async function late(within: number, signal: AbortSignal): Promise<never> {
  await setTimeout(within, undefined, { signal }).catch(() => undefined);
  throw new Error(`the scene was not over within ${within / 1000} s`);
}

/** Everybody who is needed approves. */
async function agreed(handle: Handle, id: string): Promise<void> {
  const question = await asked(handle, id);
  for (const name of ['alice', 'bob'].slice(0, question.count)) await choose(handle, question, 'approve', name);
}

/** Record of a run, made from its history and its journal as its record store has it. */
async function recordFor(handle: Handle): Promise<RunRecord> {
  const [history, journal] = await Promise.all([handle.fetchHistory(), journalOf(handle)]);
  return recordOf(history, journal, 'default').record;
}

/** Lends a system to another run and takes it back: whatever was compiled before is stale then. */
async function lend(theatre: Stage, system: string): Promise<void> {
  const of = { system, workflowId: 'another', runId: 'another' };
  const startWorkflowOperation = new WithStartWorkflowOperation('system', {
    workflowId: systemId(system),
    taskQueue: controlQueue,
    args: [system],
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
  const args: [object] = [{ ...of, kind: 'restore', live: true, active: 'site-a', epoch: 0 }];
  await theatre.client.workflow.executeUpdateWithStart('borrow', { args, startWorkflowOperation });
  const back = { ...of, epoch: 1, serving: 'site-a', verdict: 'restored', fences: [] };
  await theatre.client.workflow.getHandle(systemId(system)).executeUpdate('return', { args: [back] });
}

/** Workflow ids of the children that a run started. */
async function startedBy(handle: Handle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap((event) => event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.workflowId ?? []);
}
