import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';

/** A row that a server acknowledged. Times are ISO, of this machine's clock. */
export interface Acked {
  readonly id: string;
  readonly sentAt: string;
  readonly at: string;
  /** `cluster_name` of the server that said so. */
  readonly server: string;
  readonly timeline: number;
}
/** A connection that was made, and whom it reached. */
export interface Session {
  readonly at: string;
  readonly server: string;
  readonly pid: number;
}
export interface WriterOptions {
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Milliseconds between two rows. Default: 20. */
  readonly every?: number;
  /** Milliseconds after which a row or a connection is given up: the client's own deadline. Default: 500. */
  readonly patience?: number;
  /** Distinguishes its rows from those of other writers. Default: `judge`. */
  readonly name?: string;
}
export interface Writer {
  acked(): readonly Acked[];
  sessions(): readonly Session[];
  errors(): readonly { readonly at: string; readonly message: string }[];
  /** Longest time between two acknowledged rows so far: when it began and ended. */
  longestGap(): { readonly from: string; readonly to: string; readonly milliseconds: number } | null;
  stop(): Promise<void>;
}

/**
 * An application that owes Lifeboat nothing: it knows all hosts, wants a session that can write, inserts rows into `judge(id, writer)`
 * and keeps a ledger of its own of which server acknowledged each.
 */
export function startWriter(options: WriterOptions): Writer {
  const { every = 20, patience = 500, name = 'judge' } = options;
  const acked: Acked[] = [];
  const sessions: Session[] = [];
  const errors: { at: string; message: string }[] = [];
  let stopped = false;
  let sql: postgres.Sql | null = null;
  let opened = -1;

  const running = (async () => {
    for (let n = 0; !stopped; n += 1) {
      const sentAt = now();
      try {
        // Another host first each time: a dead one answers nothing.
        sql ??= await openOne(turned(options.hosts, (opened += 1)), options, sessions);
        const id = `${name}-${n}`;
        const [row] = await within(
          sql<{ server: string; timeline: number }[]>`insert into judge(id, writer) values (${id}, ${name})
            returning current_setting('cluster_name') as server, ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int as timeline`,
          patience,
        );
        acked.push({ id, sentAt, at: now(), server: row!.server, timeline: row!.timeline });
        await sleep(every);
      } catch (error) {
        errors.push({ at: now(), message: error instanceof Error ? error.message : String(error) });
        abandon(sql);
        sql = null;
        await sleep(every);
      }
    }
    abandon(sql);
  })();

  return {
    acked: () => acked,
    sessions: () => sessions,
    errors: () => errors,
    longestGap: () => longestGap(acked),
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}

/** Makes the table that writers write to, once, on the server that serves. */
export const judgeTable = 'create table if not exists judge(id text, writer text, at timestamptz not null default clock_timestamp())';

function turned<T>(list: readonly T[], by: number): readonly T[] {
  const first = by % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}

/** A session that can write, at the first of the hosts that has one. */
async function openOne(hosts: WriterOptions['hosts'], options: WriterOptions, sessions: Session[]): Promise<postgres.Sql> {
  let problem: unknown;
  for (const host of hosts) {
    const sql = open(host, options);
    try {
      sessions.push(await greet(sql, 2 * (options.patience ?? 500)));
      return sql;
    } catch (error) {
      abandon(sql);
      problem = error;
    }
  }
  throw problem;
}

/** Of one host alone: given several, the client library goes on to connect for ever where it is ended meanwhile. */
function open({ host, port }: WriterOptions['hosts'][number], { database, user, password }: WriterOptions): postgres.Sql {
  return postgres({
    host,
    port,
    database,
    user,
    password,
    max: 1,
    connect_timeout: 1,
    // What this connection lost is ours to try again, visibly.
    backoff: () => 0,
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: 'judge' },
  });
}

async function greet(sql: postgres.Sql, patience: number): Promise<Session> {
  const [row] = await within(
    sql<{ server: string; pid: number; writable: boolean }[]>`select current_setting('cluster_name') as server, pg_backend_pid() as pid,
      current_setting('transaction_read_only') = 'off' as writable`,
    patience,
  );
  if (!row!.writable) throw new Error(`${row!.server} is read-only`);
  return { at: now(), server: row!.server, pid: row!.pid };
}

async function within<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>(
    (_, fail) => (timer = setTimeout(() => fail(new Error(`no answer within ${milliseconds} ms`)), milliseconds)),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}

function abandon(sql: postgres.Sql | null): void {
  void sql?.end({ timeout: 0 }).catch(() => {});
}

export function longestGap(acked: readonly Acked[]): { from: string; to: string; milliseconds: number } | null {
  let longest: { from: string; to: string; milliseconds: number } | null = null;
  for (let n = 1; n < acked.length; n += 1) {
    const [from, to] = [acked[n - 1]!.at, acked[n]!.at];
    const milliseconds = Date.parse(to) - Date.parse(from);
    if (!longest || milliseconds > longest.milliseconds) longest = { from, to, milliseconds };
  }
  return longest;
}

const now = (): string => new Date().toISOString();
