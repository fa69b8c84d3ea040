import type { Client } from '@temporalio/client';

export interface Histories {
  readonly count: number;
  readonly mostEvents: number;
  readonly mostBytes: number;
  readonly largestOf: string;
}

/** The longest and largest history of all runs that the server has, systems' own included. */
export async function histories(client: Client): Promise<Histories> {
  let [count, mostEvents, mostBytes, largestOf] = [0, 0, 0, ''];
  for await (const run of client.workflow.list()) {
    count += 1;
    if (run.historyLength > mostEvents) [mostEvents, largestOf] = [run.historyLength, run.workflowId];
    mostBytes = Math.max(mostBytes, run.historySize ?? 0);
  }
  return { count, mostEvents, mostBytes, largestOf };
}
