import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { loanOf } from '../../worker/ours.ts';
import { repeat } from '../../worker/repeat.ts';
import type { ReturnRequest } from '../../workflows/system/requests.ts';
import { controlQueue, systemId, type ChainAnswer, type Loan, type SystemState } from '../../workflows/wire.ts';
import { cast, nextSystem, stage, until, type Stage } from './stage.ts';

describe('the workflow of a system that goes on for ever', () => {
  let theatre: Stage;
  // A real server suggests it after 4,096 events.
  before(async () => (theatre = await stage({ 'limit.historyCount.suggestContinueAsNew': 60 })));
  after(async () => theatre.env.teardown());

  it('continues as new many times without losing a message, and its loan can be read all the while', async () => {
    const system = nextSystem();
    const worker = await cast(theatre, { steps: [] });
    await worker.run(async () => {
      const { client } = theatre;
      const handle = client.workflow.getHandle(systemId(system));
      const state = (): Promise<SystemState> => handle.query<SystemState>('state');
      const first: SystemState = { system, active: 'site-a', epoch: 7, holder: null, fences: [], unprotectedSince: null, lastRun: null };
      await client.workflow.start('system', { workflowId: systemId(system), taskQueue: controlQueue, args: [system, first] });
      await until(async () => (await loanOf(client, system))?.epoch === 7, 'its loan');

      const loans: (Loan | null)[] = [];
      const told = <T>(update: () => Promise<T>): Promise<T> => repeat(Date.now() + 20_000, update);
      const look = { goesOn: true };
      const looking = (async () => {
        for (; look.goesOn; await sleep(20)) loans.push(await loanOf(client, system));
      })();
      const returned = (run: number): ReturnRequest => ({
        system,
        epoch: null,
        serving: null,
        verdict: 'rehearsed',
        fences: [],
        workflowId: `rehearsal-${system}`,
        runId: `run-${run}`,
        rehearsed: {
          runbook: 'play',
          mode: 'planned',
          durations: { go: run },
          recovery: { time: run, point: null },
          passed: true,
          found: [{ subject: `step-${run}`, code: 'broken', weight: 'note', text: 'it is' }],
          tried: [],
        },
      });
      const [updates, signals, width] = [120, 24, 6];
      const heads: number[] = [];
      const numbers = Array.from({ length: updates }, (_, n) => n);
      const send = async (): Promise<void> => {
        for (let n = numbers.shift(); n !== undefined; n = numbers.shift()) {
          const back = returned(n);
          await told(() => handle.executeUpdate('return', { args: [back] }));
          const { head } = await state();
          const place = { previous: head?.digest ?? null, digest: `digest-${n}`, runId: `run-${n}` };
          const answer = await told(() => handle.executeUpdate<ChainAnswer, [typeof place]>('chain', { args: [place] }));
          if (answer.taken) heads.push(answer.link.count);
          if (n % 5 === 0) await handle.signal('Lift the pause', { by: 'alice', reason: `${n}` });
        }
      };
      await Promise.all(Array.from({ length: width }, send));
      look.goesOn = false;
      await looking;

      const end = await state();
      assert.equal(end.findings?.length, updates, 'what each return found');
      assert.equal(end.head?.count, heads.length, 'each place in the chain was given once');
      assert.deepEqual(
        heads.toSorted((a, b) => a - b),
        Array.from({ length: heads.length }, (_, n) => n + 1),
      );
      await until(async () => (await state()).said?.at(-1), 'the signals');
      assert.equal((await state()).said?.length, 20, `the last 20 of ${signals}`);
      assert.deepEqual([...new Set(loans.map((loan) => loan?.epoch))], [7], 'it was never seen without its loan');
      const runs: string[] = [];
      for await (const { runId } of client.workflow.list({ query: `WorkflowId = '${systemId(system)}'` })) runs.push(runId);
      assert.ok(runs.length > 3, `it continued as new ${runs.length - 1} times`);
    });
  });
});
