import type { WorkflowExecutionInfo } from '@temporalio/client';
import { explain, type Temporal } from './connect.ts';
import { refused, usage } from './failure.ts';
import { plain } from './print.ts';
import { didYouMean } from './suggest.ts';

/** One execution of a run. */
export interface RunName {
  readonly workflowId: string;
  readonly runId: string;
}

/** Workflow types that are runs, the urgent ones first. */
export const runTypes = ['failover', 'failback', 'restore', 'backup', 'rehearsal'] as const;
const inTypes = `WorkflowType IN (${runTypes.map((type) => `"${type}"`).join(', ')})`;

/**
 * The run that a person means: a workflow id, a run id, or the name of a system (of its runs the one under way, else the last).
 * @throws a usage failure that lists near names, code 4 where nothing was named and nothing, or more than one run, is under way
 */
export async function findRun(temporal: Temporal, name: string | undefined): Promise<RunName> {
  if (name === undefined) return await only(temporal);
  const ids = [name, ...runTypes.map((type) => `${type}-${name}`)];
  const found = (await Promise.all([byRunId(temporal, name), ...ids.map((id) => describe(temporal, id))])).filter(
    (run) => run !== undefined,
  );
  const exact = found.find((run) => run.workflowId === name || run.runId === name);
  const running = found.filter((run) => run.status.name === 'RUNNING');
  const best = exact ?? running[0] ?? found.sort((a, b) => b.startTime.getTime() - a.startTime.getTime())[0];
  if (best) return { workflowId: best.workflowId, runId: best.runId };
  const known = await knownNames(temporal);
  if (known.has(name)) throw usage(`No run of ${plain(name)} is known.`, `How the system stands: lifeboat status system-${plain(name)}`);
  throw usage(
    `There is no run and no system "${plain(name)}" on ${temporal.address}.${didYouMean(name, known)}`,
    'lifeboat status lists the runs.',
  );
}

/** Runs under way, or the last ones, newest first. */
export async function listRuns(temporal: Temporal, query: 'running' | 'recent', most = 50): Promise<WorkflowExecutionInfo[]> {
  const filter = query === 'running' ? `${inTypes} AND ExecutionStatus = "Running"` : inTypes;
  return await list(temporal, filter, most);
}

export async function listSystems(temporal: Temporal): Promise<WorkflowExecutionInfo[]> {
  return await list(temporal, 'WorkflowType = "system" AND ExecutionStatus = "Running"', 1_000);
}

async function list(temporal: Temporal, query: string, most: number): Promise<WorkflowExecutionInfo[]> {
  const all: WorkflowExecutionInfo[] = [];
  try {
    await temporal.within(10_000, async () => {
      for await (const run of temporal.client.workflow.list({ query, pageSize: most })) {
        // What carries out steps of a run is shown with that run.
        if (run.workflowId.includes('/')) continue;
        all.push(run);
        if (all.length >= most) break;
      }
    });
  } catch (error) {
    throw explain(error, 'listing runs', temporal.address);
  }
  return all.sort((a, b) => b.startTime.getTime() - a.startTime.getTime());
}

async function only(temporal: Temporal): Promise<RunName> {
  const running = await listRuns(temporal, 'running');
  const [one, ...more] = running;
  if (one === undefined) throw refused(`No run is under way on ${temporal.address}.`, 'Name an ended one, or list them: lifeboat status');
  if (more.length > 0)
    throw usage(
      `${running.length} runs are under way: say which.`,
      running.map((run) => `  ${run.workflowId}, since ${run.startTime.toISOString()}`).join('\n'),
    );
  return { workflowId: one.workflowId, runId: one.runId };
}

type Found = Pick<WorkflowExecutionInfo, 'workflowId' | 'runId' | 'status' | 'startTime'>;

async function describe(temporal: Temporal, workflowId: string): Promise<Found | undefined> {
  try {
    const run = await temporal.within(5000, () => temporal.client.workflow.getHandle(workflowId).describe());
    return (runTypes as readonly string[]).includes(run.type) ? run : undefined;
  } catch (error) {
    if ((error as Error).name === 'WorkflowNotFoundError') return undefined;
    throw explain(error, `looking for ${workflowId}`, temporal.address);
  }
}

async function byRunId(temporal: Temporal, name: string): Promise<Found | undefined> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name)) return undefined;
  return (await list(temporal, `RunId = "${name}"`, 1))[0];
}

async function knownNames(temporal: Temporal): Promise<Set<string>> {
  const runs = [...(await listRuns(temporal, 'recent', 200)), ...(await listSystems(temporal))];
  return new Set(runs.flatMap((run) => [run.workflowId, run.workflowId.replace(/^[a-z]+-/, '')]));
}
