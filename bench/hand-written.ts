import { proxyActivities } from '@temporalio/workflow';

/** What a person would write who needs just these steps: the measure of what the walk of a plan costs beside it. */
export async function handWritten(queue: string, count: number): Promise<void> {
  const { instant } = proxyActivities<{ instant(step: string): Promise<string> }>({ taskQueue: queue, startToCloseTimeout: '10 seconds' });
  for (let n = 1; n <= count; n += 1) await instant(`step-${n}`);
}
