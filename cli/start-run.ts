import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { RunKind } from '../workflows/policy.ts';
import { controlQueue, idOfRun, type RunInput } from '../workflows/wire.ts';
import { explain, type Temporal } from './connect.ts';
import type { RunName } from './find-run.ts';

export interface Started extends RunName {
  /** Who started the run under way that this call found; absent where it started one itself. */
  readonly attachedTo?: { readonly by: string; readonly at: string };
}

/** Starts a run, or finds the one of this kind and system that is under way. */
export async function startRun(temporal: Temporal, kind: RunKind, input: RunInput): Promise<Started> {
  const workflowId = idOfRun(kind, input);
  const words = [
    `${kind} of ${input.site ?? input.system}`,
    ...(input.mode ? [input.mode] : []),
    ...(input.by ? [`started by ${input.by}`] : []),
  ];
  try {
    const handle = await temporal.within(10_000, () =>
      temporal.client.workflow.start(kind, {
        workflowId,
        taskQueue: controlQueue,
        args: [input],
        // A worker that freezes with a workflow task costs no more than this.
        workflowTaskTimeout: '3 seconds',
        // Not USE_EXISTING: its answer does not tell whether the run is ours, and a person must know.
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: words.join(', ').slice(0, 190),
      }),
    );
    return { workflowId, runId: handle.firstExecutionRunId };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw explain(error, `starting ${workflowId}`, temporal.address);
  }
  try {
    return await attach(temporal, workflowId);
  } catch (error) {
    throw explain(error, `reading ${workflowId}, which is under way`, temporal.address);
  }
}

async function attach(temporal: Temporal, workflowId: string): Promise<Started> {
  const { runId } = await temporal.within(5000, () => temporal.client.workflow.getHandle(workflowId).describe());
  const { history } = await temporal.within(5000, () =>
    temporal.client.workflowService.getWorkflowExecutionHistory({
      namespace: temporal.namespace,
      execution: { workflowId, runId },
      maximumPageSize: 1,
    }),
  );
  const first = history?.events?.[0];
  const by = first?.principal?.name || first?.workflowExecutionStartedEventAttributes?.identity || 'someone unnamed';
  const seconds = Number(first?.eventTime?.seconds ?? 0);
  return { workflowId, runId, attachedTo: { by, at: new Date(seconds * 1000).toISOString() } };
}
