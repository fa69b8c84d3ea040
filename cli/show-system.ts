import { standings } from '../record/dashboard/standing.ts';
import { headLine } from '../record/evidence/head.ts';
import { duration } from '../record/words.ts';
import { systemId, type Loan, type Summary, type SystemState } from '../workflows/wire.ts';
import type { Temporal } from './connect.ts';
import { exit } from './exit.ts';
import { usage } from './failure.ts';
import { listSystems } from './find-run.ts';
import { paint, plain, say, sayJson } from './print.ts';
import { didYouMean } from './suggest.ts';

/** Prints all that is known of one system. `workflowId`: of the workflow that stands for it. */
export async function showSystem(temporal: Temporal, workflowId: string, json: boolean): Promise<number> {
  const workflows = await listSystems(temporal);
  const chosen = workflows.find((one) => one.workflowId === workflowId);
  if (chosen === undefined) {
    const known = workflows.map((one) => one.workflowId);
    throw usage(
      `No system "${plain(workflowId)}" is known to ${temporal.address}.${didYouMean(workflowId, known)}`,
      'lifeboat status lists them.',
    );
  }
  const system = workflowId.replace(systemId(''), '');
  const [summary, loan] = [(chosen.memo?.['summary'] as Summary | undefined) ?? null, (chosen.memo?.['loan'] as Loan | undefined) ?? null];
  const state = await temporal
    .within(3000, () => temporal.client.workflow.getHandle(workflowId).query<SystemState>('state'))
    .catch(() => null);
  if (json) sayJson({ systems: [{ system, state, summary, loan }], runs: [] });
  else print(system, state, summary, loan, temporal.link(workflowId));
  return exit.done;
}

function print(system: string, state: SystemState | null, summary: Summary | null, loan: Loan | null, link: string): void {
  say(paint('bold', plain(system)));
  if (state === null) say(`  no worker answers${loan?.runId ? `; lent to run ${loan.runId}` : ''}`);
  else for (const line of linesOf(state)) say(`  ${line}`);
  for (const { tone, text } of standings(new Map([[system, summary]]), [], Date.now())[0]!.worries)
    say(`  ${paint(tone === 'bad' ? 'red' : 'yellow', plain(text))}`);
  say(`  ${link}`);
}

function linesOf({
  active,
  epoch,
  unprotectedSince,
  holder,
  fences,
  lastRun,
  proven = {},
  findings = [],
  head,
  system,
}: SystemState): string[] {
  const open = findings.filter((finding) => finding.state === 'open');
  return [
    active === null ? 'not known where it is served' : `served at ${active}, epoch ${epoch}`,
    ...(unprotectedSince === null ? [] : [`unprotected for ${duration(Date.now() - Date.parse(unprotectedSince))}`]),
    ...(holder === null ? [] : [`lent to ${holder.workflowId} since ${holder.since}`]),
    ...fences.map(({ host, by, at }) => `a fence stands on ${host} (${by}, ${at})`),
    ...(lastRun === null ? [] : [`last run ${lastRun.workflowId}: ${lastRun.verdict} at ${lastRun.at}`]),
    ...Object.entries(proven).map(([what, { at, run, note }]) => `${what} proven at ${at}: ${note} (${run})`),
    ...open.map(({ id, text, owner, due }) => plain(`finding ${id}: ${text}${owner ? ` (${owner}${due ? `, due ${due}` : ''})` : ''}`)),
    ...(head ? [`newest record ${headLine(system, head)}`] : []),
  ];
}
