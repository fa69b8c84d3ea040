import type { StepContext } from '../../step.ts';
import { onMember, postgresOf } from '../connect.ts';

/** How long a segment may take into the archive, milliseconds. */
const patience = 60_000;

/** Whether the primary of a site still answers, and may be told to archive what it has written. Only reads. */
export async function couldArchive(site: string, context: StepContext): Promise<boolean> {
  const name = postgresOf(context.system).members[site];
  if (name === undefined) return false;
  return onMember(context.host(name), context.system, context, (query) =>
    query<{ could: boolean }>(
      `select not pg_is_in_recovery() and current_setting('archive_mode') <> 'off' and has_function_privilege('pg_switch_wal()', 'execute') as could`,
    ),
  ).then(
    ([row]) => row?.could === true,
    () => false,
  );
}

/**
 * Has the primary of a site archive all that it has written until now, and one commit more: a recovery stops at a time only where it
 * sees a commit after it. Does nothing where that server is gone, or may not be told; what the archive then lacks is found where a target is chosen.
 */
export async function archiveNow(site: string, context: StepContext): Promise<void> {
  if (!(await couldArchive(site, context))) return;
  await context.stillOurs();
  const host = context.host(postgresOf(context.system).members[site]!);
  await onMember(host, context.system, context, async (query) => {
    await query('select pg_current_xact_id()');
    const [row] = await query<{ segment: string }>('select pg_walfile_name(pg_switch_wal()) as segment');
    for (const until = Date.now() + patience; Date.now() < until; await context.sleep(200)) {
      const [seen] = await query<{ last: string | null }>('select last_archived_wal as last from pg_stat_archiver');
      if (row && seen?.last && seen.last >= row.segment) return;
    }
  });
}
