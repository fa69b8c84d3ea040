import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { RunActivities } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import type { Site } from '../site.ts';

const activityQueue = 2;

/** `run.pollers`: how many workers take work from the queue. */
export const pollers =
  (site: Site): RunActivities['run.pollers'] =>
  ({ queue }) =>
    attempt(() => pollersOf(Context.current().client, site.namespace, queue));

/** A worker that has nothing to do asks anew after a minute at the latest; longer ago than this, milliseconds, it is gone. */
const lately = 65_000;

/** The server remembers for minutes a worker that was cut off: only one that asked lately counts, or any while the queue moves, for a busy one does not ask. */
export async function pollersOf(client: Client, namespace: string, queue: string): Promise<number> {
  const taskQueue = { name: queue };
  const { stats, pollers } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue,
    taskQueueType: activityQueue,
    reportStats: true,
  });
  if ((stats?.tasksDispatchRate ?? 0) > 0) return pollers.length;
  return pollers.filter(({ lastAccessTime }) => Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000 < lately).length;
}
