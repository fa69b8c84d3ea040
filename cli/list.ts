import type { WorkflowExecutionInfo } from '@temporalio/client';
import type { Loan, SystemState } from '../workflows/wire.ts';
import type { Temporal } from './connect.ts';
import { duration } from '../record/words.ts';
import { exit } from './exit.ts';
import { usage } from './failure.ts';
import { listRuns, listSystems } from './find-run.ts';
import { paint, plain, say, sayJson, table } from './print.ts';
import { didYouMean } from './suggest.ts';

/** Prints the systems under protection and the runs, those under way first. `system`: the workflow id of one system. */
export async function list(temporal: Temporal, json: boolean, system?: string): Promise<number> {
  const [running, recent, workflows] = await Promise.all([
    listRuns(temporal, 'running'),
    listRuns(temporal, 'recent', 10),
    listSystems(temporal),
  ]);
  const chosen = system === undefined ? workflows : workflows.filter((one) => one.workflowId === system);
  if (system !== undefined && chosen.length === 0) {
    const known = workflows.map((one) => one.workflowId);
    throw usage(`No system "${plain(system)}" is known to ${temporal.address}.${didYouMean(system, known)}`, 'lifeboat status lists them.');
  }
  const systems = await Promise.all(chosen.map((one) => systemOf(temporal, one)));
  const runs =
    system !== undefined
      ? []
      : [...running, ...recent.filter((run) => !running.some((live) => live.runId === run.runId))].map((run) => runOf(temporal, run));
  if (json) sayJson({ systems, runs });
  else {
    printSystems(systems);
    if (system === undefined) printRuns(runs);
  }
  return exit.done;
}

interface Listed {
  readonly workflowId: string;
  readonly runId: string;
  readonly kind: string;
  readonly system: string | null;
  readonly runbook: string | null;
  readonly site: string | null;
  readonly live: string | null;
  readonly state: string;
  readonly startedAt: string;
  readonly closedAt: string | null;
  readonly link: string;
}

function runOf(temporal: Temporal, run: WorkflowExecutionInfo): Listed {
  const attribute = (name: string): string | null => (run.searchAttributes[name]?.[0] as string | undefined) ?? null;
  return {
    workflowId: run.workflowId,
    runId: run.runId,
    kind: attribute('LifeboatKind') ?? run.type,
    system: attribute('LifeboatSystem'),
    runbook: attribute('LifeboatRunbook'),
    site: attribute('LifeboatSite'),
    live: attribute('LifeboatLive'),
    state: attribute('LifeboatState') ?? run.status.name.toLowerCase(),
    startedAt: run.startTime.toISOString(),
    closedAt: run.closeTime?.toISOString() ?? null,
    link: temporal.link(run.workflowId, run.runId),
  };
}

interface ListedSystem {
  readonly system: string;
  /** Absent where no worker answered. */
  readonly state: SystemState | null;
  readonly loan: Loan | null;
}

async function systemOf(temporal: Temporal, info: WorkflowExecutionInfo): Promise<ListedSystem> {
  const state = await temporal
    .within(3000, () => temporal.client.workflow.getHandle(info.workflowId).query<SystemState>('state'))
    .catch(() => null);
  return { system: info.workflowId.replace(/^system-/, ''), state, loan: (info.memo?.['loan'] as Loan | undefined) ?? null };
}

function printSystems(systems: readonly ListedSystem[]): void {
  say(paint('bold', 'Systems'));
  if (systems.length === 0) say('  none yet: a system is known from its first run on');
  for (const { system, state, loan } of systems) {
    if (state === null) {
      say(`  ${plain(system)}  no worker answers${loan?.runId ? `; lent to run ${loan.runId}` : ''}`);
      continue;
    }
    const words = [state.active === null ? 'not known where it is served' : `served at ${state.active}`];
    if (state.unprotectedSince !== null)
      words.push(paint('yellow', `unprotected for ${duration(Date.now() - Date.parse(state.unprotectedSince))}`));
    if (state.holder !== null) words.push(`lent to ${state.holder.workflowId}`);
    for (const fence of state.fences) words.push(`fence stands on ${fence.host} (${fence.by})`);
    if (state.lastRun !== null) words.push(`last run ${state.lastRun.workflowId} ${state.lastRun.verdict} at ${state.lastRun.at}`);
    say(`  ${plain(system)}  ${words.join('; ')}`);
  }
}

function printRuns(runs: readonly Listed[]): void {
  say();
  say(paint('bold', 'Runs'));
  if (runs.length === 0) say('  none');
  const rows = runs.map((run) => [
    `  ${run.workflowId}`,
    run.state,
    run.startedAt,
    run.closedAt === null ? 'under way' : 'ended',
    run.site ?? '',
    run.link,
  ]);
  table(rows).forEach((row) => say(row));
}
