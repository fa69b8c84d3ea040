import { StepError } from '../error.ts';
import { jobBefore } from '../host/job.ts';
import type { StepContext } from '../step.ts';
import { onMember } from './connect.ts';
import { mustFit, there } from './directory.ts';
import { slotFor } from './follow.ts';
import { explained, type Origin } from './origin.ts';
import { said, seatOf, type Seat } from './seat.ts';
import { keptPath, parentOf } from './swap.ts';
import { whileLinked } from './while-linked.ts';

/** What a base backup may take, milliseconds. */
const patience = 23 * 60 * 60 * 1_000;
/** Of a configuration that lies inside the data directory the host keeps its own. */
const ownFiles = ['postgresql.conf', 'pg_hba.conf', 'pg_ident.conf'];

/** Copies the origin beside the member's data directory, once: a copy that an attempt before finished is taken. Returns its path. */
export async function copyWhole(seat: Seat, origin: Origin, context: StepContext): Promise<string> {
  const { name } = seat.host;
  const copy = `${seat.data}.new-${context.key.slice(0, 12)}`;
  const manifest = `${copy}/backup_manifest`;
  if (!(await there(seat, [manifest])).has(manifest)) {
    const before = await jobBefore(name, 'base-backup', context);
    const slot = await slotFor(seat, origin, context);
    if (before?.state !== 'running') {
      await context.stillOurs();
      await seat.long('remove-copy', ['rm', '-rf', '--', copy], 3_600_000, 'always');
      await room(seat, origin.name, context);
    }
    const argv = [seat.program('pg_basebackup'), '-D', copy, '-d', origin.replication, '-w', '-X', 'stream', '-c', 'fast', '-S', slot];
    const result = await whileLinked(origin.name, context, (linked) => seatOf(name, linked).long('base-backup', argv, patience, 'always'));
    // Written last, under its name only when everything else is there.
    if (!(await there(seat, [manifest])).has(manifest)) throw explained(said(result), seat, origin.name);
  }
  for (const file of ownFiles) {
    const own = [`${seat.data}/${file}`, `${keptPath(seat, context)}/${file}`];
    const found = await there(seat, own);
    const from = own.find((path) => found.has(path));
    if (from !== undefined) await seat.do(['cp', '-p', '--', from, `${copy}/${file}`]);
  }
  return copy;
}

/** Throws where the origin would not fit beside the member's data, or lies in more places than one. Only reads. */
export async function room(seat: Seat, source: string, context: StepContext): Promise<string> {
  const bytes = await onMember(context.host(source), context.system, context, async (query) => {
    const [row] = await query<{ bytes: string; spaces: string }>(
      `select (coalesce((select sum(pg_database_size(oid)) from pg_database), 0) + coalesce((select sum(size) from pg_ls_waldir()), 0))::text as bytes,
         (select count(*) from pg_tablespace where spcname !~ '^pg_')::text as spaces`,
      [],
      30_000,
    );
    if (row?.spaces !== '0') {
      throw new StepError(
        'tablespaces',
        `PostgreSQL on ${source} has tablespaces, which lie at the same paths on ${seat.host.name}: a person must rebuild it with pg_basebackup --tablespace-mapping.`,
        'person',
      );
    }
    return Number(row.bytes);
  });
  return mustFit(seat, parentOf(seat), bytes * 1.1 + 64e6, 'A copy of the server');
}
