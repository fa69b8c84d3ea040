import {
  ApplicationFailure,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  getExternalWorkflowHandle,
  startChild,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import type { Action } from '../plan/plan.ts';
import type { Run } from './run.ts';
import type { sweep } from './sweep.ts';
import { controlQueue, sweepId, type MadeCall, type Over, type StepCall, type SweepInput } from './wire.ts';

/** The workflow that takes away what a rehearsal makes. */
export type Sweeping = ChildWorkflowHandle<typeof sweep>;

/**
 * Starts what will take away whatever this rehearsal makes, before it makes anything. It goes on where this run fails, is cancelled or is
 * terminated. `over`: set where there is nothing more to come.
 */
export async function startSweep(run: Run, over?: Over): Promise<Sweeping> {
  const { rehearsal, system } = run.pinned;
  const { keep, expires, places } = rehearsal!;
  const input: SweepInput = {
    system: system.name,
    of: {
      run: run.workflowId,
      origin: run.origin,
      startedAt: run.startedAt,
      keep,
      expires: new Date(Date.parse(run.startedAt) + expires).toISOString(),
      places,
      ...(over === undefined ? {} : { over }),
    },
  };
  for (let nth = 1; ; nth += 1) {
    try {
      run.sweeping = await startChild<typeof sweep>('sweep', {
        workflowId: sweepId(run.origin, system.name, nth),
        taskQueue: controlQueue,
        args: [input],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
        workflowTaskTimeout: '3 seconds',
        staticSummary: `takes away what ${run.workflowId} makes`,
      });
      return run.sweeping;
    } catch (error) {
      // A reset left one behind; what it would tell is told to another run.
      if (!(error instanceof Error) || error.name !== 'WorkflowExecutionAlreadyStartedError') throw error;
    }
  }
}

/** MUST be awaited before a step makes what only its type knows how to take away: from then on it is known, whatever becomes of the run. */
export async function tellMade({ sweeping, input }: Run, { uses, at, timeout }: Action, call: StepCall): Promise<void> {
  const ofParent = input.given?.wave?.sweep;
  const told = sweeping ?? (ofParent === undefined ? null : getExternalWorkflowHandle(ofParent));
  if (told === null)
    throw ApplicationFailure.nonRetryable(`${call.step.id} would make what nothing takes away, and was not begun`, 'no-sweep');
  await told.signal('made', { uses, at, timeout, call } satisfies MadeCall);
}
