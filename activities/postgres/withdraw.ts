import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { onMember, type Query } from './connect.ts';
import { askMember } from './member.ts';

/** How long a server may take to end a session, or to be seen waiting for its primary, milliseconds. */
const patience = 5_000;
/** How a session that is to promote is known on its server. */
export const promoter = 'lifeboat: postgres.promote';
/** What the startup process of a standby waits for between its looks for an order to promote. */
const idle = ['RecoveryWalStream', 'RecoveryWalAll', 'RecoveryRetrieveRetryInterval', 'RecoveryPause'];

/**
 * Withdraws a promotion that never finished, and proves that the server is a standby which nobody has told to be anything else.
 * @throws StepError `promoted` where it is too late, `promotion-pending` where it is under way.
 */
export async function withdraw(name: string, context: StepContext): Promise<readonly string[]> {
  const ended = await onMember(context.host(name), context.system, context, async (query) => {
    await stillStandby(query, name);
    await context.stillOurs();
    return endSessions(query, name, context);
  });
  await onMember(context.host(name), context.system, context, (query) => untold(query, name, context));
  const { timeline, lsn } = await askMember(context.host(name), context.system, context);
  return [
    ...(ended > 0
      ? [`${ended} ${ended === 1 ? 'session that was' : 'sessions that were'} to promote ${name} ${ended === 1 ? 'was' : 'were'} ended.`]
      : []),
    `PostgreSQL on ${name} is still a standby, on timeline ${timeline} at ${lsn}; no order to promote it stands, and it waits for its primary.`,
  ];
}

/**
 * Ends every session that is promoting, or about to: one whose worker is frozen would promote when it thaws, and can no more
 * without asking anew whether it still may.
 */
async function endSessions(query: Query, name: string, context: StepContext): Promise<number> {
  const calls = `select pid from pg_stat_activity
    where pid <> pg_backend_pid() and (application_name = '${promoter}' or state <> 'idle' and query ~* '^\\s*select\\s+pg_promote\\s*\\(')`;
  const before = await query<{ pid: number }>(calls);
  await query(`select pg_terminate_backend(pid) from (${calls}) as calls`);
  for (const until = Date.now() + patience; (await query(calls)).length > 0;) {
    if (Date.now() > until)
      throw new StepError(
        'promotion-pending',
        `A session on ${name} goes on promoting it: end it there (pg_stat_activity), then retry.`,
        'person',
      );
    await context.sleep(50);
  }
  return before.length;
}

/**
 * Four readings, in this order: no order to promote lies there (a file, gone as soon as it was taken); the startup process waits, so it
 * is not just taking one; the server does not say that a promotion was triggered, after which it may wait seconds more; it is a standby.
 */
async function untold(query: Query, name: string, context: StepContext): Promise<void> {
  const until = Date.now() + patience;
  for (;;) {
    const seen = (await order(query)) ?? (await startup(query)) ?? (await triggered(query));
    await stillStandby(query, name);
    if (seen === null) return;
    if (Date.now() > until)
      throw new StepError(
        'promotion-pending',
        `PostgreSQL on ${name} may be about to be promoted (${seen}): the old primary must not be started. Look at its log, then retry.`,
        'person',
      );
    await context.sleep(50);
  }
}

async function order(query: Query): Promise<string | null> {
  const [row] = await query<{ stands: boolean }>(`select (pg_stat_file('promote', true)).size is not null as stands`);
  return row?.stands === false ? null : 'the order to promote it stands';
}

async function startup(query: Query): Promise<string | null> {
  const [row] = await query<{ event: string | null }>(`select wait_event as event from pg_stat_activity where backend_type = 'startup'`);
  return idle.includes(row?.event ?? '') ? null : `its startup process is at ${row?.event ?? 'work, or the login lacks pg_monitor'}`;
}

/** Resuming a replay that is not paused changes nothing, and is refused from the moment a promotion was triggered. */
async function triggered(query: Query): Promise<string | null> {
  const [row] = await query<{ paused: boolean }>('select pg_is_wal_replay_paused() as paused');
  if (row?.paused !== false) return 'its replay is paused: resume it there';
  try {
    await query('select pg_wal_replay_resume()');
    return null;
  } catch (error) {
    if ((error as { code?: string }).code === notInThisState) return 'a promotion was triggered';
    throw error;
  }
}

const notInThisState = '55000';

async function stillStandby(query: Query, name: string): Promise<void> {
  const [row] = await query<{ recovering: boolean }>('select pg_is_in_recovery() as recovering');
  if (row?.recovering) return;
  throw new StepError(
    'promoted',
    `PostgreSQL on ${name} has been promoted: there is no way back to the old primary, go on with ${name}.`,
    'person',
  );
}

/** Throws where the login could not tell whether an order to promote stands: what a planned run needs to back out. */
export async function mayWithdraw(query: Query, name: string): Promise<void> {
  const [row] = await query<{ may: boolean; user: string }>(
    `select has_function_privilege('pg_stat_file(text, boolean)', 'execute') and has_function_privilege('pg_wal_replay_resume()', 'execute') as may,
       current_user::text as user`,
  );
  if (row?.may) return;
  throw new StepError(
    'postgres-permission',
    `${row?.user} may not read whether a promotion of ${name} is under way, so a planned run could not back out: \`grant execute on function pg_stat_file(text, boolean), pg_wal_replay_resume() to ${row?.user}\` on the primary.`,
    'person',
  );
}
