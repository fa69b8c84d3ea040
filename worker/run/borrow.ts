import { Context, activityInfo } from '@temporalio/activity';
import {
  isGrpcServiceError,
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { StepError } from '../../activities/error.ts';
import { memoOf } from '../../workflows/system/memo.ts';
import { resumed } from '../../workflows/system/rebuild.ts';
import { lost } from '../../workflows/system/lend.ts';
import type { BorrowRequest, ReturnRequest } from '../../workflows/system/requests.ts';
import type { BorrowAnswer, Loan, RunActivities, SystemState } from '../../workflows/wire.ts';
import { controlQueue, systemId } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import { loanOf } from '../ours.ts';
import { repeat } from '../repeat.ts';
import { lastKnown } from './last-known.ts';

/** How long the system's workflow has to answer, milliseconds. */
const patience = 4_500;
const deadlineExceeded = 4;

/**
 * `run.borrow`: asks the workflow that stands for the system for it; starts that workflow where there is none, with what can be known
 * of the system.
 */
export const borrow = (): RunActivities['run.borrow'] => (input) =>
  attempt(async () => {
    const { client } = Context.current();
    const { workflowId, runId } = activityInfo().workflowExecution!;
    const request: BorrowRequest = { ...input, workflowId, runId };
    const { recalled } = input;
    const known = recalled === undefined ? null : await lastKnown(client, input.system);
    if (known !== null && recalled == null) return lost(input.system);
    const carried = known && recalled ? resumed(known, recalled, new Date().toISOString()) : null;
    const answer = await ask(client, request, carried);
    if (answer.granted || answer.stale || answer.holder === '') return answer;
    const loan = await loanOf(client, input.system);
    if (loan?.runId && (await gone(client, answer.holder, loan, workflowId)))
      return ask(client, { ...request, evict: loan.runId }, carried);
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
    const until = Date.now() + patience;
    await client.withDeadline(until, () => repeat(until, update)).catch(untold);
  });

function ask(client: Client, request: BorrowRequest, carried: SystemState | null): Promise<BorrowAnswer> {
  const start = () =>
    new WithStartWorkflowOperation('system', {
      workflowId: systemId(request.system),
      taskQueue: controlQueue,
      args: carried === null ? [request.system] : [request.system, carried],
      ...(carried === null ? {} : { memo: { ...memoOf(carried) } }),
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowTaskTimeout: '3 seconds',
      staticSummary: `${request.system}: who holds it, which site serves, what is proven, what is to be mended`,
    });
  const update = (): Promise<BorrowAnswer> =>
    client.workflow.executeUpdateWithStart('borrow', { args: [request], startWorkflowOperation: start() });
  const until = Date.now() + patience;
  return client.withDeadline(until, () => repeat(until, update)).catch(silent);
}

/** People are asked at once; a worker that vanished with the question is another matter, and another one asks again. */
function silent(error: unknown): never {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || (isGrpcServiceError(error) && error.code === deadlineExceeded))
    throw new StepError('lock-silent', `its workflow did not answer within ${patience / 1000} s`, 'person');
  throw error;
}

/** Where its workflow was ended meanwhile, nobody hears it; its record tells it to whoever asks for the system next. */
function untold(error: unknown): never {
  if (error instanceof WorkflowNotFoundError) throw new StepError('no-system', 'the workflow of the system runs no more', 'person');
  throw error;
}

/** A holder whose execution is closed holds nothing. One that was reset goes on under its workflow id. */
async function gone(client: Client, holder: string, loan: Loan, own: string): Promise<boolean> {
  return !(await (holder === own ? isRunning(client, holder, loan.runId!) : isRunning(client, holder)));
}

async function isRunning(client: Client, workflowId: string, runId?: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(workflowId, runId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
