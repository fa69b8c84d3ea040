import assert from 'node:assert/strict';
import { rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fault, heal } from '../../lab/fault.ts';
import { hostOf, outside, secret, secretFile, type Lab } from '../../lab/lab.ts';
import { startProbe } from '../../probe/run.ts';
import type { Outage } from '../../record/journal.ts';
import { practice, sql, until } from '../lab/estate.ts';
import { judgeTable, startWriter, type Writer } from '../judge/writer.ts';

interface State {
  readonly serving: string | null;
  readonly lastGoodAt: string | null;
  readonly firstMissedAt: string | null;
  readonly goodInARow: number;
  readonly flush: { readonly lsn: string; readonly host: string; readonly timeline: number } | null;
  readonly clockOffset: number | null;
  readonly seen: { readonly [host: string]: string };
}

async function ask<T>(port: number, path: string): Promise<T> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  const body = (await answer.json()) as T & { error?: string };
  if (!answer.ok) throw new Error(body.error);
  return body;
}

/** Whether the outage is over; while nothing serves, what was lost is not known, and the probe says so. */
const over = (outage: Promise<Outage>): Promise<boolean> =>
  outage.then(
    ({ servedAt }) => servedAt !== null,
    (error: Error) => {
      assert.match(error.message, /does not serve now/);
      return false;
    },
  );

