import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { HostFacts, StoreFacts, SystemFacts } from '../../plan/plan.ts';

/** A database that archives into a repository of pgBackRest, all on this machine, as its own operating-system user. */
export interface Backed {
  readonly folder: string;
  readonly system: SystemFacts;
  readonly hosts: { readonly [name: string]: HostFacts };
  readonly store: StoreFacts;
  /** The operating-system user: `postgres` refuses root. */
  readonly owner?: string;
  /** Runs a command as that user; its standard output. */
  as(...argv: string[]): string;
  sql<Row extends object>(text: string): Promise<Row[]>;
  /** What the repository says, asked by pgBackRest itself. */
  info(path?: string): { readonly label: string; readonly type: string; readonly annotation?: { readonly [name: string]: string } }[];
  /** Makes what was written durable in the archive. */
  archive(): Promise<void>;
  /** The primary is ended at once. */
  stop(): void;
  /** Makes the cluster again, as another one. */
  anew(): Promise<void>;
  end(): Promise<void>;
}

export const bin = '/usr/lib/postgresql/15/bin';

export function canBackUp(): boolean {
  return existsSync(`${bin}/postgres`) && spawnSync('pgbackrest', ['version']).status === 0;
}

export async function backed(): Promise<Backed> {
  const owner = process.getuid?.() === 0 ? 'postgres' : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-backrest-'));
  const ids = owner === undefined ? undefined : idsOf(owner);
  const give = (path: string): string => {
    if (ids) chownSync(path, ids.uid, ids.gid);
    return path;
  };
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'other'), { mode: 0o700 });
  give(join(folder, 'other'));
  for (const name of ['repo', 'log', 'lock', 'spool', 'sock', 'places']) {
    mkdirSync(join(folder, name), { mode: 0o700 });
    give(join(folder, name));
  }
  const port = await freePort();
  const config = join(folder, 'pgbackrest.conf');
  const data = join(folder, 'data');
  writeFileSync(
    config,
    `[global]\nrepo1-path=${folder}/repo\nlog-path=${folder}/log\nlock-path=${folder}/lock\nspool-path=${folder}/spool\ncompress-type=lz4\narchive-timeout=30\n` +
      `[orders]\npg1-path=${data}\npg1-port=${port}\npg1-socket-path=${folder}/sock\npg1-user=boss\n`,
  );
  writeFileSync(join(folder, 'password'), 'hunter2');
  const as = (...argv: string[]): string => {
    const env = { ...process.env, LC_ALL: 'C', PATH: `${bin}:${process.env['PATH']}` };
    const [program = '', ...rest] =
      owner === undefined ? argv : ['setpriv', `--reuid=${owner}`, `--regid=${owner}`, '--init-groups', ...argv];
    const { status, stdout, stderr } = spawnSync(program, rest, { encoding: 'utf8', env, cwd: folder });
    if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  };
  const settings = [
    `port=${port}`,
    `listen_addresses='127.0.0.1'`,
    `unix_socket_directories='${folder}/sock'`,
    'fsync=off',
    'shared_buffers=16MB',
    'archive_mode=on',
    `archive_command='pgbackrest --config=${config} --stanza=orders archive-push %p'`,
  ];
  const admin = (...statements: string[]): void =>
    statements.forEach(
      (text) => void as('psql', '-XAtq', '-h', `${folder}/sock`, '-p', `${port}`, '-U', 'boss', '-d', 'postgres', '-c', text),
    );
  const host = (name: string, site: string): HostFacts => ({
    name,
    site,
    connection: 'local',
    alive: 22,
    views: { default: { address: '127.0.0.1', ports: { 5432: port } } },
  });
  const store: StoreFacts = {
    name: 'a-backups',
    site: 'site-a',
    tool: 'pgbackrest',
    host: host('a-app', 'site-a'),
    path: join(folder, 'repo'),
    appendOnly: false,
    ...(owner === undefined ? {} : { owner }),
  };
  const stop = (): void => {
    if (existsSync(join(data, 'postmaster.pid'))) as('pg_ctl', '-D', data, '-w', '-s', '-m', 'immediate', 'stop');
  };
  // What jobs leave on their host goes with the rest.
  const state = process.env['XDG_STATE_HOME'];
  process.env['XDG_STATE_HOME'] = join(folder, 'state');
  const end = async (): Promise<void> => {
    stop();
    if (state === undefined) delete process.env['XDG_STATE_HOME'];
    else process.env['XDG_STATE_HOME'] = state;
    rmSync(folder, { recursive: true, force: true });
  };
  const anew = async (): Promise<void> => {
    stop();
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { mode: 0o700 });
    give(data);
    as('initdb', '-D', data, '-U', 'boss', '-A', 'trust', '-k', '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8');
    writeFileSync(join(data, 'postgresql.auto.conf'), `${settings.join('\n')}\n`);
    writeFileSync(join(data, 'pg_hba.conf'), 'local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n');
    as('pg_ctl', '-D', data, '-w', '-s', '-l', join(folder, 'log', 'server'), 'start');
    admin(
      `create role lifeboat login password 'hunter2' in role pg_monitor, pg_read_all_data, pg_checkpoint`,
      'create database orders owner boss',
    );
  };
  try {
    await anew();
  } catch (error) {
    await end();
    throw error;
  }
  return {
    folder,
    store,
    as,
    end,
    anew,
    stop,
    hosts: { 'a-db': host('a-db', 'site-a'), 'b-db': host('b-db', 'site-b') },
    ...(owner === undefined ? {} : { owner }),
    system: {
      name: 'orders',
      tier: 1,
      postgres: {
        members: { 'site-a': 'a-db', 'site-b': 'b-db' },
        port: 5432,
        data: { 'site-a': data, 'site-b': join(folder, 'other', 'data') },
        bin: { 'site-a': bin, 'site-b': bin },
        database: 'orders',
        user: 'lifeboat',
        password: `file:${join(folder, 'password')}`,
        ...(owner === undefined ? {} : { owner }),
        service: {},
      },
      backups: { postgres: { stanza: 'orders', config, stores: { 'site-a': store }, copies: {} } },
    },
    async sql(text) {
      const client = new pg.Client({ host: `${folder}/sock`, port, user: 'boss', database: 'orders' });
      await client.connect();
      try {
        return (await client.query(text)).rows;
      } finally {
        await client.end();
      }
    },
    info(path = store.path) {
      const text = as('pgbackrest', `--config=${config}`, '--stanza=orders', `--repo1-path=${path}`, 'info', '--output=json');
      return (JSON.parse(text) as [{ backup: [] }])[0].backup;
    },
    async archive() {
      as('pgbackrest', `--config=${config}`, '--stanza=orders', '--log-level-stderr=error', 'check');
    },
  };
}

function idsOf(user: string): { uid: number; gid: number } {
  const [, , uid, gid] = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${user}:`))!
    .split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
