import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { carryOut, context, estate, failure, typeOf, type Estate } from './estate.ts';
import { beside, comeBack, digestOf, protects } from './returning.ts';

interface Found {
  readonly diverged: boolean;
  readonly divergence: string;
  readonly bytes: number | null;
  readonly transactions: number | null;
  readonly rows: number;
  readonly deleted: number;
  readonly tables: { readonly [name: string]: number };
  readonly export: string | null;
}
interface Line {
  readonly table: string;
  readonly kind: string;
  readonly key: readonly string[] | null;
  readonly old: { readonly [column: string]: unknown } | null;
  readonly serving: { readonly [column: string]: unknown } | null;
}

describe('postgres.compare', () => {
  const input = { host: 'a-db', with: 'b-db' };
  const type = typeOf('postgres.compare');
  const here = { viewpoint: 'site-a' };
  let at: Estate;
  let untouched: string;
  before(async () => {
    at = await estate();
    await comeBack(at, {
      before: [
        'create table pairs (a text, b timestamptz, note text, primary key (b, a))',
        `insert into pairs select 'p' || n, timestamptz '2026-01-01' + n * interval '1 minute', 'first' from generate_series(1, 3000) n`,
        'create table "Odd; name" (line text, number bigint)',
        `insert into "Odd; name" select 'same', 9007199254740993 from generate_series(1, 5)`,
      ],
      alone: [
        `insert into orders (item) select 'alone ' || n from generate_series(1, 50) n`,
        `update orders set item = 'changed alone' where id = 7`,
        'delete from orders where id in (11, 12)',
        `insert into pairs values ('it''s "odd" \\ ü', '2026-02-02', repeat('x', 70000))`,
        `update pairs set note = 'alone' where a = 'p500'`,
        `insert into "Odd; name" values ('same', 9007199254740993), ('alone', 9007199254740993)`,
        "begin; insert into orders (item) values ('never'); rollback",
      ],
      after: [
        `insert into orders (item) select 'there ' || n from generate_series(1, 20) n`,
        `update orders set item = 'changed there' where id = 20`,
        'delete from orders where id = 30',
        `update pairs set note = 'there' where a = 'p600'`,
      ],
    });
    untouched = digestOf(at, 'a-db');
  });
  after(() => at?.end());

  it('only looks in its preflight', async () => {
    assert.match((await type.preflight(input, context(at, here))).join(' '), /b-db left timeline 1 at .* wrote on after that/);
    assert.equal(digestOf(at, 'a-db'), untouched);
  });

  it('is not done by hand', async () => {
    assert.equal((await failure(type.verify(input, context(at, here)))).code, 'not-compared');
  });

  it('finds what only the old primary has, exports it, and touches nothing of it', async () => {
    const made = context(at, here);
    const outcome = await carryOut(type.name, input, made);
    const found = outcome.outputs as Found;
    assert.equal(found.diverged, true);
    // 50 new, 1 changed; 1 new, 1 changed; 2 without a key.
    assert.deepEqual([found.rows, found.deleted], [50 + 1 + 2 + 2, 2]);
    assert.deepEqual(found.tables, { 'orders public."Odd; name"': 2, 'orders public.orders': 53, 'orders public.pairs': 2 });
    assert.equal(found.transactions, 6);
    assert.ok(found.bytes !== null && found.bytes > 5_000 && found.bytes < 2_000_000, String(found.bytes));
    assert.equal(statSync(found.export!).mode & 0o777, 0o600);
    const lines = readFileSync(found.export!, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    assert.equal(lines.length, found.rows + found.deleted);
    const of = (table: string, kind: string) => lines.filter((line) => line.table === table && line.kind === kind);
    assert.equal(
      of('public.orders', 'only-here').filter(({ old }) => String(old?.['item']).startsWith('alone ')).length,
      30,
      'ids taken by both',
    );
    assert.equal(of('public.orders', 'differs').length, 21);
    assert.deepEqual(
      of('public.orders', 'deleted').map(({ key, old, serving }) => [key, old, serving?.['item']]),
      [
        [['11'], null, 'order 11'],
        [['12'], null, 'order 12'],
      ],
    );
    assert.equal(String(of('public.pairs', 'only-here')[0]?.old?.['note']).length, 70_000);
    assert.match(readFileSync(found.export!, 'utf8'), /9007199254740993/);
    assert.ok(!lines.some(({ old }) => old?.['item'] === 'never'));
    assert.equal(digestOf(at, 'a-db'), untouched);
    assert.deepEqual(beside(at, 'a-db'), [], 'the copy is removed');
    assert.ok(!readdirSync('/tmp').some((name) => /^lifeboat-[0-9a-f]{8}$/.test(name)));
  });

  it('is not repeated where only its answer was lost', async () => {
    const first = context(at, here);
    const { outputs } = await carryOut(type.name, input, first);
    const next = context(at, { ...here, resume: first.beats.findLast((beat) => beat !== undefined) });
    const again = await carryOut(type.name, input, { ...next, stillOurs: () => Promise.reject(new Error('it copies nothing')) });
    assert.deepEqual(again.outputs, outputs);
  });

  it('removes the copy that a killed attempt left, and compares again', async () => {
    const stop = new AbortController();
    const made = context(at, { ...here, signal: stop.signal });
    const killed = { ...made, stillOurs: async () => void setTimeout(() => stop.abort(new Error('killed')), 300) };
    await type.execute(input, killed).catch(() => undefined);
    const outcome = await carryOut(type.name, input, { ...context(at, here), key: made.key });
    assert.equal((outcome.outputs as Found).rows, 55);
    assert.deepEqual(beside(at, 'a-db'), []);
  });

  it('needs a person where a login is refused, and says which', async () => {
    const wrong = join(at.lab.folder, 'secrets', 'wrong');
    writeFileSync(wrong, 'hunter2');
    const postgres = at.system.postgres!;
    const member = await failure(
      type.preflight(input, context(at, { ...here, system: { ...at.system, postgres: { ...postgres, password: `file:${wrong}` } } })),
    );
    assert.deepEqual([member.code, member.remedy], ['postgres-login', 'person']);
    const passfile = '/nonexistent';
    const system = { ...at.system, postgres: { ...postgres, replication: { ...postgres.replication!, passfile } } };
    const error = await failure(type.preflight(input, context(at, { ...here, system })));
    assert.deepEqual([error.code, error.remedy], ['replication-login', 'person']);
  });

  it('fails where the link to the server that serves is cut', async () => {
    await at.control('PUT', '/cut/link', { from: 'site-a', to: 'site-b' });
    const error = await failure(type.preflight(input, context(at, here)));
    assert.ok(['postgres-silent', 'source-unreachable'].includes(error.code), error.code);
    await at.heal();
  });

  it('copies nothing where nothing is on one side only, and refuses an old primary that runs', async () => {
    const other = await estate();
    try {
      await comeBack(other, { cleanly: true });
      const outcome = await carryOut(type.name, input, {
        ...context(other, here),
        stillOurs: () => Promise.reject(new Error('nothing is copied')),
      });
      const { diverged, rows, export: path } = outcome.outputs as Found;
      assert.deepEqual([diverged, rows, path], [false, 0, null]);
      await other.service('a-db', 'start');
      const error = await failure(type.preflight(input, context(other, here)));
      assert.deepEqual([error.code, error.remedy], ['two-primaries', 'person']);
    } finally {
      await other.end();
    }
    assert.ok(!existsSync(other.lab.folder));
  });

  it('finds what was written by a server that died before the first checkpoint of its timeline', async () => {
    const other = await estate();
    try {
      await comeBack(other, { cleanly: true });
      await carryOut('postgres.reprotect', { host: 'a-db', source: 'b-db' }, context(other, here));
      await other.service('b-db', 'stop');
      const [checkpointer] = await other.sql<{ pid: number }>(
        'a-db',
        "select pid from pg_stat_activity where backend_type = 'checkpointer'",
      );
      process.kill(checkpointer!.pid, 'SIGSTOP');
      await other.sql('a-db', 'select pg_promote()');
      await carryOut('postgres.reprotect', { host: 'b-db', source: 'a-db' }, context(other, here));
      await comeBack(other, { alone: ["insert into orders (item) values ('late')"] });
      const { diverged, rows, divergence } = (await carryOut(type.name, input, context(other, here))).outputs as Found & {
        divergence: string;
      };
      assert.deepEqual([diverged, rows], [true, 1]);
      await carryOut('postgres.rewind', { host: 'a-db', source: 'b-db', compared: divergence }, context(other, here));
      await carryOut('postgres.reprotect', { host: 'a-db', source: 'b-db' }, context(other, here));
      await protects(other, 'b-db', 'a-db');
    } finally {
      await other.end();
    }
  });
});
