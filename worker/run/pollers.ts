import { Context } from '@temporalio/activity';
import type { RunActivities } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import type { Site } from '../site.ts';

const activityQueue = 2;

/** `run.pollers`: how many workers asked the queue for work lately. The server forgets one about a minute after its last call. */
export const pollers =
  (site: Site): RunActivities['run.pollers'] =>
  ({ queue }) =>
    attempt(async () => {
      const { workflowService } = Context.current().client;
      const answer = await workflowService.describeTaskQueue({ namespace: site.namespace, taskQueue: { name: queue }, taskQueueType: activityQueue });
      return answer.pollers?.length ?? 0;
    });
