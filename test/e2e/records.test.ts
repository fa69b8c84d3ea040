import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { secretFile } from '../../lab/lab.ts';
import { headLine } from '../../record/evidence/head.ts';
import { readStatement, recordType, statementText, type Statement } from '../../record/evidence/statement.ts';
import type { RunRecord } from '../../record/schema/run.ts';
import { contentOf, seal, signingKey, type Envelope } from '../../worker/evidence/dsse.ts';
import { placed } from '../../worker/run/place-record.ts';
import { controlQueue, systemId, type RunResult, type SystemState } from '../../workflows/wire.ts';
import { Crowd } from '../judge/crowd.ts';
import { commandsOf, follow } from './person.ts';
import { cuts, isStandby, pairOfWorkers } from './scene.ts';
import { World } from './world.ts';

const sites = ['site-a', 'site-b'] as const;

describe('what runs leave', () => {
  let world: World;
  before(async () => {
    world = await World.up({ workers: false });
    await pairOfWorkers(world);
  });
  after(() => world?.down());

  const store = (site: string): string => join(world.lab.folder, 'records', site);
  const key = (): string => `${secretFile(world.lab, 'record.key')}.pub`;
  const state = (): Promise<SystemState> => world.client.workflow.getHandle(systemId('orders')).query<SystemState>('state');
  async function contents(site: string): Promise<{ [name: string]: string }> {
    const names = (await readdir(store(site))).filter((name) => /\.(json|html)$/u.test(name)).toSorted();
    return Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await readFile(join(store(site), name), 'utf8')] as const)),
    );
  }
  async function rehearse(): Promise<RunResult> {
    return (await world.client.workflow.execute('rehearsal', {
      workflowId: 'rehearsal-orders',
      taskQueue: controlQueue,
      args: [{ system: 'orders', runbook: 'orders-failover', by: 'zoe@example.com' }],
    })) as RunResult;
  }

  it('is a signed record, the same bytes at both sites, behind a head that the system keeps', async () => {
    const first = await rehearse();
    assert.equal(first.verdict, 'rehearsed', first.why);
    const [one, other] = await Promise.all(sites.map(contents));
    assert.equal(Object.keys(one!).length, 3);
    assert.deepEqual(Object.keys(other!), Object.keys(one!));
    assert.deepEqual(other, one);
    const { head } = await state();
    assert.equal(head?.count, 1);
    for (const site of sites) {
      const checked = await world.cli('verify', store(site), '--key', key(), '--head', headLine('orders', head));
      assert.deepEqual([checked.code, checked.out.trim()], [0, '1 record read: as signed.'], checked.out + checked.err);
    }
  });

  it('comes to a store that was away as soon as a run ends there again, and one that found no place gets it: the same bytes', async () => {
    const before = await contents('site-a');
    await rm(store('site-b'), { recursive: true });
    await unchain(
      join(
        store('site-a'),
        Object.keys(before).find((name) => name.endsWith('.dsse.json'))!,
      ),
    );
    assert.notDeepEqual(await contents('site-a'), before);
    const second = await rehearse();
    assert.equal(second.verdict, 'rehearsed', second.why);
    const [one, other] = await Promise.all(sites.map(contents));
    assert.equal(Object.keys(one!).length, 6);
    assert.deepEqual(Object.keys(other!), Object.keys(one!));
    assert.deepEqual(other, one);
    for (const [name, text] of Object.entries(before)) assert.equal(other![name], text);
    const { head } = await state();
    const checked = await world.cli('verify', store('site-b'), '--key', key(), '--head', headLine('orders', head!));
    assert.deepEqual([checked.code, checked.out.trim()], [0, '2 records read: as signed.'], checked.out + checked.err);
  });

  it('stands in no chain where the system does not answer, and has one place however often and beside whom it asks', async () => {
    const made = (await contents('site-a'))[Object.keys(await contents('site-a')).find((name) => /(?<!dsse)\.json$/u.test(name))!]!;
    const record = { ...(JSON.parse(made) as RunRecord), system: 'invoices' };
    const place = async (runId: string): Promise<Statement['place']> =>
      readStatement(await placed(world.client, { record, html: '' }, { workflowId: 'backup-invoices', runId }, null))!.place;
    assert.deepEqual(await place('one'), { system: 'invoices', number: null, previous: null });
    await world.client.workflow.start('system', { workflowId: systemId('invoices'), taskQueue: controlQueue, args: ['invoices'] });
    const places = await Promise.all(['one', 'two', 'one', 'three'].map(place));
    assert.deepEqual(places.map(({ number }) => number!).toSorted(byNumber), [1, 2, 3, places[0]!.number!].toSorted(byNumber));
    assert.deepEqual(places[2], places[0]);
    await world.client.workflow.getHandle(systemId('invoices')).terminate();
  });

  it('is listed, with the sites at which it lies', async () => {
    const listed = await world.cli('records', 'orders', '--runbooks', join(world.lab.folder, 'runbooks'), '--json');
    const { records } = JSON.parse(listed.out) as { records: { number: number; signed: boolean; sites: string[]; verdict: string }[] };
    assert.deepEqual(
      records.map(({ number, signed, sites: at, verdict }) => [number, signed, at.join(), verdict]),
      [
        [1, true, 'site-a,site-b', 'rehearsed'],
        [2, true, 'site-a,site-b', 'rehearsed'],
      ],
    );
  });

  it('holds no secret of the inventory: no history, memo, search attribute, log, record, report, checklist or message', async () => {
    const canaries = await secrets();
    assert.ok(canaries.size > 8);
    const places = await everything();
    assert.ok(places.size > 12, [...places.keys()].join());
    for (const [place, text] of places) for (const [name, secret] of canaries) assert.ok(!text.includes(secret), `${name} is in ${place}`);
    // The search itself is worth something only where it finds what is there.
    assert.ok([...places.values()].some((text) => text.includes(`file:${secretFile(world.lab, 'lifeboat')}`)));
  });

  it('is a checklist at both sites, by which a person moves the system where Temporal is gone', async () => {
    await world.stopWorkers();
    await world.server.kill();
    const folder = join(store('site-b'), 'checklists/orders');
    assert.deepEqual(await readdir(folder), await readdir(join(store('site-a'), 'checklists/orders')));
    const page = await readFile(join(folder, 'orders-failover-from-site-a-to-site-b.md'), 'utf8');
    const commands = commandsOf(page.slice(page.indexOf('# orders-failover: unplanned')));
    assert.ok(commands.length >= 8, page);
    const writer = await Crowd.start(world.lab);
    for (const command of commands) await follow(command);
    assert.equal(await isStandby(world, 'b-db'), false);
    assert.equal(await cuts(world, 'a-db'), 1);
    await writer.writes('b-db');
    await writer.stop();
    writer.neverTwo('a-db', 'b-db');
  });

  /** A record as it would be, had the system not answered when it was made. */
  async function unchain(file: string): Promise<void> {
    const statement = readStatement(contentOf(JSON.parse(await readFile(file, 'utf8')) as Envelope).toString())!;
    const text = statementText(statement.record, statement.report, { system: 'orders', number: null, previous: null });
    const signer = signingKey(await readFile(secretFile(world.lab, 'record.key'), 'utf8'));
    await writeFile(file, JSON.stringify(seal(recordType, text, signer)));
  }

  /** Every secret of the lab, by name. */
  async function secrets(): Promise<Map<string, string>> {
    const folder = join(world.lab.folder, 'secrets');
    const names = (await readdir(folder)).filter((name) => !/\.pub$|\.pem$/u.test(name));
    return new Map(await Promise.all(names.map(async (name) => [name, secretText(await readFile(join(folder, name), 'utf8'))] as const)));
  }

  /** All that a run leaves anywhere, by place. */
  async function everything(): Promise<Map<string, string>> {
    const places = new Map<string, string>();
    for await (const { workflowId, runId } of world.client.workflow.list()) {
      const handle = world.client.workflow.getHandle(workflowId, runId);
      places.set(`the history of ${workflowId}`, plainText(await handle.fetchHistory()));
      places.set(`the description of ${workflowId}`, plainText((await handle.describe()).raw));
    }
    for (const worker of world.workers) places.set(`the log of the worker at ${worker.site}`, worker.said);
    for (const file of ['records', 'hooks.log', 'temporal']) for (const [path, text] of await filesUnder(file)) places.set(path, text);
    places.set('the deliveries of messages', JSON.stringify(await world.hooks()));
    return places;
  }

  async function filesUnder(name: string): Promise<[string, string][]> {
    const base = name === 'temporal' ? join(world.folder, name) : join(world.lab.folder, name);
    const names = await readdir(base, { recursive: true, withFileTypes: true }).catch(() => []);
    return await Promise.all(
      names
        .filter((one) => one.isFile())
        .map(async (one) => {
          const path = join(one.parentPath, one.name);
          return [path, (await readFile(path)).toString('latin1')] as [string, string];
        }),
    );
  }
});

/** The part of a secret that would be seen of it: of a key in PEM its first line. */
const byNumber = (a: number, b: number): number => a - b;
const secretText = (text: string): string => (text.startsWith('-----') ? text.split('\n')[1]! : text.trim());

/** JSON in which the bytes of payloads are text. */
function plainText(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    one instanceof Uint8Array ? Buffer.from(one).toString('latin1') : typeof one === 'bigint' ? String(one) : one,
  ).replaceAll('\\"', '"');
}
