import assert from 'node:assert/strict';
import { WithStartWorkflowOperation } from '@temporalio/client';
import type { RunRecord } from '../../record/schema/run.ts';
import { recordOf } from '../../worker/record-of.ts';
import { controlQueue, systemId } from '../../workflows/wire.ts';
import { bad, child, moves, play, running, script } from './ensemble.ts';
import { ending } from './scene.ts';
import { asked, choose, gate, journalOf, nextSystem, stateOf, step, theStage, until, type Handle, type Play, type Stage } from './stage.ts';
import { Troupe } from './troupe.ts';

describe('what is known of runs that a run has started', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));

  it('leave a record like any other run, which knows its plan, its objectives and who approved it', async () => {
    const troupe = new Troupe();
    const system = nextSystem();
    const header = { objectives: { recoveryTime: 60_000 }, description: 'Moves it.' };
    const steps = [gate('tier-1'), troupe.runs('one', [system], [...moves, step('later', ['promote'])], { needs: ['tier-1'], header })];
    await play(theatre, troupe, { steps, script }, async (handle) => {
      await choose(handle, await asked(handle, 'tier-1'), 'approve', 'alice');
      await ending(handle);
      const made = await recordFor(child(theatre, system));
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
    await play(theatre, troupe, { steps, script: half, header: { whole: 'site-a' } }, async (handle) => {
      await running(theatre, system);
      await choose(child(theatre, system), await asked(child(theatre, system), 'bad'), 'abort', 'alice');
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
    await play(theatre, troupe, { ...plain, script: counted, run }, async (handle) => {
      const question = await asked(handle, 'tier-1');
      await lend(theatre, system);
      await choose(handle, question, 'approve', 'alice');
      await running(theatre, system);
      const state = await until(async () => {
        const now = await stateOf(child(theatre, system));
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
    await play(theatre, troupe, { steps, script }, async (handle) => {
      await running(theatre, system);
      await asked(child(theatre, system), 'own');
      const view = (await stateOf(handle)).steps.find(({ id }) => id === 'a');
      assert.equal(view?.kind, 'branch');
      assert.match(JSON.stringify(view), new RegExp(`failover-${system}`, 'u'));
    });
  });
});

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
