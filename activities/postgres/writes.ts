import { StepError } from '../error.ts';
import type { Query } from './connect.ts';

export interface Written {
  /** Position of the write in the write-ahead log, on disk. */
  readonly lsn: string;
  /** The server's clock, ISO. */
  readonly at: string;
}

/** A commit that takes longer than this counts as not accepted, milliseconds. */
const patience = 5_000;

/**
 * Proves that a server accepts writes: commits a transaction that writes a message to the write-ahead log and touches no table.
 * It goes the whole way of a row's commit (an id, a record, the flush to disk, the wait for synchronous standbys)
 * and leaves nothing behind; a session that could only read is found out by its own setting.
 */
export async function acceptsWrites(query: Query, name: string): Promise<Written> {
  const [session] = await query<{ read_only: string }>(`select current_setting('transaction_read_only') as read_only`);
  if (session?.read_only !== 'off')
    throw new StepError('writes-refused', `PostgreSQL on ${name} accepts no writes: its sessions are read-only.`);
  await query('begin');
  const [act] = await query<{ id: string; lsn: string }>(
    `select pg_current_xact_id()::text as id, pg_logical_emit_message(true, 'lifeboat', 'writes are accepted')::text as lsn`,
  );
  if (!act) throw new StepError('writes-refused', `PostgreSQL on ${name} accepts no writes.`);
  try {
    await query('commit', [], patience);
  } catch (error) {
    if (!/timeout/i.test((error as Error).message)) throw error;
    throw new StepError(
      'writes-hang',
      `A commit on ${name} does not return within ${patience / 1_000} s: does synchronous_standby_names there wait for a standby that is gone, or is its disk full?`,
      'person',
    );
  }
  const [kept] = await query<{ status: string; flushed: boolean; at: number }>(
    `select pg_xact_status($1::text::xid8) as status, pg_current_wal_flush_lsn() >= $2::pg_lsn as flushed,
       (extract(epoch from clock_timestamp()) * 1000)::float8 as at`,
    [act.id, act.lsn],
  );
  if (kept?.status !== 'committed' || !kept.flushed)
    throw new StepError('writes-refused', `PostgreSQL on ${name} did not keep a write: ${kept?.status ?? 'no status'}.`);
  return { lsn: act.lsn, at: new Date(kept.at).toISOString() };
}
