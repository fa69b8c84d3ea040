import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../lab/ports.ts';
import { command, fileFor, folderFor, until } from './command.ts';
import { installed } from './installed.ts';
import type { Login, Loss } from './peer.ts';
import { killIn } from './processes.ts';
import { sql } from './sql.ts';

/** What every PostgreSQL of this benchmark is set to, whoever keeps it: as in the practice lab. */
export const settings: { readonly [name: string]: string } = {
  listen_addresses: '127.0.0.1',
  password_encryption: 'scram-sha-256',
  max_connections: '60',
  shared_buffers: '32MB',
  wal_level: 'replica',
  hot_standby: 'on',
  wal_log_hints: 'on',
  wal_keep_size: '256MB',
  wal_receiver_timeout: '5s',
  wal_sender_timeout: '5s',
  wal_retrieve_retry_interval: '500ms',
  wal_receiver_status_interval: '1s',
};
/** The application's own login takes a password everywhere; the keepers' logins are trusted, on this machine's loopback. */
export const judge: Login = { user: 'judge', password: 'judge', database: 'orders' };
export const judgeRule = 'host orders judge 127.0.0.1/32 scram-sha-256';
export const judgeSetUp = [`create role judge login password 'judge'`, 'create database orders owner judge'];
export const admin = { user: 'postgres', password: '', database: 'postgres' } as const;

export interface Member {
  readonly name: string;
  readonly port: number;
  /** All of it lies here and works here. */
  readonly folder: string;
  readonly data: string;
  readonly bin: string;
}
export interface Pair {
  readonly primary: Member;
  readonly standby: Member;
}

/** Two members with ports, folders and nothing in them yet. */
export async function places(folder: string): Promise<Pair> {
  const bin = installed();
  const ports = await freePorts(2);
  const [primary, standby] = ['a-db', 'b-db'].map((name, n): Member => {
    const own = folderFor(join(folder, name));
    return { name, port: ports[n]!, folder: own, data: join(own, 'data'), bin };
  });
  return { primary: primary!, standby: standby! };
}

/** A primary that nobody keeps, started by pg_ctl; `extra`: further settings. */
export async function startPrimary(member: Member, extra: { readonly [name: string]: string } = {}): Promise<void> {
  const { bin, data, folder: cwd, port } = member;
  await command([join(bin, 'initdb'), '-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync', '-k'], { cwd });
  const all = { ...settings, ...extra, unix_socket_directories: '' };
  const lines = Object.entries(all).map(([key, value]) => `${key} = '${value.replaceAll("'", "''")}'`);
  fileFor(join(data, 'postgresql.conf'), `${lines.join('\n')}\n`);
  fileFor(join(data, 'pg_hba.conf'), `${judgeRule}\nhost all,replication all 127.0.0.1/32 trust\n`);
  await start(member);
  await sql({ ...admin, port }, judgeSetUp);
}

/** Starts a member by pg_ctl, a copy of the other one with its own port and name. */
export async function start({ bin, data, folder, port, name }: Member): Promise<void> {
  appendFileSync(join(data, 'postgresql.conf'), `port = ${port}\ncluster_name = '${name}'\n`);
  await command([join(bin, 'pg_ctl'), 'start', '-w', '-D', data, '-l', join(folder, 'postgres.log')], { cwd: data });
}

/** Returns once the standby streams. */
export async function streams({ primary }: Pair): Promise<void> {
  const text = `select 1 from pg_stat_replication where state = 'streaming'`;
  await until('the standby to stream', async () => (await sql({ ...admin, port: primary.port }, [text]).catch(() => [])).length > 0);
}

/** A server works in its data folder, what else is of its machine in the folder around it. */
export const killMember = ({ data, folder }: Member, loss: Loss): Promise<void> => killIn(loss === 'server' ? data : folder);

export const hostsOf = ({ primary, standby }: Pair) => [primary, standby].map(({ port }) => ({ host: '127.0.0.1', port }));
