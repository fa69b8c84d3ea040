import type { MeasuredRun, SystemState } from '../wire.ts';
import type { ReturnRequest } from './requests.ts';

/** Runs that are remembered of a runbook. */
const most = 20;
/** Durations of steps that are remembered of a runbook. */
const mostSteps = 3_000;

/** How long the steps of runs and rehearsals took, once one more has ended. Pure. */
export function measuredAfter(
  known: SystemState['measured'] = {},
  { walked, rehearsed, verdict, workflowId: run }: ReturnRequest,
  at: string,
): NonNullable<SystemState['measured']> {
  const one = rehearsed ?? walked;
  if (one === undefined) return known;
  const { runbook, mode, durations, bytes, recovery } = one;
  const live = rehearsed === undefined;
  // A run that did nothing measured nothing.
  if (Object.keys(durations).length === 0) return known;
  const good = rehearsed?.passed ?? (verdict === 'proven' || verdict === 'restored' || verdict.startsWith('recovered'));
  const runs = [
    ...(known[runbook] ?? []),
    { runbook, mode, durations, ...(bytes === undefined ? {} : { bytes }), recovery, run, at, live, good },
  ].slice(-most);
  // All of it has to fit into one message of the server: of long runbooks fewer runs are remembered.
  while (runs.length > 1 && stepsIn(runs) > mostSteps) runs.shift();
  return { ...known, [runbook]: runs };
}

const stepsIn = (runs: readonly MeasuredRun[]): number => runs.reduce((sum, one) => sum + Object.keys(one.durations).length, 0);
