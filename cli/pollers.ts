import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { controlQueue, siteQueue } from '../workflows/wire.ts';
import { connect } from './connect.ts';

export interface Starting {
  readonly site: string;
  readonly log: string;
  readonly child: ChildProcess;
}

/** Waits until each site's worker polls its queue and one polls the control queue. Throws with a worker's last words where it ends. */
export async function awaitPollers(address: string, workers: readonly Starting[], within = 60_000): Promise<void> {
  const temporal = await connect('lifeboat');
  try {
    const deadline = Date.now() + within;
    const polled = async (name: string, taskQueueType: number): Promise<boolean> => {
      const queue = await temporal.within(5000, () =>
        temporal.client.workflowService.describeTaskQueue({ namespace: temporal.namespace, taskQueue: { name }, taskQueueType }),
      );
      return (queue.pollers?.length ?? 0) > 0;
    };
    for (;;) {
      const seen = await Promise.all([
        polled(controlQueue, workflowTasks),
        ...workers.map(({ site }) => polled(siteQueue(site), activityTasks)),
      ]);
      if (seen.every(Boolean)) return;
      for (const { site, log, child } of workers)
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`The worker of ${site} ended at once: ${await lastWords(log)}`);
      if (Date.now() > deadline)
        throw new Error(`The workers did not poll ${address} within ${within / 1000} s: ${await lastWords(workers[0]?.log ?? '')}`);
      await sleep(50);
    }
  } finally {
    await temporal.close();
  }
}

const workflowTasks = 1;
const activityTasks = 2;

async function lastWords(log: string): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-5).join(' / ') || 'it said nothing';
}
