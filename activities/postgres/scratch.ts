import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { beside, mustFit, runs, sizeOf, writeFile } from './directory.ts';
import type { ControlData } from './control-data.ts';
import { said, seatOf, type Seat } from './seat.ts';

/** A copy of a member's data directory, opened for reading on a local socket only. */
export interface Scratch {
  /** Rows of a query. Numbers that may be large MUST be asked for as text. */
  rows<Row extends object>(database: string, sql: string): Promise<Row[]>;
}

/** Longest that copying, and opening the copy, may take, milliseconds. */
const patience = 12 * 60 * 60 * 1_000;
/** Characters of an answer that one call brings: less than what a command may print. */
const slice = 48_000;

/**
 * Copies the data directory of a stopped server, opens the copy, and lets `work` read it; neither network nor archive nor the
 * original is touched. The copy is removed afterwards; one that a killed attempt left is removed before and after.
 */
export async function onScratch<Result>(
  seat: Seat,
  control: ControlData,
  context: StepContext,
  work: (scratch: Scratch) => Promise<Result>,
): Promise<Result> {
  // Cleaning up goes on where the step was cancelled.
  const calm = (): Seat => seatOf(seat.host.name, { ...context, signal: AbortSignal.timeout(60_000) });
  const ending = `.compare-${context.key.slice(0, 12)}-`;
  await sweep(calm(), ending);
  const id = randomBytes(4).toString('hex');
  const copy = `${seat.data}${ending}${id}`;
  // The path of a socket has at most 107 characters.
  const socket = `/tmp/lifeboat-${id}`;
  await mustFit(seat, `${seat.data}/..`, Math.ceil((await sizeOf(seat, seat.data)) * 1.1) + 32e6, 'A copy to compare');
  await context.stillOurs();
  try {
    // Links are followed: of tablespaces and the log the copy has its own.
    const copied = await seat.long(`copy-${id}`, ['cp', '-a', '-L', '-T', '--reflink=auto', '--', seat.data, copy], patience);
    if (copied.code !== 0) throw new StepError('not-copied', `${seat.data} on ${seat.host.name} could not be copied: ${said(copied)}`);
    await seat.do(['rm', '-f', '--', ...['postmaster.pid', 'standby.signal', 'recovery.signal'].map((file) => `${copy}/${file}`)]);
    await seat.do(['mkdir', '-m', '700', '--', socket]);
    await writeFile(seat, `${copy}/postgresql.auto.conf`, '');
    await writeFile(seat, `${copy}/postgresql.conf`, settings(copy, socket, control));
    await writeFile(seat, `${copy}/lifeboat.hba`, 'local all all trust\n');
    return await opened(seat, calm, copy, socket, id, context, work);
  } finally {
    await sweep(calm(), ending);
    await calm().try(['rm', '-rf', '--', socket]);
  }
}

async function opened<Result>(
  seat: Seat,
  calm: () => Seat,
  copy: string,
  socket: string,
  id: string,
  context: StepContext,
  work: (scratch: Scratch) => Promise<Result>,
): Promise<Result> {
  let ended: string | undefined;
  const serving = seat.long(`open-${id}`, [seat.program('postgres'), '-D', copy], patience).then(
    (answer) => (ended = said(answer)),
    (error: Error) => (ended = error.message),
  );
  try {
    const login = await ready(seat, socket, context, () => ended);
    return await work({ rows: (database, sql) => rows(seat, socket, login, database, sql) });
  } finally {
    await calm().try([seat.program('pg_ctl'), 'stop', '-m', 'immediate', '-D', copy]);
    await serving;
  }
}

/** Waits until the copy has recovered; returns a superuser of it. */
async function ready(seat: Seat, socket: string, context: StepContext, ended: () => string | undefined): Promise<string> {
  for (;;) {
    const over = ended();
    if (over !== undefined) throw new StepError('copy-not-opened', `The copy of ${seat.host.name}'s data did not open: ${over}`, 'person');
    const answer = await seat.try([seat.program('psql'), '-XAtqw', '-h', socket, '-p', port, '-U', seat.facts.user, '-d', 'template1'], {
      input: 'select rolname from pg_roles where oid = 10;\n',
    });
    const user = answer.stdout.trim();
    if (answer.code === 0 && user !== '') return user;
    if (/role ".*" does not exist/.test(answer.stderr))
      throw new StepError('copy-not-opened', `${seat.host.name}: ${said(answer)}`, 'person');
    await context.sleep(100);
  }
}

