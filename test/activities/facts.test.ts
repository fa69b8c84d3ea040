import assert from 'node:assert/strict';
import http from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { facts, locate } from '../../activities/facts.ts';
import { dataOf } from '../../lab/lab.ts';
import type { SystemFacts } from '../../plan/plan.ts';
import { context, estate, until, type Estate } from './estate.ts';
import { listen } from './nowhere.ts';

describe('The facts of a gate', () => {
  let at: Estate;
  before(async () => {
    at = await estate();
    await at.sql('a-db', "insert into orders (item) values ('the first one')");
    await until('the standby to have it', async () => (await see()).atRisk?.milliseconds === 0);
  });
  after(() => at?.end());
  afterEach(() => at.heal());
  const ask = () => ({
    secret: (reference: string) => context(at).secret(reference),
    aws: context(at).aws,
    run: { workflowId: 'failover-orders' },
  });
  const see = (system: SystemFacts = at.system) =>
    facts({ system, source: { site: 'site-a' }, target: { site: 'site-b' }, hosts: at.hosts }, 'site-b', ask());
  const views = async (system?: SystemFacts) => Object.fromEntries((await see(system)).viewpoints.map(({ name, sees }) => [name, sees]));

  it('find out who is primary, side by side', async () => {
    const found = await locate(at.system, at.hosts, 'site-b', ask());
    assert.deepEqual([found.primary, found.standby, found.silent], [['a-db'], ['b-db'], []]);
    assert.equal(found.evidence.length, 2);
  });

  it('show a source that lives: nothing at risk, and every viewpoint that can tell says alive', async () => {
    const shown = await see();
    assert.deepEqual(shown.atRisk, { bytes: 0, milliseconds: 0 });
    const { probe, ...others } = await views();
    assert.equal(probe, 'unknown');
    assert.deepEqual([...new Set(Object.values(others))], ['alive']);
    assert.deepEqual(Object.keys(shown.seen).sort(), ['a-db', 'b-db']);
  });

  it('show how much a source that still answers has and its standby has not', async () => {
    await at.control('PUT', '/cut/replication', { service: 'replication' });
    await at.sql('a-db', "insert into orders (item) select repeat('x', 1000) from generate_series(1, 200)");
    const shown = await see();
    assert.ok((shown.atRisk?.bytes ?? 0) > 200_000);
    assert.match(shown.atRiskText, /^\d+\.\d kB, \d+ ms: a-db answers/);
    await at.heal();
    await until('the standby to catch up', async () => (await see()).atRisk?.bytes === 0, 15_000);
  });

  it('call nothing dead across a cut link, and name no figure that nobody saw', async () => {
    await at.control('PUT', '/cut/link', { from: 'site-b', to: 'site-a' });
    const began = performance.now();
    const seen = await views();
    assert.ok(performance.now() - began < 4_500);
    assert.equal(seen['a-db seen from site-b'], 'unknown');
    assert.equal(seen['PostgreSQL on a-db'], 'unknown');
    const shown = await see();
    assert.equal(shown.atRisk, null);
    assert.match(shown.atRiskText, /^unknown: a-db does not answer as a primary/);
    assert.equal((await locate(at.system, at.hosts, 'site-b', ask())).silent.join(), 'a-db');
  });

  it('see a frozen primary within their two seconds', async () => {
    const pid = Number(readFileSync(join(dataOf(at.lab, 'a-db'), 'postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 'SIGSTOP');
    try {
      const began = performance.now();
      const found = await locate(at.system, at.hosts, 'site-b', ask());
      assert.ok(performance.now() - began < 3_500);
      assert.deepEqual([found.standby, found.silent], [['b-db'], ['a-db']]);
      assert.match(found.evidence.join(' '), /frozen, or the link is cut/);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('show what the probe sampled of a source that is gone, and see it dead', async () => {
    const flush = '0/9000000';
    const lastGoodAt = new Date().toISOString();
    const answer = {
      serving: null,
      site: null,
      lastGoodAt,
      firstMissedAt: lastGoodAt,
      goodInARow: 0,
      flush: { lsn: flush, at: lastGoodAt, host: 'a-db', timeline: 1 },
      clockOffset: 0,
      seen: { 'a-db': lastGoodAt },
    };
    const server = await listen(http.createServer((_, response) => response.end(JSON.stringify(answer))));
    const system = { ...at.system, probe: { ...at.system.probe!, url: `http://127.0.0.1:${server.port}` } };
    try {
      await at.sql('a-db', "insert into orders (item) values ('the last one')");
      await at.control('POST', '/power/a-db/off');
      const shown = await see(system);
      assert.ok((shown.atRisk?.bytes ?? 0) > 1_000_000, shown.atRiskText);
      assert.ok((shown.atRisk?.milliseconds ?? -1) >= 0);
      assert.match(shown.atRiskText, /^about .* against the probe's last sample of a-db/);
      assert.equal(shown.seen['a-db'], lastGoodAt);
      const { 'receiver of b-db': receiver, ...rest } = await views(system);
      assert.deepEqual([...new Set(Object.values(rest))], ['dead']);
      assert.notEqual(receiver, 'alive');
    } finally {
      await server.close();
    }
  });
});
