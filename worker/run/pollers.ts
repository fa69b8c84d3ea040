import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { RunActivities } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import type { Site } from '../site.ts';

const activityQueue = 2;

/** `run.pollers`: how many workers asked the queue for work lately. */
export const pollers =
  (site: Site): RunActivities['run.pollers'] =>
  ({ queue }) =>
    attempt(() => pollersOf(Context.current().client, site.namespace, queue));

/** The server forgets a worker some minutes after its last call. */
export async function pollersOf(client: Client, namespace: string, queue: string): Promise<number> {
  const answer = await client.workflowService.describeTaskQueue({ namespace, taskQueue: { name: queue }, taskQueueType: activityQueue });
  return answer.pollers?.length ?? 0;
}
