import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { configuration, tool, write } from '../../cluster.ts';
import { secretIn } from '../../lab.ts';
import { databasesOf, type CloudHome } from '../home.ts';

const run = promisify(execFile);

/** Where the files of one database lie. */
export interface Disk {
  readonly folder: string;
  readonly data: string;
  /** Its log, segment by segment: what a point in time is restored from. */
  readonly archive: string;
  /** The copy that such a restore begins with. */
  readonly base: string;
}

/** Who works in a database for the cloud itself, as at RDS. */
export const admin = 'rdsadmin';

/** @param name letters, digits and dashes. */
export function diskIn(home: CloudHome, name: string): Disk {
  const folder = join(databasesOf(home), name);
  return { folder, data: join(folder, 'data'), archive: join(folder, 'archive'), base: join(folder, 'base') };
}

/** What a database follows: the log of another, and, where it streams, that one itself. */
export interface Followed {
  readonly archive: string;
  /** Port of the primary; absent: it recovers and then goes on by itself. */
  readonly port?: number;
  /** Time up to which it recovers, ISO; absent: as far as the log goes. */
  readonly until?: string;
}

/** Writes the configuration, outside the data folder where no copy of another overwrites it. */
export function configure(home: CloudHome, disk: Disk, port: number, followed?: Followed): void {
  for (const folder of [disk.folder, disk.archive]) makeOwn(home, folder);
  const { archive, port: primary, until } = followed ?? {};
  const login = `user=${admin} password=${secretIn(home.folder, 'rds')}`;
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    hba_file: join(disk.folder, 'pg_hba.conf'),
    ident_file: join(disk.folder, 'pg_ident.conf'),
    password_encryption: 'scram-sha-256',
    max_connections: 60,
    // Segments go with the data: those of a killed server would stay in /dev/shm.
    dynamic_shared_memory_type: 'mmap',
    shared_buffers: '16MB',
    wal_level: 'replica',
    wal_keep_size: '256MB',
    wal_retrieve_retry_interval: '500ms',
    archive_mode: 'on',
    archive_command: `cp "%p" "${disk.archive}/%f.new" && mv "${disk.archive}/%f.new" "${disk.archive}/%f"`,
    recovery_target_action: 'promote',
    log_timezone: 'UTC',
    timezone: 'UTC',
    ...(archive === undefined ? {} : { restore_command: `cp "${archive}/%f" "%p"` }),
    ...(primary === undefined ? {} : { primary_conninfo: `host=127.0.0.1 port=${primary} ${login} connect_timeout=3` }),
    ...(until === undefined ? {} : { recovery_target_time: until.replace('T', ' ').replace('Z', '+00') }),
  };
  write(home, join(disk.folder, 'postgresql.conf'), configuration(settings));
  write(
    home,
    join(disk.folder, 'pg_hba.conf'),
    `host all all 127.0.0.1/32 scram-sha-256\nhost replication ${admin} 127.0.0.1/32 scram-sha-256\n`,
  );
  write(home, join(disk.folder, 'pg_ident.conf'), '');
}

/** Makes an empty cluster, and returns its folder. New databases begin as copies of it. */
export async function makeEmpty(home: CloudHome): Promise<string> {
  const [empty, password] = [join(databasesOf(home), 'empty'), join(databasesOf(home), 'password')];
  write(home, password, secretIn(home.folder, 'rds'));
  const flags = [
    '-U',
    admin,
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
  await tool(home, 'initdb', ['-D', empty, ...flags]);
  return empty;
}

/** A whole copy of a running database, with as much of its log as it takes to start it. */
export async function copyRunning(home: CloudHome, port: number, to: string): Promise<void> {
  const where = ['-h', '127.0.0.1', '-p', String(port), '-U', admin];
  const env = { PGPASSWORD: secretIn(home.folder, 'rds') };
  await tool(home, 'pg_basebackup', ['-D', to, ...where, '-X', 'stream', '-c', 'fast', '--no-sync', '-w'], env);
}

/** Copies a folder of files with their owners and modes. */
export async function copyFiles(from: string, to: string): Promise<void> {
  await run('cp', ['-a', from, to]);
}

/** How a database begins: by itself, following a primary, or recovering up to a point. */
export function begin(home: CloudHome, disk: Disk, how: 'primary' | 'standby' | 'recovery'): void {
  for (const signal of ['standby', 'recovery']) {
    const file = join(disk.data, `${signal}.signal`);
    if (signal === how) write(home, file, '');
    else rmSync(file, { force: true });
  }
}

function makeOwn(home: CloudHome, folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  if (home.user) chownSync(folder, home.user.uid, home.user.gid);
}