/** An answer may be long, and a command's output is cut: it comes in slices, in letters that no encoding changes. */
async function rows<Row extends object>(seat: Seat, socket: string, user: string, database: string, sql: string): Promise<Row[]> {
  let text = '';
  for (let from = 1, length = 1; from <= length; from += slice) {
    const answer = await seat.try(
      [seat.program('psql'), '-XAtqw', '-v', 'ON_ERROR_STOP=1', '-h', socket, '-p', port, '-U', user, '-d', database],
      {
        within: 300_000,
        input: `${sameText.join('; ')};
          select length(t), substr(t, ${from}, ${slice}) from (
            select replace(encode(convert_to(coalesce(json_agg(q)::text, '[]'), 'UTF8'), 'base64'), chr(10), '') from (${sql}) as q
          ) as a(t);\n`,
      },
    );
    if (answer.code !== 0)
      throw new StepError('copy-unread', `The copy of ${seat.host.name}'s data cannot be read: ${said(answer)}`, 'person');
    const [size = '', part = ''] = answer.stdout.trim().split('|');
    length = Number(size);
    text += part;
  }
  return JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as Row[];
}

/** Settings under which the same row is the same text on both sides. */
export const sameText: readonly string[] = [
  "set timezone = 'UTC'",
  "set datestyle = 'ISO, YMD'",
  "set intervalstyle = 'iso_8601'",
  'set extra_float_digits = 3',
  "set bytea_output = 'hex'",
  "set lc_monetary = 'C'",
  "set search_path = ''",
  'set row_security = off',
  'set standard_conforming_strings = on',
  'set default_transaction_read_only = on',
];

/** Part of the socket's name only: nothing listens on the network. */
const port = '5432';

function settings(copy: string, socket: string, { prepared }: ControlData): string {
  const all = {
    listen_addresses: '',
    port,
    unix_socket_directories: socket,
    hba_file: `${copy}/lifeboat.hba`,
    cluster_name: 'lifeboat compare',
    archive_mode: 'off',
    archive_command: '',
    restore_command: '',
    primary_conninfo: '',
    primary_slot_name: '',
    hot_standby: 'off',
    shared_preload_libraries: '',
    session_preload_libraries: '',
    local_preload_libraries: '',
    autovacuum: 'off',
    max_logical_replication_workers: '0',
    max_parallel_workers: '0',
    max_prepared_transactions: String(prepared),
    max_connections: '20',
    shared_buffers: '64MB',
    // The position at which recovery ended stands in the control file until the next checkpoint.
    checkpoint_timeout: '1d',
    max_wal_size: '1TB',
    fsync: 'off',
    default_transaction_read_only: 'on',
    logging_collector: 'off',
    log_destination: 'stderr',
    log_min_messages: 'fatal',
    ssl: 'off',
  };
  return Object.entries(all)
    .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    .join('');
}

/** Removes the copies of this step, whichever attempt made them. */
async function sweep(seat: Seat, ending: string): Promise<void> {
  for (const until = Date.now() + 20_000; ;) {
    const left = await beside(seat, ending);
    if (left.length === 0) return;
    for (const copy of left) {
      if (await runs(seat, copy).catch(() => false)) await seat.try([seat.program('pg_ctl'), 'stop', '-m', 'immediate', '-D', copy]);
      // Another attempt's copying may go on for a moment and fill it again.
      await seat.try(['rm', '-rf', '--', copy], { within: 300_000 });
    }
    if (Date.now() > until)
      throw new StepError(
        'copy-left',
        `The copies ${left.join(', ')} on ${seat.host.name} could not be removed: remove them there.`,
        'person',
      );
    await sleep(100);
  }
}
