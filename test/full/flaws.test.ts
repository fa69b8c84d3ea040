import assert from 'node:assert/strict';
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { paths, rootOf } from '../../lab/full/full-lab.ts';
import { controlQueue, runId, systemId, type Finding, type Readiness, type RunResult, type SystemState } from '../../workflows/wire.ts';
import { endOf, until } from '../e2e/world.ts';
import { needsFullLab } from './can-stand.ts';
import { FullWorld } from './world.ts';

/** As it stands in the file. */
type Written = ReturnType<typeof parse>;

describe('six flaws that are planted, each found and named, and that a system without them is ready', function () {
  this.timeout(300_000);
  let world: FullWorld;
  before(async function () {
    needsFullLab(this);
    world = await FullWorld.up();
  });
  after(async () => world?.down());

  const state = (): Promise<SystemState> => world.client.workflow.getHandle(systemId('orders')).query<SystemState>('state');
  const look = async (): Promise<Readiness> =>
    world.client.workflow.execute('readiness', {
      workflowId: runId('readiness', 'orders'),
      taskQueue: controlQueue,
      args: [{ system: 'orders' }],
    });
  const rehearse = async (runbook: string, parameters: object = {}): Promise<RunResult> =>
    endOf(await world.start('rehearsal', { runbook, mode: 'unplanned', parameters }));
  /** An open finding, as `lifeboat findings` lists it. */
  async function finding(id: string): Promise<Finding> {
    const { findings = [] } = await state();
    const found = findings.find((one) => one.id === id && one.state === 'open');
    assert.ok(found, `${id} is not among ${findings.map((one) => `${one.id} (${one.state}): ${one.text}`).join('\n')}`);
    return found;
  }
  /** Changes a file of the runbooks folder until the function that it returns is called. */
  async function change(file: string, how: (written: Written) => void): Promise<() => Promise<void>> {
    const path = join(world.runbooks, file);
    const before = await readFile(path, 'utf8');
    const written = parse(before) as Written;
    how(written);
    await writeFile(path, stringify(written));
    return () => writeFile(path, before);
  }
  /** Mended: looks until nothing keeps it from being ready. */
  const becomesReady = (): Promise<Readiness> =>
    until(
      async () => {
        const seen = await look();
        if (!seen.ready) throw new Error(seen.because.join('\n'));
        return seen;
      },
      'it is ready',
      120_000,
    );

  it('none: once it is scheduled, backed up and rehearsed, it is ready', async () => {
    const first = await look();
    assert.equal(first.ready, false);
    const codes = new Set(first.looks.flatMap(({ problems }) => problems.map(({ code }) => code)));
    for (const code of ['not-scheduled', 'unproven', 'one-failure-domain', 'never-proven'])
      assert.ok(codes.has(code), `${code} of ${[...codes].join()}`);
    const applied = await world.cli('schedules', 'apply', '--yes');
    assert.equal(applied.code, 0, applied.err);
    const saved = await endOf(await world.start('backup'));
    assert.equal(saved.verdict, 'proven', saved.why);
    const rehearsed = await rehearse('orders-failover');
    assert.equal(rehearsed.verdict, 'rehearsed', rehearsed.why);
    await becomesReady();
    assert.equal((await state()).promised?.readiness, 3_600_000, 'looks are scheduled');
  });

  it('a stale backup', async () => {
    const back = await change('inventory.yaml', ({ systems }) => (systems.orders.promised.backup = '1 second'));
    const seen = await look();
    assert.equal(seen.ready, false);
    await back();
    const { text, weight } = await finding('readiness/database orders/unproven');
    assert.equal(weight, 'must');
    assert.match(
      text,
      /The last backup of the database orders that was restored and compared is \d+ \w+ old; one is promised every 1 second/u,
    );
    await finding('readiness/last backup/too-old');
  });

  it('a corrupted backup', async () => {
    const repository = join(rootOf(world.lab, 'a-app'), `${paths.repository}/backup/orders`);
    const label = (await readdir(repository))
      .filter((name) => /^\d{8}-\d{6}F$/u.test(name))
      .toSorted()
      .at(-1)!;
    const mend = await flip(await largest(join(repository, label, 'pg_data/base')));
    const end = await rehearse('orders-restore', { to: 'latest' });
    await mend();
    assert.equal(end.verdict, 'failed', end.why);
    const { findings = [] } = await state();
    const found = findings.filter((one) => one.runbook === 'orders-restore' && one.state === 'open' && one.weight === 'must');
    assert.match(found.map(({ subject, text }) => `${subject}: ${text}`).join('\n'), /restore: .*(?:checksum|invalid|corrupt|damaged)/iu);
  });

  it('a missing permission', async () => {
    await world.sql('a-db', 'revoke execute on function pg_promote(boolean, integer) from lifeboat, public');
    const seen = await until(async () => {
      const one = await look();
      return one.because.some((text) => /pg_promote/u.test(text)) ? one : null;
    }, 'the missing right is seen at the standby');
    assert.equal(seen.ready, false);
    assert.match(seen.because.join(' '), /may not .*promot.*Needed by .*orders-failover \(promote\)/isu);
    await world.sql('a-db', 'grant execute on function pg_promote(boolean, integer) to lifeboat');
  });

  it('a slow restore', async () => {
    const back = await change('orders-restore.yaml', (written) => (written.objectives = { 'recovery-time': '1 second' }));
    const end = await rehearse('orders-restore', { to: 'latest' });
    await back();
    assert.equal(end.verdict, 'failed', end.why);
    const { text } = await finding('orders-restore/recovery-time/objective-missed');
    assert.match(text, /The steps took \d+\.\d s, and 1\.0 s are promised/u);
  });

  it('a drifted version', async () => {
    const back = await change('inventory.yaml', ({ systems }) => (systems.orders.postgres.version = '14'));
    const seen = await look();
    await back();
    assert.equal(seen.ready, false);
    const { text } = await finding('readiness/version of orders/version-drifted');
    assert.match(text, /PostgreSQL on a-db is 15\.\S+.*, and the inventory expects 14/u);
  });

  it('an empty table', async () => {
    await world.sql('a-db', 'create table kept as select * from orders; truncate orders');
    const end = await rehearse('orders-failover');
    await world.sql('a-db', 'insert into orders overriding system value select * from kept; drop table kept');
    assert.equal(end.verdict, 'failed', end.why);
    const { text } = await finding('orders-failover/rows/unexpected-answer');
    assert.match(text, /select count\(\*\) > 0 from orders.* answers false, and true is expected/u);
  });

  it('and a key that no longer opens the vault at the other site, until it is the right one again', async () => {
    const key = join(rootOf(world.lab, 'b-app'), paths.keys, 'vault.key');
    const right = await readFile(key, 'utf8');
    await writeFile(key, 'another key\n');
    const seen = await look();
    await writeFile(key, right);
    assert.equal(seen.ready, false);
    await finding('readiness/key of b-vault on b-app/store-password');
  });

  it('all mended, it is ready again, and what is found no more is closed', async () => {
    const failover = await rehearse('orders-failover');
    assert.equal(failover.verdict, 'rehearsed', failover.why);
    const restore = await rehearse('orders-restore', { to: 'latest' });
    assert.equal(restore.verdict, 'rehearsed', restore.why);
    await becomesReady();
    const { findings = [] } = await state();
    assert.deepEqual(
      findings.filter((one) => one.state === 'open' && one.weight === 'must').map(({ id }) => id),
      [],
    );
  });
});

/** Changes one byte in the middle of a file; what it returns puts it right again. */
async function flip(file: string): Promise<() => Promise<void>> {
  const at = Math.floor((await stat(file)).size / 2);
  const turn = async (): Promise<void> => {
    const handle = await open(file, 'r+');
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, at);
    await handle.write(Buffer.of(byte[0]! ^ 0xff), 0, 1, at);
    await handle.close();
  };
  await turn();
  return turn;
}

async function largest(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sized = await Promise.all(
    files.flatMap((file) =>
      file.isFile() ? [stat(join(file.parentPath, file.name)).then(({ size }) => ({ path: join(file.parentPath, file.name), size }))] : [],
    ),
  );
  return sized.toSorted((one, other) => other.size - one.size)[0]!.path;
}
