import type { HostFacts } from '../../../plan/plan.ts';
import { beating } from '../../note.ts';
import type { StepContext } from '../../step.ts';
import { onMember } from '../connect.ts';

/** A server that was promoted a moment ago names its old timeline until its next checkpoint, and cannot be backed up before. */
export async function checkpointed(host: HostFacts, context: StepContext): Promise<void> {
  await onMember(host, context.system, context, async (query) => {
    const [row] = await query<{ behind: boolean }>(
      `select (select timeline_id from pg_control_checkpoint()) <> ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int as behind`,
    );
    if (row?.behind) await beating(context, query('checkpoint', [], 30 * 60_000));
  });
}
