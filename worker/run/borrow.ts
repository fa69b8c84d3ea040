import { Context, activityInfo } from '@temporalio/activity';
import { isGrpcServiceError, WithStartWorkflowOperation, WorkflowUpdateRPCTimeoutOrCancelledError, type Client } from '@temporalio/client';
import { StepError } from '../../activities/error.ts';
import type { BorrowRequest, ReturnRequest } from '../../workflows/system.ts';
import type { BorrowAnswer, Loan, RunActivities } from '../../workflows/wire.ts';
import { controlQueue, systemId } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import { loanOf } from '../ours.ts';

/** How long the system's workflow has to answer, milliseconds. */
const patience = 4_500;
const deadlineExceeded = 4;

/** `run.borrow`: asks the workflow that stands for the system for it; starts that workflow where there is none. */
export const borrow = (): RunActivities['run.borrow'] => (input) =>
  attempt(async () => {
    const { client } = Context.current();
    const { workflowId, runId } = activityInfo().workflowExecution!;
    const request: BorrowRequest = { ...input, workflowId, runId };
    const answer = await ask(client, request);
    if (answer.granted || answer.stale) return answer;
    const loan = await loanOf(client, input.system);
    if (loan?.runId && (await gone(client, answer.holder, loan, workflowId))) return ask(client, { ...request, evict: loan.runId });
    return answer;
  });

/** `run.return`: gives the system back with what is now known of it. */
export const giveBack = (): RunActivities['run.return'] => (input) =>
  attempt(async () => {
    const { workflowId, runId } = activityInfo().workflowExecution!;
    const request: ReturnRequest = { ...input, workflowId, runId };
    const { client } = Context.current();
    const update = (): Promise<void> => client.workflow.getHandle(systemId(input.system)).executeUpdate('return', { args: [request] });
    // Where no worker answers it any more, a worker that shuts down would wait for ever.
    await client.withDeadline(Date.now() + patience, update);
  });

function ask(client: Client, request: BorrowRequest): Promise<BorrowAnswer> {
  const startWorkflowOperation = new WithStartWorkflowOperation('system', {
    workflowId: systemId(request.system),
    taskQueue: controlQueue,
    args: [request.system],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowTaskTimeout: '3 seconds',
    staticSummary: `${request.system}: who holds it, which site serves, which fences stand`,
  });
  const update = (): Promise<BorrowAnswer> => client.workflow.executeUpdateWithStart('borrow', { args: [request], startWorkflowOperation });
  return client.withDeadline(Date.now() + patience, update).catch(silent);
}

/** People are asked at once; a worker that vanished with the question is another matter, and another one asks again. */
function silent(error: unknown): never {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || (isGrpcServiceError(error) && error.code === deadlineExceeded))
    throw new StepError('lock-silent', `its workflow did not answer within ${patience / 1000} s`, 'person');
  throw error;
}

/** A holder whose execution is closed holds nothing. One that was reset goes on under its workflow id. */
async function gone(client: Client, holder: string, loan: Loan, own: string): Promise<boolean> {
  const running = 'RUNNING';
  if (holder === own) return (await client.workflow.getHandle(holder, loan.runId!).describe()).status.name !== running;
  return (await client.workflow.getHandle(holder).describe()).status.name !== running;
}
