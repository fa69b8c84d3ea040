import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { databaseUser } from '../../lab/database-user.ts';
import { findPostgres } from '../../lab/installed.ts';
import { freePorts } from '../../lab/ports.ts';
import { publicFolder } from '../../lab/readable.ts';
import { environment } from '../../lab/venv.ts';
import type { HostFacts, SystemFacts } from '../../plan/plan.ts';
import { context, failure, typeOf, until } from './estate.ts';

/** A Patroni of one member, with its own consensus: a real one, at real ports. */
describe('A cluster that Patroni runs', function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-patroni-'));
  const user = databaseUser();
  let patroni: ChildProcess | undefined;
  let bin = '';
  let [port, rest, raft] = [0, 0, 0];
  before(async () => {
    bin = (await findPostgres()) ?? '';
    [port, rest, raft] = (await freePorts(3)) as [number, number, number];
    const program = await patroniProgram();
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'raft'));
    writeFileSync(join(folder, 'password'), 'p');
    writeFileSync(join(folder, 'patroni.yml'), JSON.stringify(configuration()));
    if (user) for (const name of ['.', 'raft', 'patroni.yml']) chownSync(join(folder, name), user.uid, user.gid);
    const log = openSync(join(folder, 'log'), 'a');
    const as = user ? ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups', '--reset-env'] : ['env'];
    patroni = spawn(as[0]!, [...as.slice(1), program, join(folder, 'patroni.yml')], { cwd: folder, stdio: ['ignore', log, log] });
    await until('Patroni to lead', answers, 120_000);
  });
  after(async () => {
    patroni?.kill('SIGTERM');
    if (patroni && patroni.exitCode === null && patroni.signalCode === null) await new Promise((done) => patroni!.once('exit', done));
    rmSync(folder, { recursive: true, force: true });
  });

  const data = () => join(folder, 'data');
  const host = (name: string, site: string, ports: { [port: string]: number }): HostFacts => ({
    name,
    site,
    connection: 'local',
    alive: 22,
    views: { default: { address: '127.0.0.1', ports } },
  });
  const scene = (restPort = rest) => {
    const hosts = { 'a-db': host('a-db', 'site-a', { 5432: port, 8008: restPort }), 'b-db': host('b-db', 'site-b', { 5432: 1 }) };
    const command = { start: ['false'], stop: ['false'], enabled: ['echo', 'disabled'] };
    const system: SystemFacts = {
      name: 'orders',
      tier: 1,
      postgres: {
        members: { 'site-a': 'a-db', 'site-b': 'b-db' },
        port: 5432,
        data: { 'site-a': data(), 'site-b': data() },
        bin: { 'site-a': bin, 'site-b': bin },
        database: 'postgres',
        user: 'postgres',
        password: `file:${join(folder, 'password')}`,
        replication: { user: 'repl', rewindUser: 'repl' },
        service: { 'site-a': command, 'site-b': command },
        ...(user ? { owner: user.name } : {}),
      },
    };
    return context({ hosts, system }, { viewpoint: 'site-a' });
  };
  const uses: readonly (readonly [string, object])[] = [
    ['postgres.promote', { host: 'a-db' }],
    ['postgres.quiesce', { host: 'a-db', standby: 'b-db' }],
    ['postgres.reprotect', { host: 'a-db', source: 'b-db' }],
    ['postgres.rewind', { host: 'a-db', source: 'b-db', compared: 'x' }],
    ['postgres.rebuild', { host: 'a-db', source: 'b-db' }],
    ['postgres.adopt', { host: 'a-db', from: '/nowhere' }],
  ];

  for (const [type, input] of uses)
    it(`is refused by ${type} in its preflight, by Patroni's own interface`, async () => {
      // On a busy machine its interface may be late; then another sign is told.
      await until('Patroni to answer at its interface', async () => {
        const error = await failure(typeOf(type).preflight(input, scene()));
        assert.deepEqual([error.code, error.remedy], ['patroni', 'person']);
        return /answers for the cluster "orders".*patronictl switchover/.test(error.message);
      });
    });

  for (const [type, input] of uses)
    it(`is refused by ${type} also where that interface is not reached`, async () => {
      assert.equal((await failure(typeOf(type).preflight(input, scene(1)))).code, 'patroni');
    });

  it('is recognised by its settings where Patroni itself has died', async () => {
    patroni!.kill('SIGKILL');
    await new Promise((done) => patroni!.once('exit', done));
    await until('its sessions to end', async () => (await ask("select from pg_stat_activity where application_name ~ '^Patroni'")) === 0);
    const error = await failure(typeOf('postgres.promote').preflight({ host: 'a-db' }, scene()));
    assert.equal(error.code, 'patroni');
    assert.match(error.message, /on the command line/);
    const stop = [join(bin, 'pg_ctl'), 'stop', '-m', 'immediate', '-D', data()];
    if (user) stop.unshift('setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups');
    execFileSync(stop[0]!, stop.slice(1));
    assert.equal((await failure(typeOf('postgres.reprotect').preflight({ host: 'a-db', source: 'b-db' }, scene()))).code, 'patroni');
  });

  function configuration(): object {
    return {
      scope: 'orders',
      name: 'a',
      restapi: { listen: `127.0.0.1:${rest}`, connect_address: `127.0.0.1:${rest}` },
      raft: { self_addr: `127.0.0.1:${raft}`, data_dir: join(folder, 'raft') },
      bootstrap: { dcs: { ttl: 30, loop_wait: 2, retry_timeout: 10 }, initdb: [{ encoding: 'UTF8' }, 'data-checksums'] },
      postgresql: {
        listen: `127.0.0.1:${port}`,
        connect_address: `127.0.0.1:${port}`,
        data_dir: data(),
        bin_dir: bin,
        pgpass: join(folder, 'pgpass'),
        pg_hba: ['host all all 127.0.0.1/32 scram-sha-256', 'host replication all 127.0.0.1/32 scram-sha-256'],
        authentication: { replication: { username: 'repl', password: 'r' }, superuser: { username: 'postgres', password: 'p' } },
        parameters: { unix_socket_directories: folder },
      },
    };
  }

  async function answers(): Promise<boolean> {
    if (patroni?.exitCode !== null) throw new Error(`Patroni ended; its log is in ${folder}.`);
    const said = await fetch(`http://127.0.0.1:${rest}/primary`, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
    return said?.status === 200 && (await ask("select from pg_stat_activity where application_name ~ '^Patroni'")) > 0;
  }

  async function ask(text: string): Promise<number> {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password: 'p', database: 'postgres' });
    await client.connect();
    return client.query(text).then(
      ({ rows }) => client.end().then(() => rows.length),
      (error: Error) => client.end().then(() => Promise.reject(error)),
    );
  }
});

/** Where the user who runs PostgreSQL may read it: with the system's own Python, outside root's folders. */
async function patroniProgram(): Promise<string> {
  const before = { PATH: process.env['PATH'], LIFEBOAT_CACHE: process.env['LIFEBOAT_CACHE'] };
  process.env['PATH'] = `/usr/bin:${before.PATH}`;
  if (process.getuid?.() === 0) process.env['LIFEBOAT_CACHE'] = join(publicFolder(), 'cache');
  try {
    const made = await environment(['patroni==4.1.5', 'psycopg[binary]==3.2.10', 'pysyncobj', 'cryptography'], () => undefined);
    chmodSync(made, 0o755);
    // Named by the folder it was made in, which has another name now.
    return writeStart(made);
  } finally {
    for (const [name, value] of Object.entries(before))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  }
}

function writeStart(made: string): string {
  const start = join(made, 'start-patroni');
  writeFileSync(start, `#!/bin/sh\nexec ${join(made, 'bin/python')} -m patroni "$@"\n`);
  chmodSync(start, 0o755);
  return start;
}
