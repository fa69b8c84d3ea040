import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { dataOf, diskOf, hostOf, passfileOf, peerOf, secret, type Lab } from './lab.ts';

const run = promisify(execFile);

export type Tooled = Pick<Lab, 'postgres' | 'user' | 'disks'>;

/** The disk of a host: an empty data folder's place, and PostgreSQL's configuration outside it, where no copy of the other overwrites it. */
export function makeDisk(lab: Lab, name: string): void {
  const [disk, peer] = [diskOf(lab, name), hostOf(lab, peerOf(lab, name))];
  mkdirSync(disk, { recursive: true, mode: 0o700 });
  const settings = {
    listen_addresses: '127.0.0.1',
    port: hostOf(lab, name).database,
    unix_socket_directories: '',
    cluster_name: name,
    hba_file: join(disk, 'pg_hba.conf'),
    ident_file: join(disk, 'pg_ident.conf'),
    password_encryption: 'scram-sha-256',
    max_connections: 60,
    // Segments go with the data: those of a killed server would stay in /dev/shm.
    dynamic_shared_memory_type: 'mmap',
    shared_buffers: '32MB',
    wal_level: 'replica',
    hot_standby: 'on',
    wal_log_hints: 'on',
    wal_keep_size: '256MB',
    // A dead line is noticed in five seconds, and a primary that is back is tried twice a second.
    wal_receiver_timeout: '5s',
    wal_sender_timeout: '5s',
    wal_retrieve_retry_interval: '500ms',
    wal_receiver_status_interval: '1s',
    // Only followed while standby.signal is in the data folder.
    primary_conninfo: `host=127.0.0.1 port=${peer.replication} user=repl passfile=${passfileOf(lab)} connect_timeout=3`,
    primary_slot_name: slotOf(name),
    recovery_target_timeline: 'latest',
    log_timezone: 'UTC',
    timezone: 'UTC',
  };
  write(lab, join(disk, 'postgresql.conf'), configuration(settings));
  write(
    lab,
    join(disk, 'pg_hba.conf'),
    'host all all 127.0.0.1/32 scram-sha-256\nhost replication repl,postgres,lifeboat 127.0.0.1/32 scram-sha-256\n',
  );
  write(lab, join(disk, 'pg_ident.conf'), '');
  write(lab, passfileOf(lab), ['repl', 'rewinder'].map((user) => `*:*:*:${user}:${secret(lab, user)}\n`).join(''));
  write(lab, join(disk, 'password'), secret(lab, 'postgres'));
  writeFileSync(join(disk, 'autostart'), 'disabled\n');
  if (lab.user) chownSync(disk, lab.user.uid, lab.user.gid);
}

/** The text of a postgresql.conf. */
export function configuration(settings: { readonly [name: string]: string | number }): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key} = '${String(value).replaceAll("'", "''")}'\n`)
    .join('');
}

export async function initialise(lab: Lab, name: string): Promise<void> {
  const password = join(diskOf(lab, name), 'password');
  const flags = [
    '-U',
    'postgres',
    '-A',
    'scram-sha-256',
    `--pwfile=${password}`,
    '-k',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ];
  // Under another name until it is whole: what works in a machine's data folder counts as running on that machine.
  const draft = `${dataOf(lab, name)}.new`;
  await tool(lab, 'initdb', ['-D', draft, ...flags]);
  renameSync(draft, dataOf(lab, name));
}

/** The other member's database, copied over the line between them; it follows as a standby once it is started. */
export async function copyFrom(lab: Lab, name: string): Promise<void> {
  const source = hostOf(lab, peerOf(lab, name));
  const flags = [
    '-h',
    '127.0.0.1',
    '-p',
    String(source.replication),
    '-U',
    'repl',
    '-X',
    'stream',
    '-c',
    'fast',
    '-S',
    slotOf(name),
    '--no-sync',
    '-w',
  ];
  await tool(lab, 'pg_basebackup', ['-D', dataOf(lab, name), ...flags], { PGPASSFILE: passfileOf(lab) });
  write(lab, join(dataOf(lab, name), 'standby.signal'), '');
}

/** Roles, the database of the system, and the standby's slot. */
export async function fill(lab: Lab, name: string): Promise<void> {
  const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  await sql(lab, name, 'postgres', [
    `create role lifeboat superuser login password ${quote(secret(lab, 'lifeboat'))}`,
    `create role app login password ${quote(secret(lab, 'app'))}`,
    `create role repl replication login password ${quote(secret(lab, 'repl'))}`,
    `create role rewinder login password ${quote(secret(lab, 'rewinder'))}`,
    'create database orders owner app',
    `select pg_create_physical_replication_slot('${slotOf(peerOf(lab, name))}')`,
  ]);
  await sql(lab, name, 'orders', [
    ...['pg_ls_dir(text, boolean, boolean)', 'pg_stat_file(text, boolean)', 'pg_read_binary_file(text)'].map(mayRewind),
    mayRewind('pg_read_binary_file(text, bigint, bigint, boolean)'),
    'set role app',
    'create table orders(id bigint generated always as identity primary key, item text, at timestamptz default now())',
    `insert into orders(item) select 'order ' || n from generate_series(1, 100) n`,
    'create table lifeboat_markers(id uuid primary key, probe text not null, seq bigint not null, at timestamptz not null default clock_timestamp())',
    'create index on lifeboat_markers(probe, seq)',
  ]);
}

/** What pg_rewind calls on its source. */
const mayRewind = (call: string): string => `grant execute on function pg_catalog.${call} to rewinder`;

/** Whether the other member's standby streams from this host. */
export async function streams(lab: Lab, name: string): Promise<boolean> {
  const [row] = await sql(lab, name, 'postgres', [`select count(*)::int as n from pg_stat_replication where state = 'streaming'`]);
  return Number(row?.['n']) > 0;
}

/** Replication slots have underscores where hosts have dashes. */
export const slotOf = (host: string): string => host.replaceAll('-', '_');

async function sql(lab: Lab, name: string, database: string, statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: hostOf(lab, name).database,
    user: 'postgres',
    password: secret(lab, 'postgres'),
    database,
    connectionTimeoutMillis: 5000,
    query_timeout: 20_000,
  });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) ({ rows } = await client.query<Record<string, unknown>>(statement));
    return rows;
  } finally {
    await client.end();
  }
}

/** Runs a program of PostgreSQL as the user who runs the servers. Throws with its last words. */
export async function tool(
  lab: Tooled,
  name: string,
  args: readonly string[],
  env: { readonly [name: string]: string } = {},
): Promise<void> {
  const options = { ...lab.user, cwd: lab.disks, env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC', ...env }, timeout: 60_000 };
  await run(join(lab.postgres, name), args, options).catch((error: Error & { stderr?: string }) => {
    throw new Error(`${name} failed: ${(error.stderr ?? error.message).trim().split('\n').slice(-3).join(' / ')}`);
  });
}

/** Writes a file that the user who runs the servers, and nobody else, can read. */
export function write(lab: Pick<Lab, 'user'>, file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
  if (lab.user) chownSync(file, lab.user.uid, lab.user.gid);
}
