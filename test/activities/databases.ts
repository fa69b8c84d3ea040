import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseUser } from '../../lab/database-user.ts';
import { findPostgres } from '../../lab/installed.ts';
import { freePorts } from '../../lab/ports.ts';
import { query } from '../query.ts';
import { until } from './estate.ts';

/** Two servers of PostgreSQL that know nothing of each other, each with an empty database `shop`. */
export interface Databases {
  readonly ports: readonly [number, number];
  /** Reference of the password of `lifeboat`, who may read everything, and of another that is wrong. */
  readonly password: string;
  readonly wrong: string;
  /** Path of the certificate that both servers show, PEM. */
  readonly certificate: string;
  /** Asks a server, 0 or 1, as its owner. */
  sql<Row extends object>(server: 0 | 1, text: string): Promise<Row[]>;
  end(): Promise<void>;
}

/** @param shown the key and certificate that the servers show, PEM. */
export async function databases(shown: { readonly key: string; readonly certificate: string }): Promise<Databases> {
  const bin = await findPostgres();
  if (bin === null) throw new Error('There is no PostgreSQL 15 or later on this machine.');
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-databases-'));
  const user = databaseUser();
  const own = (path: string): void => void (user && chownSync(path, user.uid, user.gid));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    own(path);
    return path;
  };
  chmodSync(folder, 0o711);
  own(folder);
  const secret = file('secret', 'only-for-this-test');
  const [key, certificate] = [file('key.pem', shown.key), file('certificate.pem', shown.certificate)];
  const as = user ? { uid: user.uid, gid: user.gid } : {};
  const flags = ['-U', 'owner', '-A', 'scram-sha-256', `--pwfile=${secret}`, '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'];
  execFileSync(join(bin, 'initdb'), ['-D', join(folder, '0'), ...flags], { ...as, cwd: folder, stdio: 'ignore' });
  execFileSync('cp', ['-a', join(folder, '0'), join(folder, '1')]);
  for (const server of ['0', '1']) appendFileSync(join(folder, server, 'postgresql.conf'), 'ssl = on\n');
  const ports = (await freePorts(2)) as [number, number];
  const children = ports.map((port, server): ChildProcess => {
    const settings = {
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: '',
      fsync: 'off',
      ssl_cert_file: certificate,
      ssl_key_file: key,
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return spawn(join(bin, 'postgres'), ['-D', join(folder, String(server)), ...options], { ...as, cwd: folder, stdio: 'ignore' });
  });
  const kill = (): void => children.forEach((child) => child.kill('SIGKILL'));
  process.once('exit', kill);
  const ask = <Row extends object>(server: 0 | 1, text: string, database = 'shop'): Promise<Row[]> =>
    query<Row>({ port: ports[server], user: 'owner', password: 'only-for-this-test', database }, text);
  for (const server of [0, 1] as const) {
    await until('PostgreSQL to answer', () =>
      ask(server, 'select 1', 'postgres').then(
        () => true,
        () => false,
      ),
    );
    await ask(server, `create role lifeboat login password 'only-for-this-test' in role pg_read_all_data`, 'postgres');
    await ask(server, 'create database shop', 'postgres');
  }
  return {
    ports,
    certificate,
    password: `file:${secret}`,
    wrong: `file:${file('wrong', 'no-such-password')}`,
    sql: ask,
    async end() {
      const ended = children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
      children.forEach((child) => child.kill('SIGQUIT'));
      await Promise.all(ended);
      process.off('exit', kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
