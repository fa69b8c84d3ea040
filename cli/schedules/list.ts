import { duration } from '../../record/words.ts';
import type { Temporal } from '../connect.ts';
import { exit } from '../exit.ts';
import { paint, plain, say, sayJson, table } from '../print.ts';
import { known, ownedBy, type Known } from './known.ts';
import type { Table } from './read.ts';

interface Row {
  readonly name: string;
  readonly when: string;
  readonly next: string | null;
  readonly last: { readonly workflowId: string; readonly at: string; readonly state: string } | null;
  /** Starts that were left out because the one before still ran, and because they were too late. */
  readonly skipped: number;
  readonly missed: number;
  readonly paused: string | null;
}

/** All schedules of the file's owner, as Temporal has them; without a file, of every owner. */
export async function list(temporal: Temporal, file: Table | undefined, json: boolean): Promise<number> {
  const wanted = (file?.entries ?? []).map(({ name }) => name);
  const names = [...new Set([...wanted, ...(await ownedBy(temporal, file?.owner))])].toSorted();
  const rows = await Promise.all(
    names.map(async (name) => {
      const one = await known(temporal, name);
      return one === null ? { name, absent: true as const } : { ...(await rowOf(temporal, one)), absent: false as const };
    }),
  );
  if (json) sayJson(rows);
  else show(rows.flatMap((row) => (row.absent ? [] : [row])));
  const absent = rows.filter((row) => row.absent);
  if (!json && absent.length > 0)
    say(paint('yellow', `Not in Temporal yet: ${absent.map(({ name }) => plain(name)).join(', ')}. Make them: lifeboat schedules apply`));
  return absent.length === 0 ? exit.done : exit.otherwise;
}

async function rowOf(temporal: Temporal, { name, applied, described: { info, state } }: Known): Promise<Row> {
  const last = info.recentActions.at(-1);
  return {
    name,
    when: applied?.when ?? '',
    next: state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
    last: last === undefined ? null : await lastOf(temporal, last.action.workflow.workflowId, last.takenAt),
    skipped: info.numActionsSkippedOverlap,
    missed: info.numActionsMissedCatchupWindow,
    paused: state.paused ? (state.note ?? 'no reason was given') : null,
  };
}

async function lastOf(temporal: Temporal, workflowId: string, at: Date): Promise<NonNullable<Row['last']>> {
  const described = await temporal.within(3_000, () => temporal.client.workflow.getHandle(workflowId).describe()).catch(() => null);
  const word = described?.searchAttributes?.['LifeboatState']?.[0];
  return {
    workflowId,
    at: at.toISOString(),
    state: typeof word === 'string' ? word : (described?.status.name.toLowerCase() ?? 'not known'),
  };
}

function show(rows: readonly Row[]): void {
  const lines = rows.map(({ name, when, next, last, skipped, missed, paused }) => [
    plain(name),
    plain(when),
    paused === null ? (next === null ? paint('red', 'never') : `in ${until(next)}`) : paint('yellow', 'paused'),
    last === null ? 'never' : `${since(last.at)} ago: ${plain(last.state)}`,
    [
      ...(skipped > 0 ? [`${skipped} skipped: one was still running`] : []),
      ...(missed > 0 ? [`${missed} missed: too late`] : []),
      ...(paused === null ? [] : [plain(paused)]),
    ].join('; '),
  ]);
  if (lines.length === 0) return;
  for (const row of table([['schedule', 'when', 'next', 'last', ''], ...lines])) say(row.trimEnd());
}

const since = (at: string): string => duration(Math.max(0, Date.now() - Date.parse(at)));
const until = (at: string): string => duration(Math.max(0, Date.parse(at) - Date.now()));
