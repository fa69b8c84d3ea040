import type { Verdict } from '../record/journal.ts';
import { exit } from './exit.ts';
import type { Line } from './line.ts';
import { plain } from './print.ts';
import type { Snapshot } from './snapshot.ts';

/** How a run that is over ended; null while it goes on, and where it was ended from outside. */
export function verdictOf(run: Snapshot): Verdict | null {
  if (run.closedAt === null) return null;
  return run.result?.verdict ?? run.state?.verdict ?? (run.status === 'CANCELLED' ? 'cancelled' : null);
}

/** Verdicts of a run that did what it was started for. */
export const good: readonly string[] = ['recovered', 'recovered, unprotected', 'restored', 'proven', 'rehearsed'];

/** Exit code of a command that followed a run to its end. */
export function verdictCode(run: Snapshot): number {
  const verdict = verdictOf(run);
  return verdict !== null && good.includes(verdict) ? exit.done : exit.otherwise;
}

/** The last lines about a run: verdict, who serves now, where the report is. Empty while it goes on. */
export function ending(run: Snapshot): Line[] {
  if (run.closedAt === null) return [];
  const verdict = verdictOf(run);
  const well = verdictCode(run) === exit.done;
  const serving = run.result?.serving ?? run.state?.serving ?? null;
  const system = run.state?.system ?? run.workflowId.replace(/^[a-z]+-/, '');
  const why = run.result?.why ?? run.state?.why ?? '';
  return [
    [],
    [
      [well ? 'green' : 'red', `${well ? '✓' : '✗'} ${verdict ?? ended(run.status)}`],
      [null, why === '' ? '' : `: ${plain(why)}`],
    ],
    ...(run.state?.whole === undefined && run.type !== 'rehearsal' ? [[[null, servedBy(serving, system)]] satisfies Line] : []),
    ...Object.entries(run.result?.records ?? run.state?.records ?? {}).map(([site, path]): Line => [
      ['dim', `  report at ${site}: `],
      [null, plain(path)],
    ]),
  ];
}

function servedBy(serving: string | null, system: string): string {
  return serving === null ? `  No site is known to serve ${plain(system)} now.` : `  ${plain(serving)} serves ${plain(system)} now.`;
}

function ended(status: string): string {
  if (status === 'TERMINATED') return 'terminated from outside, with no verdict';
  if (status === 'TIMED_OUT') return 'timed out, with no verdict';
  return `${status.toLowerCase()}, with no verdict`;
}
