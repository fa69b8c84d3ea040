import { StepError } from '../error.ts';
import { jobBefore } from '../host/job.ts';
import type { CommandResult } from '../host/run.ts';
import type { StepContext } from '../step.ts';
import { configOf } from './config-file.ts';
import { onMember, postgresOf } from './connect.ts';
import { mustFit } from './directory.ts';
import { divergenceOf, type Divergence } from './divergence.ts';
import { slotFor } from './follow.ts';
import { readMember } from './member.ts';
import { explained, originOf, type Origin } from './origin.ts';
import { said, seatOf, type Seat } from './seat.ts';
import { whileLinked } from './while-linked.ts';

/** What pg_rewind may take, milliseconds. */
const patience = 12 * 60 * 60 * 1_000;
/** What it says once it has begun to change the directory. */
const changing = /need to copy|\d+\/\d+ kB \(/;

/** Waits for the end of a pg_rewind that an attempt before began: while it recovers the directory, that looks like a running server. */
export async function goOn(name: string, source: string, context: StepContext): Promise<void> {
  if ((await jobBefore(name, 'rewind', context))?.state !== 'running') return;
  const seat = seatOf(name, context);
  await rewindJob(seat, await originOf(seat, source, context), context);
}

/** Runs pg_rewind. It recovers a server that crashed, by itself, and cannot be repeated once it has begun to change the directory. */
export async function takeBack(seat: Seat, origin: Origin, divergence: Divergence, compared: string, context: StepContext): Promise<void> {
  const { name } = seat.host;
  const before = await jobBefore(name, 'rewind', context);
  if (before) mustBeWhole(name, before.result);
  mustBeRewindable(name, divergence);
  // The recovery of an attempt before has moved the end of the log, and nothing else has.
  if (!before && divergence.token !== compared) throw notCompared(name, divergence, compared);
  await room(seat, origin.name, context);
  await writesTimeline(origin.name, context);
  // From here on the log is kept until the first start.
  await slotFor(seat, origin, context);
  const result = await rewindJob(seat, origin, context);
  const { state } = await divergenceOf(seat, origin, context);
  if (state === 'rewound' || state === 'follows') return;
  mustBeWhole(name, result);
  throw explained(said(result), seat, origin.name);
}

async function rewindJob(seat: Seat, origin: Origin, context: StepContext): Promise<CommandResult> {
  const { name } = seat.host;
  const flags = ['-D', seat.data, `--config-file=${await configOf(seat)}`, '--progress', '-R', `--source-server=${origin.rewind}`];
  const work = (linked: StepContext): Promise<CommandResult> =>
    seatOf(name, linked).long('rewind', [seat.program('pg_rewind'), ...flags], patience);
  return whileLinked(origin.name, context, work).catch(async (error: unknown) => {
    const ended = context.signal.aborted ? undefined : await jobBefore(name, 'rewind', context);
    if (ended && ended.state !== 'running') mustBeWhole(name, ended.result);
    throw error;
  });
}

/** Throws where a rewind cannot do it. */
export function mustBeRewindable(name: string, { state, control, text }: Divergence): void {
  const why =
    state === 'unrelated'
      ? text
      : control.rewindable
        ? ''
        : `${name} has neither checksums nor wal_log_hints, so a rewind cannot tell which blocks changed.`;
  if (why !== '') throw new StepError('rewind-impossible', `${why} Nothing was done; rebuild it (postgres.rebuild).`, 'person');
}

/** What is free must hold the source's log, and as much again for blocks that changed. */
export async function room(seat: Seat, source: string, context: StepContext): Promise<string> {
  const log = await onMember(context.host(source), context.system, context, async (query) => {
    const [row] = await query<{ bytes: string }>('select coalesce(sum(size), 0)::text as bytes from pg_ls_waldir()');
    return Number(row?.bytes ?? 0);
  });
  return mustFit(seat, seat.data, 2 * log, 'A rewind');
}

/** Throws where the login for a rewind may not read the source's files. */
export async function mayRewind(source: string, context: StepContext): Promise<void> {
  const facts = postgresOf(context.system);
  const user = facts.replication?.rewindUser ?? facts.user;
  const calls = [
    'pg_ls_dir(text, boolean, boolean)',
    'pg_stat_file(text, boolean)',
    'pg_read_binary_file(text)',
    'pg_read_binary_file(text, bigint, bigint, boolean)',
  ];
  const lacks = await onMember(context.host(source), context.system, context, (query) =>
    query<{ call: string }>(
      `select call from unnest($2::text[]) as call where not has_function_privilege($1::name, 'pg_catalog.' || call, 'execute')`,
      [user, calls],
    ),
  );
  if (lacks.length === 0) return;
  throw new StepError(
    'postgres-permission',
    `${user} may not read the files of PostgreSQL on ${source}: \`grant execute on function ${lacks.map(({ call }) => call).join(', ')} to ${user}\` there, in the database ${facts.database}.`,
    'person',
  );
}

/** A server that was promoted a moment ago says so in its control file only after a checkpoint; before PostgreSQL 16 a rewind looks there. */
async function writesTimeline(source: string, context: StepContext): Promise<void> {
  await onMember(context.host(source), context.system, context, async (query) => {
    const { timeline } = await readMember(query, context.host(source), context.system);
    const [row] = await query<{ timeline: number }>('select timeline_id as timeline from pg_control_checkpoint()');
    if (row?.timeline === timeline) return;
    await context.stillOurs();
    await query('checkpoint', [], 300_000);
  });
}

function mustBeWhole(name: string, result: CommandResult): void {
  if (result.code === 0 || !changing.test(result.stderr)) return;
  throw new StepError(
    'rewind-broken',
    `A rewind of ${name} was ended while it changed the data directory: what lies there is of no use any more, and MUST NOT be started. Rebuild it (postgres.rebuild). ${said(result)}`,
    'person',
  );
}

function notCompared(name: string, { token, text }: Divergence, compared: string): StepError {
  return new StepError(
    'not-compared',
    `${text} What was compared is another state of ${name} (${compared}; now it is ${token}): it was started or changed since. Nothing was done; compare it again.`,
    'person',
  );
}
