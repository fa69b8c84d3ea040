import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { World } from '../../cli/practice.ts';
import { readWaiting } from '../../cli/snapshot.ts';
import { controlQueue, runId, type RunResult, type RunState } from '../../workflows/wire.ts';
import { versions } from '../versions.ts';
import { labPair } from './lab-pair.ts';
import type { Peer } from './peer.ts';

const people = ['alice@example.com', 'bob@example.com'];

/** Lifeboat in its small lab: server, workers, probe and controllers run beside the pair, all on this machine. */
export const lifeboat: Peer = {
  name: 'Lifeboat',
  fence: 'power off, read back',
  proof: 'write and role read back',
  modes: ['told', 'planned'],
  notes: {
    told: 'The shipped runbook, started by a client as the UI starts it and approved the moment its gate opens; preflight, fence and proof included.',
    planned:
      'The shipped runbook, approved at once. The source is shut down and the standby proven to have everything before it is promoted.',
  },
  version: () => versions(),
  async up(_, mode) {
    const world = await World.create();
    try {
      const { address, lab } = await world.start(() => {});
      const connection = await Connection.connect({ address });
      const client = new Client({ connection });
      let running: Promise<void> | undefined;
      return {
        ...labPair(lab),
        tell: () => (running = run(client, mode === 'planned' ? 'planned' : 'unplanned')),
        down: async () => {
          // The writes go on before the run has measured and recorded.
          await Promise.race([running, sleep(20_000, undefined, { ref: false })]).catch(() => {});
          await connection.close();
          await world.end();
        },
      };
    } catch (error) {
      await world.end();
      throw error;
    }
  },
};

/** Starts the run, approves what it asks, and returns at its end. */
async function run(client: Client, mode: 'planned' | 'unplanned'): Promise<void> {
  const handle = await client.workflow.start('failover', {
    workflowId: runId('failover', 'orders'),
    taskQueue: controlQueue,
    args: [{ system: 'orders', mode, by: 'bench' }],
  });
  await Promise.race([approve(handle), handle.result()]);
  const { verdict, why } = (await handle.result()) as RunResult;
  if (verdict !== 'recovered, unprotected') throw new Error(`the run ended ${verdict}: ${why}`);
}

/** Waits at the server, which costs the workers nothing, and reads the question once it is there. */
async function approve(handle: WorkflowHandle): Promise<void> {
  while (readWaiting((await handle.describe()).memo).length === 0) await sleep(10);
  const [question] = (await handle.query<RunState>('state')).questions;
  const approval = question?.choices.find(({ choice }) => choice === 'approve');
  if (!question || !approval) throw new Error(`the run asks what nobody here decides: ${question?.title}`);
  for (const by of people.slice(0, question.count)) await handle.signal(approval.signal, { by });
}
