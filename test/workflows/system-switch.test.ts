import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { stillOurs } from '../../worker/ours.ts';
import { controlQueue, systemId, type StepCall, type SystemState } from '../../workflows/wire.ts';
import {
  asked,
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
import { ending, entries, named, scene } from './scene.ts';

describe('the workflow of a system', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));

  const systemOf = (system: string): Handle => theatre.client.workflow.getHandle(systemId(system));
  const knownOf = (system: string): Promise<SystemState> => systemOf(system).query<SystemState>('state');
  const script = { 't.go.execute': () => undefined };
  const another = (kind: string, system: string, input: object = {}): Promise<Handle> =>
    theatre.client.workflow.start(kind, {
      workflowId: `${kind}-${system}`,
      taskQueue: controlQueue,
      args: [{ system, by: 'zoe', ...input }],
      workflowExecutionTimeout: '2 minutes',
    });

  describe('with its kill switch', () => {
    /** Steps that act on the world, which keeps a line for each effect: as a step type does, they look right before whether they may. */
    const effects = (ledger: { readonly step: string; readonly at: number }[]): Play => ({
      steps: [...Array.from({ length: 30 }, (_, n) => step(`s${n}`)), step('p', [], { promotes: true })],
      header: { sites: { 'site-a': { kind: 'physical', steps: 20 }, 'site-b': { kind: 'physical', steps: 3 } } },
      script: {
        't.go.execute': async (call: StepCall) => {
          await sleep(100);
          await stillOurs(Context.current().client, call.system.name, call.epoch);
          ledger.push({ step: call.step.id, at: Date.now() });
        },
      },
    });

    it('keeps every new effect from beginning within seconds, asks once, and the run goes on where it stood', () => {
      const ledger: { step: string; at: number }[] = [];
      return scene(theatre, effects(ledger), async (handle, system) => {
        await until(async () => ledger.length >= 3, 'the run is under way');
        await systemOf(system).signal('Stop new effects', { by: 'alice', reason: 'the array loses writes' });
        const at = Date.now();
        const question = await asked(handle, 'stopped');
        assert.match(question.facts[0]!.value, /was stopped by alice at .*: the array loses writes.*lifeboat resume/u);
        await sleep(1_500);
        assert.ok(ledger.length < 30, 'there was more to do');
        assert.ok(ledger.at(-1)!.at - at < 1_000, `the last effect came ${ledger.at(-1)!.at - at} ms after the stop`);
        assert.equal((await stateOf(handle)).questions.length, 1, 'people are asked once');

        const refused = await ending(await another('failback', system));
        assert.equal(refused.verdict, 'refused');
        assert.match(refused.why, /stopped by alice/u);

        await systemOf(system).signal('Allow effects again', { by: 'alice', reason: 'the array is mended' });
        await until(async () => (await knownOf(system)).stopped === null, 'effects are allowed');
        await choose(handle, question, 'retry', 'bob');
        assert.equal((await ending(handle)).verdict, 'recovered, unprotected');
        assert.deepEqual(
          ledger.map((one) => one.step).toSorted(),
          [...new Set(ledger.map((one) => one.step))].toSorted(),
          'each effect once',
        );
        assert.equal(ledger.length, 31);
        assert.deepEqual(
          (await knownOf(system)).said?.map(({ what, by, how }) => `${what} ${by} ${how}`),
          ['stopped alice stated', 'allowed alice stated'],
        );
      });
    });

    it('asks again where people retry before effects are allowed', () => {
      const ledger: { step: string; at: number }[] = [];
      return scene(theatre, effects(ledger), async (handle, system) => {
        await until(async () => ledger.length >= 3, 'the run is under way');
        await systemOf(system).signal('Stop new effects', 'the array loses writes');
        await choose(handle, await asked(handle, 'stopped'), 'retry', 'bob');
        const again = await asked(handle, 'stopped', 2);
        const before = ledger.length;
        await choose(handle, again, 'abort', 'bob');
        assert.equal((await ending(handle)).verdict, 'aborted');
        assert.equal(ledger.length, before);
      });
    });

    it('has a backup wait for people too, and undoes nothing', async () => {
      const system = nextSystem();
      const done: string[] = [];
      const play: Play = {
        steps: [step('take', [], { undo: true }), step('prove', ['take'], { uses: 't.prove' })],
        header: { kind: 'backup' },
        script: {
          't.go.execute': async () => void done.push('take'),
          't.go.undo': () => void done.push('undo'),
          't.prove.execute': async (call) => stillOurs(Context.current().client, call.system.name, call.epoch),
        },
      };
      const worker = await cast(
        theatre,
        named(
          {
            ...play,
            script: {
              ...play.script,
              't.go.execute': async () => {
                done.push('take');
                await systemOf(system).signal('Stop new effects', 'wait');
                await until(async () => (await knownOf(system)).stopped, 'it is stopped');
              },
            },
          },
          system,
        ),
      );
      await worker.run(async () => {
        const handle = await another('backup', system);
        await choose(handle, await asked(handle, 'stopped'), 'abort', 'bob');
        await ending(handle);
        assert.deepEqual(done, ['take']);
      });
    });

    it('knows a system of which nothing was ever run', async () => {
      const system = nextSystem();
      const worker = await cast(theatre, named({ steps: [gate('cut-over')], script }, system));
      await worker.run(async () => {
        await theatre.client.workflow.signalWithStart('system', {
          workflowId: systemId(system),
          taskQueue: controlQueue,
          args: [system],
          signal: 'Stop new effects',
          signalArgs: ['not yet'],
        });
        const first = await start(theatre, system);
        assert.match((await ending(first)).why, /stopped by .*: not yet/u);
        await systemOf(system).signal('Allow effects again', null);
        await until(async () => (await knownOf(system)).stopped === null, 'effects are allowed');
        const second = await start(theatre, system);
        await asked(second, 'cut-over');
        await second.terminate('the scene is over');
      });
    });
  });

  describe('with the order of precedence', () => {
    it('is taken by a live failover from a failback and a restore, whose next change is refused', async () => {
      for (const kind of ['failback', 'restore']) {
        const system = nextSystem();
        const epochs: { [step: string]: number | null } = {};
        const steps = [gate('cut-over'), step('p', ['cut-over'], { promotes: true })];
        const go = async (call: StepCall): Promise<void> => {
          epochs[call.run.origin] = call.epoch;
          await stillOurs(Context.current().client, call.system.name, call.epoch);
        };
        const worker = await cast(theatre, named({ steps, script: { 't.go.execute': go } }, system));
        await worker.run(async () => {
          const first = await another(kind, system);
          const question = await asked(first, 'cut-over');
          const second = await another('failover', system, { mode: 'unplanned' });
          await choose(second, await asked(second, 'cut-over'), 'approve', 'alice');
          assert.equal((await ending(second)).verdict, 'recovered, unprotected', kind);
          assert.match((await entries(second, 'locked')).at(-1)!.note, new RegExp(`taken from ${kind}-${system}`, 'u'));
          await choose(first, question, 'approve', 'alice');
          const intervention = await asked(first, 'p');
          assert.match(intervention.facts[0]!.value, /no longer lent to this run/u);
          await choose(first, intervention, 'abort', 'alice');
          await ending(first);
          assert.deepEqual([(await knownOf(system)).holder, Object.values(epochs)], [null, [2, 1]], 'what it knew is older');
        });
      }
    });
  });

  describe('after a live failover', () => {
    it('rests: another failover is refused until the pause is over or a person lifts it', async () => {
      const system = nextSystem();
      const header = { system: { name: system, tier: 1, rest: 600_000 } };
      const worker = await cast(theatre, { header, steps: [step('p', [], { promotes: true })], script });
      await worker.run(async () => {
        assert.equal((await ending(await start(theatre, system))).verdict, 'recovered, unprotected');
        await until(async () => (await knownOf(system)).rest, 'it rests');
        const again = await ending(await start(theatre, system));
        assert.equal(again.verdict, 'refused');
        assert.match(again.why, new RegExp(`rests until .*failover-${system} moved it.*lifeboat resume ${system} --lift-rest`, 'u'));
        assert.equal((await ending(await another('failback', system))).verdict, 'recovered, unprotected', 'a failback is no flap');
        await systemOf(system).signal('Lift the pause', { by: 'alice', reason: 'site-b burns' });
        await until(async () => (await knownOf(system)).rest === null, 'the pause is lifted');
        assert.equal((await ending(await start(theatre, system))).verdict, 'recovered, unprotected');
      });
    });
  });

  it('shows itself where it is found: by search attributes, which the server knows, and by its memo', () =>
    scene(theatre, { steps: [gate('cut-over')], script }, async (handle, system) => {
      await asked(handle, 'cut-over');
      const { searchAttributes, memo } = await systemOf(system).describe();
      assert.deepEqual(
        ['LifeboatSystem', 'LifeboatKind', 'LifeboatState'].map((name) => searchAttributes[name]?.[0]),
        [system, 'system', 'protected'],
      );
      assert.equal((memo!['summary'] as { holder: string }).holder, handle.workflowId);
      assert.equal(
        (await journalOf(handle)).some(({ what }) => what === 'locked'),
        true,
      );
    }));
});
