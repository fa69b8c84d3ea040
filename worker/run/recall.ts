import { activityInfo } from '@temporalio/activity';
import type { Caller } from '../../activities/aws/client.ts';
import { readStatement, type Statement } from '../../record/evidence/statement.ts';
import type { RunRecord } from '../../record/schema/run.ts';
import type { Head, Recalled, Remembered, RunActivities } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import { cloudOf } from '../cloud.ts';
import { contentOf, digestOf, type Envelope } from '../evidence/dsse.ts';
import { openStore } from '../stores/open.ts';
import type { RecordStore } from '../stores/store.ts';

/** Records that are read at once; that are handed on; and characters of these: they must fit into a history. */
const most = { atOnce: 20, told: 60, room: 150_000 } as const;
/** How long it may read: what it has not read by then is older. Milliseconds. */
const patience = 2_500;
const wentWell: readonly unknown[] = ['recovered', 'recovered, unprotected', 'restored', 'proven'];

/** `run.recall`: what the record store of a site remembers of a system, for where the workflow that knew it was lost. */
export const recall = (): RunActivities['run.recall'] => (input) =>
  attempt(({ signal }) => {
    const caller: Caller = { ...cloudOf(input.aws ?? {}, activityInfo().workflowExecution!.workflowId), signal };
    return recalled(openStore(input.folder, caller), input.system, input.site);
  });

/** The newest records of a system in a store, as many as can be read in time and told in one answer. */
export async function recalled(store: RecordStore, system: string, site: string): Promise<Omit<Recalled, 'serving'>> {
  const until = Date.now() + patience;
  const names = (await store.list('')).filter((name) => /^\d{4}-.*\.dsse\.json$/u.test(name)).toReversed();
  const runs: Remembered[] = [];
  let [head, size]: [Head | null, number] = [null, 0];
  while (names.length > 0 && Date.now() < until && runs.length < most.told && size < most.room)
    for (const { statement, digest } of await read(store, names.splice(0, most.atOnce))) {
      const { record, place } = statement;
      if (record.system !== system || record.left === undefined) continue;
      const run = remembered(record, record.left);
      runs.push(run);
      size += JSON.stringify(run).length;
      const count = place.system === system ? (place.number ?? 0) : 0;
      if (count > (head?.count ?? 0)) head = { count, digest, at: run.at };
    }
  return { from: from(site, runs), runs, head };
}

/** What cannot be read tells nothing, and keeps nobody from reading the rest. */
async function read(store: RecordStore, names: readonly string[]): Promise<{ readonly statement: Statement; readonly digest: string }[]> {
  const found = await Promise.all(
    names
      .map(async (name) => {
        const content = contentOf(JSON.parse((await store.read(name)) ?? '{}') as Envelope);
        return { statement: readStatement(content.toString()), digest: digestOf(content) };
      })
      .map((one) => one.catch(() => null)),
  );
  return found.flatMap((one) => (one === null || one.statement === null ? [] : [{ ...one, statement: one.statement }]));
}

function from(site: string, [newest, ...rest]: readonly Remembered[]): string[] {
  if (newest === undefined) return [];
  const many = `${rest.length + 1} ${rest.length === 0 ? 'record' : 'records'}`;
  return [`${many} at ${site}, the newest of ${newest.workflowId}, which ended ${newest.at}`];
}

function remembered(record: RunRecord, { shared, ...outlives }: NonNullable<RunRecord['left']>): Remembered {
  const { run, system, verdict, serving, startedAt } = record;
  const walked = {
    runbook: record.runbook ?? '',
    mode: record.modes.at(-1)?.mode ?? null,
    durations: durationsOf(record),
    recovery: { time: record.recovery.total, point: record.point?.span ?? null },
  };
  return {
    workflowId: run.workflowId ?? '',
    runId: run.runId ?? '',
    at: record.endedAt ?? startedAt,
    shared,
    system,
    serving: serving.known && wentWell.includes(verdict) ? serving.site : null,
    verdict: verdict ?? 'failed',
    ...outlives,
    ...(record.rehearsal == null ? { walked } : { rehearsed: { ...walked, passed: verdict === 'rehearsed', found: [], tried: [] } }),
  };
}

function durationsOf({ steps }: RunRecord): { readonly [step: string]: number } {
  const done = steps.flatMap(({ id, kind, outcome, from: begun, to }) =>
    kind === 'step' && outcome === 'done' && begun !== null && to !== null ? [[id, Date.parse(to) - Date.parse(begun)] as const] : [],
  );
  return Object.fromEntries(done);
}
