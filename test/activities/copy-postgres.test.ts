import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { join } from 'node:path';
import { onEmpty } from '../../activities/copy/empty.ts';
import { dataOf, hostOf, secret } from '../../lab/lab.ts';
import { query } from '../query.ts';
import { askCopy, rehearsed, sweepAll, type Rehearsed } from './copies.ts';
import { context, estate, failure, rehearse, typeOf, until, type Estate, type Options } from './estate.ts';

describe('copy.postgres', () => {
  const type = typeOf('copy.postgres');
  const input = { host: 'copy-of-b-db' };
  let at: Estate;
  let its: Rehearsed;
  before(async () => {
    at = await estate();
    its = rehearsed(at);
  });
  after(() => at?.end());
  afterEach(() => sweepAll(at));

  const own = (options: Options = {}) => context(at, { system: its.system, hosts: its.hosts, live: false, step: 'copy', ...options });
  const started = async () => (await askCopy<{ at: Date }>(at, 'select pg_postmaster_start_time() as at'))[0]!.at.toISOString();
  const setting = async (name: string) => (await askCopy<{ is: string }>(at, `select current_setting('${name}') as is`))[0]!.is;
  /** What its production says of itself that a copy could disturb. */
  const production = () =>
    at.sql(
      'a-db',
      `select (select count(*)::int from pg_stat_replication) as standbys, (select count(*)::int from pg_replication_slots) as slots`,
    );

  it('only looks in its preflight, and tells how much room there is', async () => {
    assert.match((await type.preflight(input, own())).join(' '), /bytes free for a copy of the \d+ of b-db/);
    assert.equal(existsSync(its.root), false);
  });

  it('makes a standby that follows nobody, beside a production that does not notice', async () => {
    const before = await production();
    const { outputs, evidence } = await rehearse(type.name, input, own());
    const { bytes } = outputs as { bytes: number };
    assert.deepEqual(outputs, { of: 'b-db', directory: its.directory, port: its.port, bytes, rows: { 'public.orders': 100 } });
    assert.match(evidence.join(' '), /follows nobody, archives nothing, runs no job/);
    assert.deepEqual(await askCopy(at, `select pg_is_in_recovery() as recovering, (select count(*)::int from orders) as rows`), [
      { recovering: true, rows: 100 },
    ]);
    assert.deepEqual(await production(), before);
    const marker = JSON.parse(readFileSync(`${its.root}/orders/lifeboat.json`, 'utf8')) as { system: string; run: string; expires: string };
    assert.deepEqual([marker.system, marker.run, marker.expires], ['orders', 'failover-orders', '2026-11-22T11:00:00.000Z']);
  });

  it('needs no slot at the member, and so has it keep no log, not even for a while', async () => {
    const free = `current_setting('max_replication_slots')::int - (select count(*)::int from pg_replication_slots)`;
    await at.sql('b-db', `select pg_create_physical_replication_slot('taken_' || n) from generate_series(1, ${free}) n`);
    try {
      await rehearse(type.name, input, own());
    } finally {
      await at.sql('b-db', `select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name like 'taken%'`);
    }
    assert.deepEqual(await askCopy(at, 'select count(*)::int as rows from orders'), [{ rows: 100 }]);
  });

  it('starts harmless, whatever the server that it copies loads, archives and follows', async () => {
    const file = join(dataOf(at.lab, 'b-db'), 'postgresql.auto.conf');
    const written = readFileSync(file, 'utf8');
    // What a scheduler would need; a server that heeded the first would not start at all, for there is no such library.
    appendFileSync(file, "\nshared_preload_libraries = 'pg_cron_of_production'\narchive_mode = 'on'\narchive_command = 'false'\n");
    try {
      await rehearse(type.name, input, own());
    } finally {
      writeFileSync(file, written);
    }
    const none = {
      shared_preload_libraries: '',
      archive_mode: 'off',
      archive_command: '(disabled)',
      primary_conninfo: '',
      max_logical_replication_workers: '0',
    };
    for (const [name, value] of Object.entries(none)) {
      if (name !== 'primary_conninfo') assert.equal(await setting(name), value, name);
    }
    assert.equal((await askCopy(at, 'select 1 from pg_stat_wal_receiver where pid is not null')).length, 0);
  });

  it('is made once however often it is asked for, also after its answer was lost', async () => {
    const made = own();
    await rehearse(type.name, input, made);
    const first = await started();
    await rehearse(type.name, input, made);
    assert.equal(await started(), first);
  });

  it('goes on where an attempt was killed, at whatever it was', async () => {
    const made = own();
    for (const acts of [0, 1, 2, 1]) {
      let left = acts;
      const dies = async (): Promise<void> => {
        left -= 1;
        if (left < 0) throw new Error('killed');
      };
      await assert.rejects(rehearse(type.name, input, { ...made, stillOurs: dies }), /killed/);
    }
    await rehearse(type.name, input, made);
    assert.deepEqual(await askCopy(at, 'select count(*)::int as rows from orders'), [{ rows: 100 }]);
  });

  it('touches nothing that lies there and is not its own', async () => {
    const folder = `${its.root}/orders`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'precious'), 'x');
    for (const phase of [() => type.preflight(input, own()), () => rehearse(type.name, input, own())])
      assert.equal((await failure(phase())).code, 'copy-there');
    assert.equal(readFileSync(join(folder, 'precious'), 'utf8'), 'x');
    rmSync(its.root, { recursive: true });
    await rehearse(type.name, input, own());
    const error = await failure(rehearse(type.name, input, own()));
    assert.equal(error.code, 'another-rehearsal');
    assert.match(error.message, /failover-orders, made lies .* `lifeboat sweep orders`/);
  });

  it('says by name what is in its way: a port that is taken, a wrong password, a member that is not there', async () => {
    const squatter = createServer((socket) => void socket.resume().end('taken')).listen(its.port, '127.0.0.1');
    await new Promise((done) => squatter.once('listening', done));
    try {
      assert.equal((await failure(type.preflight(input, own()))).code, 'port-taken');
    } finally {
      await new Promise((done) => squatter.close(done));
    }
    const wrong = join(at.lab.folder, 'secrets', 'nobody');
    writeFileSync(wrong, 'hunter2');
    const { copies } = its.system;
    const changed = (original: object): Options => ({
      system: {
        ...its.system,
        copies: { ...copies!, postgres: { ...copies!.postgres!, original: { ...copies!.postgres!.original, ...original } } },
      },
    });
    assert.equal((await failure(type.preflight(input, own(changed({ password: `file:${wrong}` }))))).code, 'postgres-login');
    const stranger = changed({ replication: { user: 'nobody', rewindUser: 'nobody' } });
    const refused = await failure(rehearse(type.name, input, own(stranger)));
    assert.equal(refused.code, 'not-copied');
    assert.doesNotMatch(refused.message, /hunter2/);
    await sweepAll(at);
    await at.service('b-db', 'stop');
    try {
      assert.match((await failure(type.preflight(input, own()))).code, /^postgres-/);
    } finally {
      await at.service('b-db', 'start');
    }
  });

  it('exists in rehearsals alone, and copies nothing that is no copy', async () => {
    assert.equal((await failure(type.execute(input, own()))).code, 'rehearsal-only');
    assert.equal((await failure(rehearse(type.name, input, own({ live: true })))).code, 'rehearsal-only');
    assert.equal((await failure(rehearse(type.name, { host: 'b-db' }, own()))).code, 'not-a-copy');
    const data = { ...its.system.postgres!.data, 'site-b': dataOf(at.lab, 'b-db') };
    const inProduction = own({ system: { ...its.system, postgres: { ...its.system.postgres!, data } } });
    assert.equal((await failure(rehearse(type.name, input, inProduction))).code, 'not-a-copy');
  });

  it('is promoted and emptied for a question, and production never hears of it', async () => {
    await rehearse(type.name, input, own());
    await rehearse('postgres.promote', input, own({ step: 'promote' }));
    const check = (query: string) => rehearse('postgres.check', { ...input, query }, own({ step: 'rows' }));
    assert.deepEqual((await check('select count(*) > 0 from orders')).findings, []);
    const { findings } = await check('select count(*) >= 0 from orders');
    assert.deepEqual(
      findings?.map(({ subject, code, weight }) => [subject, code, weight]),
      [['rows', 'passes-when-empty', 'should']],
    );
    const none = await rehearse('postgres.check', { ...input, rows: [{ table: 'orders', 'at-least': 0 }] }, own({ step: 'rows' }));
    assert.deepEqual(
      none.findings?.map(({ code }) => code),
      ['passes-when-empty'],
    );
    assert.deepEqual(await askCopy(at, 'select count(*)::int as rows from orders'), [{ rows: 100 }]);
    for (const host of ['a-db', 'b-db']) assert.deepEqual(await at.sql(host, 'select count(*)::int as rows from orders'), [{ rows: 100 }]);
    assert.deepEqual(await at.sql('b-db', 'select pg_is_in_recovery() as recovering'), [{ recovering: true }]);
  });

  it('is emptied of what it holds itself, and of nothing that another server holds for it', async () => {
    const far = `server production options (table_name 'held_elsewhere')`;
    const there = `host '127.0.0.1', port '${hostOf(at.lab, 'a-db').database}', dbname 'orders'`;
    await at.sql(
      'a-db',
      `create table held_elsewhere (id int); create sequence emptied;
      create function noted() returns trigger language plpgsql as 'begin perform nextval(''public.emptied''); return null; end';
      create trigger noted before truncate on held_elsewhere execute function noted();
      create extension postgres_fdw; create server production foreign data wrapper postgres_fdw options (${there});
      create user mapping for public server production options (user 'lifeboat', password '${secret(at.lab, 'lifeboat')}');
      create table parts (id int) partition by range (id); create table parts_here partition of parts for values from (0) to (10);
      create foreign table parts_there partition of parts for values from (10) to (20) ${far};
      create table heirs (id int); create foreign table heirs_there () inherits (heirs) ${far};
      create table keys (id int primary key, above int references keys) partition by range (id);
      create table keys_here partition of keys for values from (0) to (10);
      create table keyed (id int references keys) partition by range (id); create table keyed_here partition of keyed default;
      create table plain (id int references keys);
      insert into parts values (1); insert into heirs values (1); insert into keys values (1, 1); insert into keyed values (1);
      insert into plain values (1)`,
    );
    try {
      await until('the standby to have it', async () => (await at.sql('b-db', `select where to_regclass('plain') is not null`)).length > 0);
      await rehearse(type.name, input, own());
      await rehearse('postgres.promote', input, own({ step: 'promote' }));
      const tables = ['orders', 'parts_here', 'only heirs', 'keys', 'keyed', 'plain'];
      const rows = tables.map((table) => `(select count(*) from ${table})`);
      assert.deepEqual(await askCopy(at, `select concat_ws(' ', ${rows.join()}) as rows`), [{ rows: '100 1 1 1 1 1' }]);
      assert.equal(await onEmpty(input.host, `select concat_ws(' ', ${rows.join()})`, own()), '0 0 0 0 0 0');
      // A sequence remembers also what was taken back.
      assert.deepEqual(await at.sql('a-db', 'select is_called from emptied'), [{ is_called: false }]);
    } finally {
      const made = 'drop table held_elsewhere, parts, heirs, keyed, plain, keys cascade; drop function noted; drop sequence emptied';
      await at.sql('a-db', `${made}; drop extension postgres_fdw cascade`);
    }
  });

  it('lets in the login of steps alone, and where that has no password from its own host alone', async () => {
    const { password: _, ...open } = its.system.postgres!;
    const system = { ...its.system, postgres: open };
    const far = own({ system, hosts: { ...its.hosts, [input.host]: { ...its.hosts[input.host]!, connection: 'ssh' } } });
    for (const phase of [() => type.preflight(input, far), () => rehearse(type.name, input, far)])
      assert.deepEqual(await failure(phase()).then(({ code, remedy }) => [code, remedy]), ['no-password', 'person']);
    assert.equal(existsSync(`${its.root}/orders`), false);

    await rehearse(type.name, input, own());
    await assert.rejects(
      query({ port: its.port, user: 'lifeboat', database: 'orders', password: 'hunter2' }, 'select'),
      /authentication failed/,
    );
    await sweepAll(at);
    await rehearse(type.name, input, own({ system }));
    const enter = (user: string, from: string) =>
      query({ port: its.port, user, database: 'orders', stream: () => leaving(from) }, 'select');
    await enter('lifeboat', '127.0.0.1');
    await assert.rejects(enter('lifeboat', '127.0.0.2'), /no pg_hba.conf entry for host "127.0.0.2"/);
    await assert.rejects(enter('app', '127.0.0.1'), /no pg_hba.conf entry/);
  });
});

/** A line that leaves by another address of this machine, as one from another machine would come. */
function leaving(from: string): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket);
  return Object.assign(socket, { connect: (port: number, host: string) => connect({ port, host, localAddress: from }) });
}
