import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { launch, writeIdentity } from '../launch.ts';
import { gone } from '../process.ts';
import { account } from './disk/accounts.ts';
import { slotOf } from './disk/database.ts';
import { labTag, logFile, paths, runFile, secret, type FullLab } from './full-lab.ts';
import { appOf, pair } from './shape.ts';
import { tool } from './tool.ts';

/**
 * The cluster that the pair begins with, and the repository that knows it: made once here, at hq, and copied to the hosts. A copy of a
 * primary that was shut down cleanly is its standby. So the lab can be made new between two tests in the time of a copy.
 */
export async function makeGolden(lab: FullLab): Promise<void> {
  const folder = goldenOf(lab);
  const postgres = account('postgres');
  mkdirSync(folder, { recursive: true });
  chownSync(folder, postgres.uid, postgres.gid);
  chmodSync(folder, 0o700);
  const as = { user: postgres, cwd: folder };
  const data = join(folder, 'data');
  const password = join(folder, 'password');
  writeFileSync(password, secret(lab, 'postgres'), { mode: 0o600 });
  chownSync(password, postgres.uid, postgres.gid);
  const how = ['-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${password}`, '-k', '-E', 'UTF8', '--locale=C', '--no-sync'];
  await tool([join(lab.postgres, 'initdb'), '-D', data, ...how, '--no-instructions'], as);
  rmSync(password);
  const settings = ['listen_addresses=', `unix_socket_directories=${folder}`, 'fsync=off', 'wal_log_hints=on', 'max_connections=60'];
  const argv = ['setpriv', `--reuid=${postgres.uid}`, `--regid=${postgres.gid}`, '--clear-groups', '--'];
  const server = launch([...argv, `${lab.postgres}/postgres`, '-D', data, ...settings.flatMap((one) => ['-c', one])], {
    log: logFile(lab, 'golden'),
    env: labTag(lab),
  });
  const identity = writeIdentity(runFile(lab, 'golden'), server.pid);
  await connected(folder, lab, server);
  await fill(folder, lab);
  writeFileSync(join(folder, 'pgbackrest.conf'), repositoryConfig(folder));
  await tool(['pgbackrest', `--config=${folder}/pgbackrest.conf`, '--stanza=orders', 'stanza-create'], {
    ...as,
    env: { PGPASSWORD: secret(lab, 'postgres') },
  });
  server.kill('SIGINT');
  if (!(await gone(identity, 10_000))) throw new Error('The first PostgreSQL did not stop within 10 s.');
  rmSync(runFile(lab, 'golden'));
}

/** Puts the cluster on the hosts' disks: the first member as primary, the other as its standby; and empty repositories beside them. */
export async function layGolden(lab: FullLab, root: (lab: FullLab, host: string) => string): Promise<void> {
  await Promise.all([
    ...pair.map((host) => layData(lab, host, join(root(lab, host), paths.data))),
    ...Object.values(appOf).map((host) => layRepository(lab, join(root(lab, host), paths.repository))),
  ]);
}

export const goldenOf = (lab: FullLab): string => join(lab.folder, 'golden');

async function layData(lab: FullLab, host: string, data: string): Promise<void> {
  rmSync(data, { recursive: true, force: true });
  await tool(['cp', '-a', '--reflink=auto', join(goldenOf(lab), 'data'), data]);
  if (host === pair[0]) return;
  const postgres = account('postgres');
  for (const slot of readdirSync(join(data, 'pg_replslot'))) rmSync(join(data, 'pg_replslot', slot), { recursive: true });
  writeFileSync(join(data, 'standby.signal'), '', { mode: 0o600 });
  chownSync(join(data, 'standby.signal'), postgres.uid, postgres.gid);
}

async function layRepository(lab: FullLab, repository: string): Promise<void> {
  for (const name of existsSync(repository) ? readdirSync(repository) : [])
    rmSync(join(repository, name), { recursive: true, force: true });
  const owner = account('pgbackrest');
  await tool(['cp', '-a', `${goldenOf(lab)}/repository/.`, repository]);
  await tool(['chown', '-R', `${owner.uid}:${owner.gid}`, repository]);
}

async function connected(socket: string, lab: FullLab, server: { exitCode: number | null }): Promise<void> {
  for (const deadline = Date.now() + 20_000; ;) {
    const answer = await sql(socket, lab, 'postgres', ['select 1']).catch((error: Error) => error);
    if (!answer) return;
    if (server.exitCode !== null || Date.now() > deadline) throw new Error(`The first PostgreSQL did not start: ${answer.message}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

async function fill(socket: string, lab: FullLab): Promise<void> {
  const role = (name: string, rights: string): string => `create role ${name} login ${rights} password '${secret(lab, name)}'`;
  await sql(socket, lab, 'postgres', [
    role('lifeboat', 'replication'),
    role('app', ''),
    role('repl', 'replication'),
    role('rewinder', ''),
    'grant pg_monitor, pg_read_all_data, pg_signal_backend, pg_checkpoint to lifeboat',
    'create database orders owner app',
    `select pg_create_physical_replication_slot('${slotOf(pair[1])}')`,
  ]);
  // Rights on functions are of one database: those who log in to either find theirs.
  for (const database of ['postgres', 'orders']) await sql(socket, lab, database, grants);
  await sql(socket, lab, 'orders', [
    'create extension amcheck',
    'set role app',
    'create table orders(id bigint generated always as identity primary key, item text, at timestamptz default now())',
    `insert into orders(item) select 'order ' || n from generate_series(1, 100) n`,
    'create table lifeboat_markers(id uuid primary key, probe text not null, seq bigint not null, at timestamptz not null default clock_timestamp())',
    'create index on lifeboat_markers(probe, seq)',
  ]);
}

const grants = [
  'grant execute on function pg_promote(boolean, integer) to lifeboat',
  'grant execute on function pg_wal_replay_resume(), pg_wal_replay_pause(), pg_switch_wal(), pg_create_restore_point(text) to lifeboat',
  'grant execute on function pg_stat_file(text), pg_stat_file(text, boolean) to lifeboat, rewinder',
  'grant execute on function pg_ls_dir(text, boolean, boolean) to rewinder',
  'grant execute on function pg_read_binary_file(text), pg_read_binary_file(text, bigint, bigint, boolean) to rewinder',
];

async function sql(socket: string, lab: FullLab, database: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ host: socket, user: 'postgres', password: secret(lab, 'postgres'), database, query_timeout: 20_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

const repositoryConfig = (folder: string): string => `[global]
repo1-path=${folder}/repository
lock-path=${folder}/lock
spool-path=${folder}/spool
log-path=${folder}
log-level-file=off
log-level-console=warn
[orders]
pg1-path=${folder}/data
pg1-socket-path=${folder}
pg1-user=postgres
`;
