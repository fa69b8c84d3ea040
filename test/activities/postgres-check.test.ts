import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresFacts, SystemFacts } from '../../plan/plan.ts';
import { carryOut, context, estate, failure, typeOf, type Estate } from './estate.ts';
import { closedPort } from './nowhere.ts';

describe('postgres.check', () => {
  let at: Estate;
  before(async () => {
    at = await estate();
  });
  after(() => at?.end());
  const check = (input: object, options = {}) => carryOut('postgres.check', { host: 'b-db', ...input }, context(at, options));
  const withFacts = (facts: Partial<PostgresFacts>): { system: SystemFacts } => ({
    system: { ...at.system, postgres: { ...at.system.postgres!, ...facts } },
  });

  it('tells role, lag, timeline and content of a standby, also twice', async () => {
    for (let turn = 0; turn < 2; turn += 1) {
      const { outputs } = await check({
        role: 'standby',
        timeline: 1,
        rows: [{ table: 'orders', 'at-least': 100 }],
        query: 'select count(*) from orders',
        expect: 100,
      });
      const { role, timeline, rows, version, lag } = outputs as Record<string, unknown>;
      assert.deepEqual([role, timeline, rows], ['standby', 1, { orders: 100 }]);
      assert.match(String(version), /^1\d/);
      assert.match(String(lag), /behind a-db$/);
    }
  });

  it('tells a primary, whose lag is none', async () => {
    const { outputs } = await check({ host: 'a-db', role: 'primary' });
    assert.deepEqual([(outputs as { lag: string }).lag, (outputs as { 'lag-bytes': number })['lag-bytes']], ['none', 0]);
  });

  it('measures a lag in bytes, and fails beyond the most that is allowed', async () => {
    await at.control('PUT', '/cut/replication', { service: 'replication' });
    try {
      await at.sql('a-db', "insert into orders (item) select repeat('x', 1000) from generate_series(1, 200)");
      const { outputs } = await check({ role: 'standby' });
      const { 'lag-bytes': bytes, 'lag-milliseconds': milliseconds } = outputs as { 'lag-bytes': number; 'lag-milliseconds': number };
      assert.ok(bytes > 200_000, `${bytes} bytes`);
      assert.ok(milliseconds >= 0);
      assert.equal((await failure(check({ 'max-lag': 100_000 }))).code, 'lagging');
    } finally {
      await at.heal();
    }
  });

  it('says how a server differs from what is expected', async () => {
    assert.match((await failure(check({ role: 'primary' }))).message, /is a standby, not a primary/);
    assert.equal((await failure(check({ timeline: 7 }))).code, 'wrong-timeline');
    assert.equal((await failure(check({ rows: [{ table: 'orders', 'at-least': 1_000_000 }] }))).code, 'too-few-rows');
    assert.match((await failure(check({ query: 'select count(*) > 5000000 from orders' }))).message, /answers false, and true is expected/);
  });

  it('changes nothing by its query, whatever the query says', async () => {
    const on = { host: 'a-db' };
    assert.match((await failure(check({ ...on, query: 'delete from orders returning true' }))).message, /read-only/);
    assert.equal((await failure(check({ ...on, query: 'commit; delete from orders' }))).remedy, 'mistake');
    assert.equal((await failure(check({ ...on, query: 'select nonsense' }))).remedy, 'mistake');
    await assert.rejects(check({ ...on, rows: [{ table: 'orders; drop table orders', 'at-least': 0 }] }), /a table is named/);
    const [row] = await at.sql<{ count: string }>('a-db', 'select count(*) from orders');
    assert.ok(Number(row?.count) >= 100);
  });

  it('needs a person where the password is wrong, and leaks none', async () => {
    const wrong = join(at.lab.folder, 'secrets', 'wrong');
    writeFileSync(wrong, 'hunter2');
    for (const act of ['preflight', 'verify'] as const) {
      const error = await failure(typeOf('postgres.check')[act]({ host: 'b-db' }, context(at, withFacts({ password: `file:${wrong}` }))));
      assert.deepEqual([error.code, error.remedy], ['postgres-login', 'person']);
      assert.doesNotMatch(`${error.message} ${error.stack}`, /hunter2/);
    }
  });

  it('is tried again where nobody answers', async () => {
    const away = {
      ...at.hosts,
      'b-db': { ...at.hosts['b-db']!, views: { default: { address: '127.0.0.1', ports: { 5432: await closedPort() } } } },
    };
    const error = await failure(check({}, { hosts: away }));
    assert.deepEqual([error.code, error.remedy], ['postgres-unreachable', 'again']);
  });

  it('waits two seconds for a line that is cut, and no longer', async () => {
    await at.control('PUT', '/cut/b', { from: 'site-b', host: 'b-db' });
    try {
      const began = performance.now();
      const error = await failure(check({}));
      assert.deepEqual([error.code, error.remedy], ['postgres-silent', 'again']);
      assert.ok(performance.now() - began < 3_500);
    } finally {
      await at.heal();
    }
  });

  it('knows the wrong server by its data directory', async () => {
    const swapped = { ...at.hosts, 'b-db': { ...at.hosts['b-db']!, views: at.hosts['a-db']!.views } };
    const error = await failure(check({}, { hosts: swapped }));
    assert.deepEqual([error.code, error.remedy], ['wrong-host', 'person']);
  });

  it('refuses a host that is no member', async () => {
    const error = await failure(check({ host: 'c-db' }, { hosts: { ...at.hosts, 'c-db': { ...at.hosts['b-db']!, name: 'c-db' } } }));
    assert.deepEqual([error.code, error.remedy], ['not-a-member', 'mistake']);
  });
});
