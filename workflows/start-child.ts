import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  ParentClosePolicy,
  executeChild,
  isCancellation,
} from '@temporalio/workflow';
import type { Child } from '../plan/plan.ts';
import { short } from './activities.ts';
import { Stopped, type Run } from './run.ts';
import { controlQueue, type RunInput, type RunResult } from './wire.ts';

/**
 * Runs a child workflow to its end. Cancelling its parent cancels it, at a safe point. Where its parent ends otherwise, what carries
 * out steps of the parent ends too, and a run of its own goes on: somebody waits for its system.
 * @throws ApplicationFailure `under-way` where it runs already; a child that ended badly and tells its result hands that back.
 */
export async function startChild(run: Run, child: Child, workflowId: string, input: RunInput): Promise<RunResult> {
  const wave = input.given?.wave !== undefined;
  const own = new CancellationScope();
  const left = new Promise<never>((_, reject) => {
    CancellationScope.current().cancelRequested.catch(() => {
      if (wave || run.stop?.how === 'cancel') own.cancel();
      else reject(new Stopped());
    });
  });
  const running = CancellationScope.nonCancellable(() =>
    own.run(() =>
      executeChild<(input: RunInput) => Promise<RunResult>>(run.live ? child.kind : 'rehearsal', {
        workflowId,
        taskQueue: controlQueue,
        args: [input],
        parentClosePolicy: wave ? ParentClosePolicy.REQUEST_CANCEL : ParentClosePolicy.ABANDON,
        workflowTaskTimeout: '3 seconds',
        staticSummary: short(
          wave ? `${child.steps} steps of ${input.system}` : `${child.kind} of ${child.system}, ${child.source} → ${child.target}`,
        ),
      }),
    ),
  );
  try {
    return await Promise.race([running, left]);
  } catch (error) {
    running.catch(() => undefined);
    return told(error, workflowId);
  } finally {
    left.catch(() => undefined);
  }
}

/** A run that did not end well fails, and carries its result in the failure. */
function told(error: unknown, workflowId: string): RunResult {
  if (error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')
    throw ApplicationFailure.nonRetryable(`${workflowId} is under way already: wait for its end, then try again`, 'under-way');
  if (!(error instanceof ChildWorkflowFailure) || isCancellation(error)) throw error;
  const result = error.cause instanceof ApplicationFailure ? (error.cause.details?.[0] as RunResult | undefined) : undefined;
  if (result?.verdict) return result;
  throw error.cause ?? error;
}
