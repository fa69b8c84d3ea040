import { activityInfo } from '@temporalio/activity';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { StepError } from '../activities/error.ts';
import type { Backup, Proof } from '../activities/step.ts';
import { systemId, type Loan, type SystemState } from '../workflows/wire.ts';

const running = 1;

/**
 * Whether this very attempt may still change the world: its run runs, waits for this attempt and no later one, and
 * holds the system under the same epoch. Read from the server's own state, which needs no other worker alive.
 * @throws StepError `not-ours`, `taken-over`, `stopped`.
 */
export async function stillOurs(client: Client, system: string, epoch: number | null): Promise<void> {
  const info = activityInfo();
  const { workflowId, runId } = info.workflowExecution!;
  const [run, loan] = await Promise.all([
    client.workflow.getHandle(workflowId, runId).describe(),
    // Without a loan it may still have been stopped.
    loanOf(client, system).catch((error: unknown) => (epoch === null ? null : Promise.reject(error as Error))),
  ]);
  if (run.status.code !== running)
    throw new StepError('not-ours', `the run ${workflowId} does not run any more (${run.status.name})`, 'person');
  const pending = run.raw.pendingActivities?.find(({ activityId }) => activityId === info.activityId);
  if (!pending || pending.attempt !== info.attempt) {
    throw new StepError(
      'taken-over',
      `the run ${workflowId} does not wait for this attempt any more: another worker has taken it over`,
      'person',
    );
  }
  if (loan?.stopped !== undefined)
    throw new StepError(
      'stopped',
      `${system} was stopped by ${loan.stopped}. No change begins before effects are allowed again: lifeboat resume ${system}`,
      'person',
    );
  // What was never lent, only shared, has no loan to read: it stands at 0, as a plan compiled then has it.
  const standing = loan?.epoch ?? 0;
  if (epoch !== null && standing !== epoch) {
    throw new StepError(
      'not-ours',
      `${system} is no longer lent to this run: it was given back, or lent to another (epoch ${standing}, this run has ${epoch}). Start a new run, which looks at the world as it is now`,
      'person',
    );
  }
}

/** The loan that stands, or null where the system's workflow was never started. */
export async function loanOf(client: Client, system: string): Promise<Loan | null> {
  const { memo } = await client.workflow.getHandle(systemId(system)).describe();
  return (memo?.['loan'] as Loan | undefined) ?? null;
}

/** Backups that the system's workflow knows; none where it was never started. */
export async function backupsOf(client: Client, system: string): Promise<readonly Backup[]> {
  const { memo } = await client.workflow
    .getHandle(systemId(system))
    .describe()
    .catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return { memo: undefined };
      throw error;
    });
  return (memo?.['backups'] as readonly Backup[] | undefined) ?? [];
}

/** Fences that stand; none where the system's workflow was never started. Asks its state, so it needs a worker alive. */
export async function fencesOf(client: Client, system: string): Promise<readonly Proof[]> {
  try {
    return (await client.workflow.getHandle(systemId(system)).query<SystemState>('state')).fences;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return [];
    throw error;
  }
}
