import assert from 'node:assert/strict';
import type { SystemState } from '../../workflows/wire.ts';
import { controlQueue } from '../../workflows/wire.ts';
import { asked, cast, gate, nextSystem, start, step, theStage, until, type Handle, type Stage } from './stage.ts';
import { ending, entries, named, scene } from './scene.ts';

describe('the lock of a system', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));
  const play = {
    steps: [gate('cut-over'), step('promote', ['cut-over'], { promotes: true })],
    script: { 't.go.execute': () => undefined },
  };
  const another = (system: string, workflowId: string): Promise<Handle> =>
    theatre.client.workflow.start('failover', {
      workflowId,
      taskQueue: controlQueue,
      args: [{ system, mode: 'unplanned', by: 'zoe' }],
      workflowExecutionTimeout: '2 minutes',
    });
  const stateOfSystem = (system: string): Promise<SystemState> =>
    theatre.client.workflow.getHandle(`system-${system}`).query<SystemState>('state');

  it('refuses a second live run, and says which run has it', () =>
    scene(theatre, play, async (handle, system) => {
      await asked(handle, 'cut-over');
      const second = await another(system, `failback-${system}`);
      const { verdict, why } = await ending(second);
      assert.equal(verdict, 'refused');
      assert.match(why, new RegExp(`held by failover failover-${system} since .*lifeboat status failover-${system}`, 'u'));
      assert.deepEqual(await entries(second, 'begun'), []);
    }));

  it('is lost by a run that was terminated, and the next one compiles its plan after that', () =>
    scene(theatre, play, async (handle, system) => {
      await asked(handle, 'cut-over');
      const before = (await stateOfSystem(system)).epoch;
      await handle.terminate('gone');
      const second = await another(system, `failback-${system}`);
      await asked(second, 'cut-over');
      assert.equal((await entries(second, 'compiled')).length, 2);
      const { holder, epoch } = await stateOfSystem(system);
      assert.equal(holder?.workflowId, `failback-${system}`);
      assert.ok(epoch > before);
      await second.terminate('the scene is over');
    }));

  it('stays with a run that was reset', () =>
    scene(theatre, play, async (handle, system) => {
      await asked(handle, 'cut-over');
      const { epoch } = await stateOfSystem(system);
      const events = (await handle.fetchHistory()).events ?? [];
      const last = events.filter((event) => event.workflowTaskCompletedEventAttributes).at(-1)!;
      const { runId } = await theatre.client.workflowService.resetWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId: handle.workflowId, runId: (await handle.describe()).runId },
        reason: 'a test',
        requestId: `reset-${system}`,
        workflowTaskFinishEventId: last.eventId!,
      });
      const again = theatre.client.workflow.getHandle(handle.workflowId, runId);
      await asked(again, 'cut-over');
      const second = await another(system, `failback-${system}`);
      assert.equal((await ending(second)).verdict, 'refused');
      assert.equal((await stateOfSystem(system)).epoch, epoch);
      await again.cancel();
      await ending(again);
      assert.equal((await stateOfSystem(system)).holder, null);
    }));

  it('that does not answer is gone without by two people, and by no fewer', () =>
    scene(
      theatre,
      { ...play, run: { 'run.borrow': () => Promise.reject(new Error('no')), 'run.return': () => Promise.reject(new Error('no')) } },
      async (handle) => {
        const question = await until(async () => asked(handle, 'lock').catch(() => null), 'the lock is asked about', 20_000);
        assert.equal(question.count, 2);
        for (const by of ['alice', 'bob']) await handle.signal(question.choices[0]!.signal, { by });
        await asked(handle, 'cut-over');
        assert.match((await entries(handle, 'locked')).at(-1)?.note ?? '', /people chose to go on without it/u);
      },
    ));

  it('does not answer for a plan that cannot be compiled again: that ends the run in its own words', () => {
    let compiled = 0;
    const run = { 'run.borrow': async () => ({ granted: false, stale: true, holder: '', note: 'stale' }) as const };
    return scene(theatre, { ...play, run }, async (handle) => {
      const { verdict, why } = await ending(handle);
      compiled = (await entries(handle, 'compiled')).length;
      assert.equal(verdict, 'failed');
      assert.match(why, /changes hands faster than a plan can be made/u);
      assert.equal(compiled, 4);
    });
  });

  it('follows a plan that was compiled before another run had the system: it is compiled again', async () => {
    const system = nextSystem();
    await (
      await cast(theatre, named(play, system))
    ).run(async () => {
      const first = await start(theatre, system);
      await asked(first, 'cut-over');
      await first.cancel();
      await ending(first);
      const { epoch } = await stateOfSystem(system);
      const second = await start(theatre, system);
      await asked(second, 'cut-over');
      assert.equal((await entries(second, 'locked')).at(-1)?.epoch, epoch + 1);
      await second.terminate('the scene is over');
    });
  });
});