describe('the probe', () => {
  let world: Awaited<ReturnType<typeof practice>>;
  let lab: Lab;
  let writer: Writer | null = null;
  const port = (host: string): number => hostOf(lab, host).seenFrom[outside]![5432];
  const get = <T>(path: string): Promise<T> => ask<T>(lab.probe, path);
  const state = (): Promise<State> => get<State>('/systems/orders');
  const outageSince = (since: string): Promise<Outage> => get<Outage>(`/systems/orders/outage?since=${since}`);
  const near = (one: string | null, other: string, within: number): void =>
    assert.ok(Math.abs(Date.parse(one!) - Date.parse(other)) <= within, `${one} and ${other} are more than ${within} ms apart`);

  beforeEach(async () => {
    world = await practice();
    lab = world.lab;
    await sql(lab, port('a-db'), judgeTable);
    await until('five good markers', async () => (await state()).goodInARow >= 5);
  });
  afterEach(async () => {
    await writer?.stop();
    writer = null;
    await world?.end();
  });

  it('says who serves, how far it has written, and who gives a sign of life', async () => {
    await until('a sample of all', async () => {
      const { flush, seen } = await state();
      return flush !== null && Object.keys(seen).length === 2;
    });
    const { serving, flush, clockOffset, firstMissedAt } = await state();
    assert.equal(serving, 'a-db');
    assert.equal(firstMissedAt, null);
    assert.deepEqual([flush?.host, flush?.timeline], ['a-db', 1]);
    assert.match(flush!.lsn, /^[0-9A-F]+\/[0-9A-F]+$/);
    assert.ok(Math.abs(clockOffset!) < 1000);
    const none = await outageSince(new Date().toISOString());
    assert.deepEqual([none.failedAt, none.servedAt, none.markers.lostCount, none.markers.unexpected], [null, null, 0, 0]);
    assert.ok(none.markers.acknowledged >= 5);
    assert.equal((await fetch(`http://127.0.0.1:${lab.probe}/systems/billing`)).status, 404);
    assert.equal((await fetch(`http://127.0.0.1:${lab.probe}/systems/orders/outage?since=yesterday`)).status, 400);
  });

  it('measures an outage as an independent writer does, and finds nothing lost', async () => {
    const password = secret(lab, 'lifeboat');
    const hosts = [port('a-db'), port('b-db')].map((one) => ({ host: '127.0.0.1', port: one }));
    writer = startWriter({ hosts, database: 'orders', user: 'lifeboat', password, every: 20 });
    await until('rows', () => writer!.acked().length > 20);
    await fault(lab.folder, 'kill-primary');
    const killed = new Date().toISOString();
    await until('the probe to see it', async () => (await state()).firstMissedAt !== null);
    assert.equal((await state()).serving, null);
    await sql(lab, port('b-db'), 'select pg_promote(true, 30)', 10_000);
    await until('b-db to serve', () => over(outageSince(killed)));
    await until('the writer to go on', () => writer!.acked().at(-1)!.server === 'b-db');
    const found = await outageSince(killed);
    const gap = writer.longestGap()!;
    near(found.lastGoodAt, gap.from, 300);
    near(found.servedAt, gap.to, 600);
    assert.ok(found.failedAt! > found.lastGoodAt! && found.servedAt! > found.failedAt!);
    assert.equal(found.markers.lostCount, 0);
    assert.equal(found.markers.kept, found.markers.acknowledged);
    assert.ok(found.markers.unexpected <= 1);
    const { serving, flush, firstMissedAt } = await state();
    assert.deepEqual([serving, firstMissedAt], ['b-db', null]);
    await until('the new timeline', async () => (await state()).flush?.timeline === 2);
    assert.ok(flush);
    // What was asked about a later time is no longer this outage.
    assert.equal((await outageSince(new Date().toISOString())).failedAt, null);
  });

  it('notices a frozen primary, and counts what replication had not yet carried over', async () => {
    await fault(lab.folder, 'cut-replication');
    const cut = new Date().toISOString();
    const [before] = await sql(lab, port('b-db'), 'select count(*)::int as n from lifeboat_markers');
    await until('markers that only a-db has', async () => (await state()).goodInARow > Number(before!['n']) + 10);
    await fault(lab.folder, 'freeze-primary');
    const begun = Date.now();
    await until('the probe to see it', async () => (await state()).firstMissedAt !== null);
    assert.ok(Date.now() - begun < 3000);
    await sql(lab, port('b-db'), 'select pg_promote(true, 30)', 10_000);
    await until('b-db to serve', () => over(outageSince(cut)));
    const { markers, failedAt } = await outageSince(cut);
    const [there] = await sql(lab, port('b-db'), `select count(*)::int as n from lifeboat_markers where at < '${failedAt}'`);
    assert.ok(markers.lostCount >= 10, `${markers.lostCount} lost`);
    assert.equal(markers.lost.length, markers.lostCount);
    assert.equal(markers.kept + markers.lostCount, markers.acknowledged);
    assert.ok(markers.lost[0]! >= new Date(Date.parse(cut) - 1000).toISOString() && markers.lost.at(-1)! <= failedAt!);
    assert.ok(Number(there!['n']) <= markers.kept);
    // A later interruption has not lost them again.
    await until('a later time to have lost nothing', async () => (await outageSince(new Date().toISOString())).markers.lostCount === 0);
    // Somebody writes a marker in the probe's name: found, and never acknowledged.
    await sql(
      lab,
      port('b-db'),
      `insert into lifeboat_markers(id, probe, seq, at) select gen_random_uuid(), probe, seq, at from lifeboat_markers order by seq desc limit 1`,
    );
    await until('the unexpected marker to count', async () => (await outageSince(cut)).markers.unexpected > markers.unexpected);
    await heal(lab.folder);
  });

  it('remembers over its own restart what was acknowledged and missed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lifeboat-test-'));
    const options = {
      inventory: join(lab.folder, 'runbooks/inventory.yaml'),
      listen: '0',
      folder,
      login: { user: 'app', password: `file:${secretFile(lab, 'app')}` },
    };
    const first = await startProbe(options);
    await until('markers', async () => (await ask<State>(first.port, '/systems/orders')).goodInARow >= 10);
    await fault(lab.folder, 'kill-primary');
    await until('the outage', async () => (await ask<State>(first.port, '/systems/orders')).firstMissedAt !== null);
    const { firstMissedAt, lastGoodAt } = await ask<State>(first.port, '/systems/orders');
    await first.stop();
    const second = await startProbe(options);
    try {
      await fault(lab.folder, 'start-postgres', ['a-db']);
      const path = `/systems/orders/outage?since=${new Date().toISOString()}`;
      await until('service', () => over(ask<Outage>(second.port, path)));
      const found = await ask<Outage>(second.port, path);
      assert.deepEqual([found.failedAt, found.lastGoodAt], [firstMissedAt, lastGoodAt]);
      assert.ok(found.markers.acknowledged >= 15);
      assert.equal(found.markers.lostCount, 0);
    } finally {
      await second.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
