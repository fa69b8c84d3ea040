import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { controlQueue, runId, type Readiness } from '../workflows/wire.ts';
import type { Seen } from './check-live.ts';
import { explain, type Temporal } from './connect.ts';
import { note } from './print.ts';

/** Systems that are looked at side by side. */
const width = 8;
/** A look that nobody has taken up by then is not waited for, milliseconds; nor one that takes longer than the whole. */
const patience = { begun: 15_000, whole: 60_000 } as const;

/** Has the sites of each system look, or waits for the look under way. */
export async function lookAt(temporal: Temporal, systems: readonly string[]): Promise<readonly Seen[]> {
  const left = [...systems];
  const seen = new Map<string, Seen>();
  const one = async (): Promise<void> => {
    for (let system = left.shift(); system !== undefined; system = left.shift()) seen.set(system, await lookAtOne(temporal, system));
  };
  await Promise.all(Array.from({ length: Math.min(width, systems.length) }, one));
  return systems.map((system) => seen.get(system)!);
}

async function lookAtOne(temporal: Temporal, system: string): Promise<Seen> {
  const workflowId = runId('readiness', system);
  try {
    await temporal.within(10_000, () => begin(temporal, system, workflowId));
    const handle = temporal.client.workflow.getHandle(workflowId);
    const link = temporal.link(workflowId, (await temporal.within(5_000, () => handle.describe())).runId);
    const result = await Promise.race([handle.result() as Promise<Readiness>, unanswered(temporal, system, workflowId)]);
    return { ...result, workflowId, link };
  } catch (error) {
    throw explain(error, `looking whether ${system} is ready`, temporal.address);
  }
}

async function begin({ client }: Temporal, system: string, workflowId: string): Promise<void> {
  try {
    await client.workflow.start('readiness', {
      workflowId,
      taskQueue: controlQueue,
      args: [{ system }],
      workflowTaskTimeout: '3 seconds',
      workflowExecutionTimeout: '10 minutes',
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `whether ${system} is ready`.slice(0, 190),
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    note(`A look at ${system} is under way: its answer is waited for.`);
  }
}

/** A look that no worker takes up says by that that nothing is ready. */
async function unanswered({ client, within }: Temporal, system: string, workflowId: string): Promise<Readiness> {
  const started = Date.now();
  for (;;) {
    await sleep(1_000, undefined, { ref: false });
    const { historyLength } = await within(5_000, () => client.workflow.getHandle(workflowId).describe());
    const late = Date.now() - started;
    // Started, and a task that nobody took.
    const begun = historyLength > 2;
    if (late < (begun ? patience.whole : patience.begun)) continue;
    const text = begun
      ? `The look at ${system} has not ended within ${patience.whole / 1_000} s.`
      : `No worker takes up any work for ${system}: none polls the queue ${controlQueue}.`;
    const problem = { code: 'no-worker', weight: 'must', text } as const;
    return {
      system,
      ready: false,
      because: [text],
      accepted: [],
      at: new Date().toISOString(),
      looks: [{ subject: 'workers', answered: false, seen: [], problems: [problem] }],
    };
  }
}
