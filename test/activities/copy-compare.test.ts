import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askCopy, rehearsed, sweepAll, type Rehearsed } from './copies.ts';
import { context, estate, failure, rehearse, until, type Estate, type Options } from './estate.ts';

describe('copy.compare', () => {
  const input = { with: 'b-db' };
  let at: Estate;
  let its: Rehearsed;
  const own = (options: Options = {}) => context(at, { system: its.system, hosts: its.hosts, live: false, step: 'rows', ...options });
  const compare = (more: object = {}, options: Options = {}) => rehearse('copy.compare', { ...input, ...more }, own(options));

  before(async () => {
    at = await estate();
    its = rehearsed(at);
    await at.sql('a-db', 'create table notes (id int); grant all on notes to lifeboat');
    await until(
      'the standby to have it',
      async () => (await at.sql<{ is: boolean }>('b-db', `select to_regclass('notes') is not null as is`))[0]?.is === true,
    );
    await rehearse('copy.postgres', { host: 'copy-of-b-db' }, own({ step: 'copy' }));
    await rehearse('postgres.promote', { host: 'copy-of-b-db' }, own({ step: 'promote' }));
  });
  after(async () => {
    if (at) await sweepAll(at);
    await at?.end();
  });

  it('holds the rows of each table against those of production, which it only reads', async () => {
    const { outputs, evidence } = await compare();
    assert.deepEqual(outputs, {
      rows: { 'public.notes': 0, 'public.orders': 100 },
      production: { 'public.notes': 0, 'public.orders': 100 },
    });
    assert.match(evidence.join(' '), /orders 100/);
    assert.deepEqual((await compare()).outputs, outputs);
  });

  it('bears what was written since the copy was made, and no more', async () => {
    await at
      .sql('a-db', `insert into orders select from generate_series(1, 150)`)
      .catch(() => at.sql('a-db', `insert into orders (id) select generate_series(1001, 1150)`));
    await until(
      'the standby to have them',
      async () => (await at.sql<{ rows: number }>('b-db', 'select count(*)::int as rows from orders'))[0]!.rows === 250,
    );
    const error = await failure(compare());
    assert.equal(error.code, 'content-differs');
    assert.match(error.message, /public\.orders has 100 rows, and production 250/);
    assert.match((await compare({ 'may-differ': 0.7 })).evidence.join(' '), /orders 100/);
  });

  it('holds them to lie between those counted before the copy was made and those of now', async () => {
    assert.match((await compare({ before: { 'public.orders': 100, 'public.notes': 0 } })).evidence.join(' '), /orders 100/);
    const error = await failure(compare({ before: { 'public.orders': 240, 'public.notes': 0 } }));
    assert.match(error.message, /public\.orders has 100 rows, and production 250, and 240 before the copy was made/);
  });

  it('fails by name where a table is empty that production has rows in, or is not there', async () => {
    await at.sql('a-db', 'insert into notes values (1)');
    await until('the standby to have it', async () => (await at.sql('b-db', 'select from notes')).length === 1);
    assert.match((await failure(compare({ 'may-differ': 1 }))).message, /public\.notes is empty, and production has 1 rows/);
    await askCopy(at, 'drop table notes').catch(() => undefined);
    await at.sql('a-db', 'truncate notes');
  });

  it('says so where nobody can be asked, and compares with nothing but what the copy is of', async () => {
    const wrong = join(at.lab.folder, 'secrets', 'stranger');
    writeFileSync(wrong, 'hunter2');
    const system = { ...its.system, postgres: { ...its.system.postgres!, password: `file:${wrong}` } };
    assert.equal((await failure(compare({}, { system }))).code, 'postgres-login');
    assert.equal((await failure(compare({ with: 'a-db' }))).code, 'not-a-copy');
    assert.equal((await failure(compare({}, { live: true }))).code, 'rehearsal-only');
  });

  it('proves nothing where neither has a row', async () => {
    await at.sql('a-db', 'truncate orders, notes');
    await askCopy(at, 'truncate orders').catch(() => undefined);
    await until('the standby to be empty', async () => (await at.sql('b-db', 'select from orders')).length === 0);
    const error = await failure(compare({ 'may-differ': 1 }));
    assert.match(error.code, /nothing-compared|content-differs/);
  });

  it('compares the same tables where not all are counted, although others are the largest by now', async () => {
    const made = "begin for n in 100..420 loop execute format('create table t%s as select 1 as id', n); end loop; end";
    await at.sql('a-db', `do $$ ${made} $$`);
    const seen = async (what: string) => (await at.sql('b-db', `select where ${what}`)).length > 0;
    await until('the standby to have them', () => seen(`to_regclass('t420') is not null`));
    await sweepAll(at);
    const { rows: before } = (await rehearse('copy.postgres', { host: 'copy-of-b-db' }, own({ step: 'copy' }))).outputs as unknown as {
      rows: Record<string, number>;
    };
    assert.deepEqual([Object.keys(before).length, before['public.t420']], [300, undefined]);
    await rehearse('postgres.promote', { host: 'copy-of-b-db' }, own({ step: 'promote' }));
    await at.sql('a-db', 'analyze t420');
    await until('the standby to know', () => seen(`exists (select from pg_class where relname = 't420' and relpages > 0)`));
    for (const more of [{}, { before }]) {
      const { rows, production } = (await compare(more)).outputs as unknown as Record<'rows' | 'production', Record<string, number>>;
      assert.deepEqual([rows['public.t420'], production['public.t420']], [1, 1]);
    }
    await askCopy(at, 'delete from t420');
    assert.match((await failure(compare({ before }))).message, /public\.t420 is empty, and production has 1 rows/);
  });
});
