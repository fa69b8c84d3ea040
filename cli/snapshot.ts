import type { WorkflowExecutionDescription, WorkflowExecutionStatusName } from '@temporalio/client';
import type { RunResult, RunState, Waiting } from '../workflows/wire.ts';
import { explain, reason, type Temporal } from './connect.ts';
import type { RunName } from './find-run.ts';
import { usage } from './failure.ts';
import { resultOf } from './result.ts';

/** What is known of a run at one moment: from the server alone, and from a worker where one answers. */
export interface Snapshot {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  readonly status: WorkflowExecutionStatusName;
  /** ISO times. */
  readonly startedAt: string;
  readonly closedAt: string | null;
  readonly link: string;
  /** Grows with everything that happens in the run. */
  readonly events: number;
  /** What is asked, as the server keeps it. */
  readonly waiting: readonly Waiting[];
  /** Absent where no worker answered. */
  readonly state: RunState | null;
  /** Why `state` is absent, or why the run does not move. */
  readonly problem: string | null;
  /** How it ended; null while it goes on, and where it ended without a result. */
  readonly result: RunResult | null;
}

/** Reads a run. `known`: what was read before; the workers are asked again only when something has happened since. */
export async function snapshot(temporal: Temporal, run: RunName, known?: Snapshot, patience = 3000): Promise<Snapshot> {
  const description = await statusOf(temporal, run);
  if (description.status.name === 'CONTINUED_AS_NEW') {
    const next = await temporal.within(5000, () => temporal.client.workflow.getHandle(run.workflowId).describe());
    return await snapshot(temporal, { workflowId: run.workflowId, runId: next.runId }, undefined, patience);
  }
  const base = {
    workflowId: run.workflowId,
    runId: description.runId,
    type: description.type,
    status: description.status.name,
    startedAt: description.startTime.toISOString(),
    closedAt: description.closeTime?.toISOString() ?? null,
    link: temporal.link(run.workflowId, description.runId),
    events: description.historyLength,
    waiting: description.status.name === 'RUNNING' ? readWaiting(description.memo) : [],
    result: null,
  };
  if (base.status !== 'RUNNING') return await closed(temporal, base, patience);
  const stuck = reported(description.searchAttributes);
  if (known?.state && known.runId === base.runId && known.events === base.events && known.status === base.status)
    return { ...base, state: known.state, problem: stuck };
  try {
    return { ...base, state: await queryState(temporal, base, patience), problem: stuck };
  } catch (error) {
    return { ...base, state: null, problem: stuck ?? silence(error) };
  }
}

async function closed(temporal: Temporal, base: Omit<Snapshot, 'state' | 'problem'>, patience: number): Promise<Snapshot> {
  const [state, ended] = await Promise.all([queryState(temporal, base, patience).catch(() => null), resultOf(temporal, base)]);
  return { ...base, state, ...ended };
}

function queryState(temporal: Temporal, run: RunName, patience: number): Promise<RunState> {
  return temporal.within(patience, () => temporal.client.workflow.getHandle(run.workflowId, run.runId).query<RunState>('state'));
}

/** What the server itself knows of a run; needs no worker. */
export async function statusOf(temporal: Temporal, run: RunName): Promise<WorkflowExecutionDescription> {
  try {
    return await temporal.within(5000, () => temporal.client.workflow.getHandle(run.workflowId, run.runId).describe());
  } catch (error) {
    if ((error as Error).name === 'WorkflowNotFoundError')
      throw usage(
        `The run ${run.workflowId} is no longer on ${temporal.address}.`,
        'Ended runs vanish after the retention of their namespace; their records stay in the record store.',
      );
    throw explain(error, `reading ${run.workflowId}`, temporal.address);
  }
}

/** What is asked, as the memo holds it. */
export function readWaiting(memo: Readonly<Record<string, unknown>> | undefined): Waiting[] {
  const waiting = memo?.['waiting'];
  return Array.isArray(waiting) ? (waiting as Waiting[]) : [];
}

function reported(attributes: Readonly<Record<string, unknown>>): string | null {
  const problems = attributes['TemporalReportedProblems'];
  if (!Array.isArray(problems) || problems.length === 0) return null;
  return `The server reports that this run does not get on: ${problems.join(', ')}. See its worker's log.`;
}

function silence(error: unknown): string {
  const said = reason(error);
  return said === 'no answer in time' || /no poller|worker/i.test(said)
    ? 'No worker answers for this run. Decisions are kept until one does. Start one: lifeboat worker --site SITE'
    : `The run's worker cannot tell its state: ${said}`;
}
