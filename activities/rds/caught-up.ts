import { StepError } from '../error.ts';
import { behind } from '../postgres/lsn.ts';
import type { StepContext } from '../step.ts';
import { onDatabase, type Place } from './connect.ts';
import { lagSamples } from './lag.ts';

export interface CaughtUp {
  /** How it is known, one sentence. */
  readonly text: string;
  /** Up to where the replica has replayed; null where no one could ask it. */
  readonly lsn: string | null;
}

/** How long a replica is given, milliseconds. PostgreSQL's lag is told as much as five minutes late where nobody writes. */
const patience = 8 * 60_000;

/**
 * Waits until a replica has everything that its source had at a time after which the source takes no writes: asks the replica
 * itself where there is a login, else CloudWatch. Only reads.
 * @param since milliseconds since 1970.
 * @throws StepError `not-caught-up`.
 */
export async function hasEverything(replica: Place, since: number, context: StepContext): Promise<CaughtUp> {
  const deadline = Date.now() + patience;
  let last: Look | undefined;
  for (;;) {
    const now = await look(replica, since, context);
    if (now.done && 'text' in now) return now;
    // What is on its way arrives within the second: only where a second look finds no more has the replica everything.
    if (now.done && last?.done && now.lsn === last.lsn)
      return {
        lsn: now.lsn,
        text: `${replica.id} at ${replica.site} streams, has heard its source since it takes no writes, and has replayed all that it knows of, up to ${now.lsn}.`,
      };
    if (Date.now() > deadline)
      throw new StepError(
        'not-caught-up',
        `${replica.id} at ${replica.site} does not have everything yet, so it was not promoted: ${now.why}`,
      );
    last = now;
    await context.sleep(1_000);
  }
}

type Look = { readonly done: false; readonly why: string } | { readonly done: true; readonly lsn: string; readonly why: string };

interface Receiver {
  readonly status: string | null;
  readonly end: string | null;
  readonly replayed: string | null;
  /** Milliseconds ago. */
  readonly heard: number | null;
}

async function look(
  replica: Place,
  since: number,
  context: StepContext,
): Promise<Look | (CaughtUp & { readonly done: true; readonly why: '' })> {
  try {
    return judged(await onDatabase(replica, context, receiver), since);
  } catch (error) {
    if (!(error instanceof StepError) || context.signal.aborted) throw error;
    const samples = await lagSamples(replica, false, context);
    const sample = samples.find(({ at, lag }) => at - lag >= since);
    if (sample)
      return {
        done: true,
        lsn: null,
        why: '',
        text: `CloudWatch says that at ${iso(sample.at)} ${replica.id} was ${sample.lag / 1_000} s behind its source, which takes no writes since ${iso(since)}.`,
      };
    const [newest] = samples;
    const told = newest ? `its newest lag in CloudWatch is ${newest.lag / 1_000} s at ${iso(newest.at)}` : 'CloudWatch has no lag of it';
    return { done: false, why: `it cannot be asked (${error.message}), and ${told}; the source takes no writes since ${iso(since)}.` };
  }
}

async function receiver(query: <Row extends object>(text: string) => Promise<Row[]>): Promise<Receiver | undefined> {
  const [row] = await query<Receiver>(`select status, latest_end_lsn::text as end, pg_last_wal_replay_lsn()::text as replayed,
    (extract(epoch from clock_timestamp() - last_msg_receipt_time) * 1000)::float8 as heard from pg_stat_wal_receiver`);
  return row;
}

function judged(row: Receiver | undefined, since: number): Look {
  if (row?.status !== 'streaming') return { done: false, why: `its receiver is ${row?.status ?? 'not running'}.` };
  if (row.heard === null || row.end === null || row.replayed === null)
    return { done: false, why: 'its login may not see the receiver: grant it pg_monitor.' };
  if (Date.now() - row.heard < since) return { done: false, why: `it has not heard its source since ${iso(since)}.` };
  if (behind(row.replayed, row.end) > 0) return { done: false, why: `it has replayed up to ${row.replayed}, and knows of ${row.end}.` };
  return {
    done: true,
    lsn: row.replayed,
    why: `it has replayed all that it knows of, up to ${row.replayed}, and a second look was to come.`,
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
