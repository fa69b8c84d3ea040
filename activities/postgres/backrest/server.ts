import { StepError } from '../../error.ts';
import { run } from '../../host/run.ts';
import { beating } from '../../note.ts';
import type { StepContext } from '../../step.ts';
import type { Query } from '../connect.ts';
import { as } from './command.ts';
import type { Cluster } from './cluster.ts';
import { makeFolder, must, writeText } from './files.ts';

const socketPort = '5432';

/** Who may come in over the network where a harmless server is opened for checks. */
export interface Door {
  readonly port: number;
  /** A line of pg_hba.conf. */
  readonly login: string;
}

/** Starts a server that reaches nobody and that nobody but its owner reaches, and who comes by the door. It may still recover when this returns. */
export async function start(cluster: Cluster, context: StepContext, door?: Door): Promise<void> {
  const { beside, directory } = cluster;
  await makeFolder(cluster, beside, context);
  await writeText(cluster, `${beside}/postgresql.conf`, '', context);
  await writeText(cluster, `${beside}/pg_hba.conf`, `local all all trust\n${door ? `${door.login}\n` : ''}`, context);
  await writeText(cluster, `${beside}/pg_ident.conf`, '', context);
  await must(cluster, 'forget the last log', ['rm', '-f', '--', `${beside}/log`], context);
  const open = door === undefined ? {} : { listen_addresses: "'*'", port: String(door.port) };
  const options = Object.entries({ ...(await harmless(cluster, context)), ...open })
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
  const argv = [cluster.program('pg_ctl'), 'start', '-W', '-s', '-D', directory, '-l', `${beside}/log`, '-o', options];
  await must(cluster, `start PostgreSQL in ${directory}`, argv, context, undefined, 30_000);
}

/** Settings on the command line: they win over every file that was restored. Values are plain words, for a shell reads them. */
async function harmless(cluster: Cluster, context: StepContext): Promise<Record<string, string>> {
  const control = await must(cluster, 'read the control data', [cluster.program('pg_controldata'), '-D', cluster.directory], context);
  const least = (label: string, standard: string): string =>
    new RegExp(`^${label} setting:\\s*(\\w+)$`, 'm').exec(control)?.[1] ?? standard;
  return {
    config_file: `${cluster.beside}/postgresql.conf`,
    hba_file: `${cluster.beside}/pg_hba.conf`,
    ident_file: `${cluster.beside}/pg_ident.conf`,
    listen_addresses: '',
    unix_socket_directories: cluster.beside,
    port: socketPort,
    ssl: 'off',
    archive_mode: 'off',
    archive_command: '',
    archive_cleanup_command: '',
    recovery_end_command: '',
    primary_conninfo: '',
    primary_slot_name: '',
    synchronous_standby_names: '',
    shared_preload_libraries: '',
    session_preload_libraries: '',
    local_preload_libraries: '',
    max_logical_replication_workers: '0',
    autovacuum: 'off',
    hot_standby: 'on',
    external_pid_file: '',
    logging_collector: 'off',
    log_destination: 'stderr',
    log_timezone: 'UTC',
    timezone: 'UTC',
    lc_messages: 'C',
    // A standby must have room for at least what its primary had.
    wal_level: least('wal_level', 'replica'),
    max_connections: least('max_connections', '100'),
    max_worker_processes: least('max_worker_processes', '8'),
    max_wal_senders: least('max_wal_senders', '10'),
    max_prepared_transactions: least('max_prepared_xacts', '0'),
    max_locks_per_transaction: least('max_locks_per_xact', '64'),
  };
}

export async function isRunning(cluster: Cluster, context: StepContext): Promise<boolean> {
  const argv = [cluster.program('pg_ctl'), 'status', '-D', cluster.directory];
  const answer = await run(cluster.host, argv, {
    deadline: 10_000,
    signal: context.signal,
    viewpoint: context.viewpoint,
    ...as(cluster.owner),
  });
  return answer.code === 0;
}

/** Stops the server where it runs. `immediate`: without a checkpoint, for what is thrown away. */
export async function stop(cluster: Cluster, how: 'fast' | 'immediate', context: StepContext): Promise<void> {
  if (!(await isRunning(cluster, context))) return;
  const argv = [cluster.program('pg_ctl'), 'stop', '-w', '-s', '-t', '300', '-m', how, '-D', cluster.directory];
  const answer = await beating(
    context,
    run(cluster.host, argv, { deadline: 310_000, signal: context.signal, viewpoint: context.viewpoint, ...as(cluster.owner) }),
  );
  if (await isRunning(cluster, context))
    throw new StepError(
      'scratch-still-running',
      `The server in ${cluster.directory} on ${cluster.host.name} does not stop: ${answer.stderr.trim().slice(0, 300)}`,
    );
}

/** Whose session it is, and in which database. Default: the system's own. */
export interface Session {
  readonly user?: string;
  readonly database?: string;
  /** Of a server that has a door: its port. */
  readonly port?: number;
}

/** Asks the server over its private socket. Values are not passed: what is asked is our own text, and what the runbook says. */
export function asking(cluster: Cluster, context: StepContext, session: Session = {}): Query {
  return async (text, values = [], within = 10_000) => {
    if (values.length > 0) throw new TypeError('Values are not passed to a restored server.');
    const answer = await tell(cluster, `select coalesce(json_agg(t), '[]') from (\n${text}\n) t;`, within, context, session);
    return JSON.parse(answer) as never;
  };
}

/** Has the server carry out statements; what they print. */
export async function tell(cluster: Cluster, text: string, within: number, context: StepContext, session: Session = {}): Promise<string> {
  const argv = [
    ...[cluster.program('psql'), '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', cluster.beside, '-p', String(session.port ?? socketPort)],
    ...['-U', session.user ?? cluster.user, '-d', session.database ?? cluster.database, '-f', '-'],
  ];
  const input = `set statement_timeout = ${within};\n${text}\n`;
  const work = run(cluster.host, argv, {
    deadline: within + 2_000,
    signal: context.signal,
    viewpoint: context.viewpoint,
    input,
    ...as(cluster.owner),
  });
  const answer = await beating(context, work);
  if (answer.code === 0) return answer.stdout;
  throw new StepError(
    'scratch-refused',
    `The restored server in ${cluster.directory} on ${cluster.host.name}: ${answer.stderr.trim().slice(0, 400) || `exit code ${answer.code}`}`,
    /ERROR:|(role|database) ".*" does not exist/.test(answer.stderr) ? 'person' : 'again',
  );
}
