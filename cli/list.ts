import type { WorkflowExecutionInfo } from '@temporalio/client';
import { standings } from '../record/dashboard/standing.ts';
import { headLine } from '../record/evidence/head.ts';
import type { Loan, Summary } from '../workflows/wire.ts';
import type { Temporal } from './connect.ts';
import { exit } from './exit.ts';
import { listRuns, listSystems } from './find-run.ts';
import { paint, say, sayJson, table } from './print.ts';
import { roomOf, showSystems } from './show-systems.ts';

/** Prints how all systems stand, and the runs, those under way first. Three calls, whatever there is; no worker has to be alive. */
export async function list(temporal: Temporal, json: boolean, all: boolean): Promise<number> {
  const [running, recent, workflows] = await Promise.all([
    listRuns(temporal, 'running'),
    listRuns(temporal, 'recent', 10),
    listSystems(temporal),
  ]);
  const runs = [...running, ...recent.filter((run) => !running.some((live) => live.runId === run.runId))].map((run) =>
    runOf(temporal, run),
  );
  const known = new Map(workflows.map(({ workflowId, memo }) => [nameOf(workflowId), (memo?.['summary'] as Summary | undefined) ?? null]));
  const standing = standings(known, [], Date.now());
  if (json) {
    const loans = new Map(workflows.map(({ workflowId, memo }) => [nameOf(workflowId), (memo?.['loan'] as Loan | undefined) ?? null]));
    const systems = standing.map(({ system, tone, worries, summary }) => ({
      system,
      tone,
      worries: worries.map(({ text }) => text),
      head: summary?.head ? headLine(system, summary.head) : null,
      loan: loans.get(system) ?? null,
      summary,
    }));
    sayJson({ systems, runs });
    return exit.done;
  }
  const underWay = new Map(runs.filter(({ closedAt }) => closedAt === null).map(({ system, workflowId }) => [system ?? '', workflowId]));
  const room = all ? { lines: Infinity, columns: Infinity } : roomOf(process.stdout, runs.length + 5);
  showSystems(standing, underWay, Date.now(), room);
  printRuns(runs);
  return exit.done;
}

const nameOf = (workflowId: string): string => workflowId.replace(/^system-/u, '');

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
