import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { autostartOf, dataOf } from '../../lab/lab.ts';
import { carryOut, context, estate, failure, typeOf, undo, until, type Estate } from './estate.ts';

describe('postgres.quiesce', () => {
  const input = { host: 'a-db', standby: 'b-db' };
  const type = typeOf('postgres.quiesce');
  const here = { viewpoint: 'site-a' };
  let at: Estate;
  before(async () => {
    at = await estate();
  });
  after(() => at?.end());
  afterEach(async () => {
    await at.heal();
    writeFileSync(autostartOf(at.lab, 'a-db'), 'disabled\n');
    await at.service('a-db', 'start');
    await until('the standby to stream', streams);
  });
  const streams = async () =>
    (await at.sql<{ state: string }>('a-db', 'select state from pg_stat_replication')).some((row) => row.state === 'streaming');
  const started = async () => (await at.sql<{ at: Date }>('a-db', 'select pg_postmaster_start_time() as at'))[0]?.at.getTime();
  const insert = () => at.sql('a-db', "insert into orders (item) values ('one more')");

  it('only looks in its preflight', async () => {
    const before = await started();
    const said = await type.preflight(input, context(at, here));
    assert.match(said.join(' '), /b-db streams from a-db, .* does not start at boot/);
    assert.equal(await started(), before);
  });

  it('stops the primary and proves that the standby has everything; run twice it proves it again', async () => {
    await insert();
    const [row] = await at.sql<{ count: string }>('a-db', 'select count(*) from orders');
    for (let turn = 0; turn < 2; turn += 1) {
      const outcome = await carryOut('postgres.quiesce', input, context(at, here));
      const [proof] = outcome.proofs ?? [];
      assert.deepEqual([proof?.kind, proof?.by, proof?.host, proof?.latched], ['shutdown', 'postgres.quiesce', 'a-db', 'yes']);
      assert.match(outcome.evidence.join(' '), /"shut down", with the shutdown checkpoint at .* b-db has replayed up to/);
      const again = await context(at, { viewpoint: 'site-b' }).reread(proof!);
      assert.equal(again.kind, 'shutdown');
    }
    await assert.rejects(at.sql('a-db', 'select 1'), /ECONNREFUSED/);
    assert.deepEqual(await at.sql('b-db', 'select count(*) from orders'), [row]);
  });

  it('is undone: the primary accepts writes again, and no proof holds any more', async () => {
    const outcome = await carryOut('postgres.quiesce', input, context(at, here));
    const said = await undo(type.name, input, context(at, here));
    assert.match(said.join(' '), /accepts writes again/);
    await insert();
    assert.equal((await failure(context(at, here).reread(outcome.proofs![0]!))).code, 'not-shut-down');
  });

  it('is undone also where it never stopped anything, without a restart', async () => {
    const before = await started();
    await undo(type.name, input, context(at, here));
    assert.equal(await started(), before);
  });

  it('goes on where an attempt was killed while it stopped the server', async () => {
    const stop = new AbortController();
    const made = context(at, { ...here, signal: stop.signal });
    // Killed as soon as the command to stop has been started.
    const first = type.execute(input, { ...made, heartbeat: () => void setTimeout(() => stop.abort(), 150) }).catch(() => undefined);
    await first;
    const outcome = await carryOut('postgres.quiesce', input, context(at, here));
    assert.equal(outcome.proofs?.[0]?.kind, 'shutdown');
  });

  it('stops nothing once the run no longer runs', async () => {
    const before = await started();
    await assert.rejects(type.execute(input, context(at, { ...here, stillOurs: () => Promise.reject(new Error('over')) })), /over/);
    assert.equal(await started(), before);
  });

  it('stops nothing while the standby does not stream', async () => {
    await at.control('PUT', '/cut/replication', { service: 'replication' });
    await until(
      'replication to have noticed',
      async () =>
        (await at.sql<{ status: string }>('b-db', 'select status from pg_stat_wal_receiver')).every((row) => row.status !== 'streaming'),
      15_000,
    );
    const before = await started();
    for (const act of ['preflight', 'execute'] as const) {
      const error = await failure(type[act](input, context(at, here)));
      assert.deepEqual([error.code, error.remedy], ['standby-not-streaming', 'person']);
    }
    assert.equal(await started(), before);
  });

  it('stops nothing where the database would start at boot', async () => {
    writeFileSync(autostartOf(at.lab, 'a-db'), 'enabled\n');
    const before = await started();
    for (const act of ['preflight', 'execute'] as const)
      assert.equal((await failure(type[act](input, context(at, here)))).code, 'starts-at-boot');
    assert.equal(await started(), before);
  });

  it('takes a primary that died for no clean shutdown, and sends the run to a fence', async () => {
    process.kill(Number(readFileSync(join(dataOf(at.lab, 'a-db'), 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
    await until('the primary to be dead', () =>
      at.sql('a-db', 'select 1').then(
        () => false,
        () => true,
      ),
    );
    const error = await failure(type.execute(input, context(at, here)));
    assert.deepEqual([error.code, error.remedy], ['not-shut-down', 'person']);
    assert.match(error.message, /Go on unplanned, with a fence/);
  });

  it('knows standby and primary apart', async () => {
    const error = await failure(type.preflight({ host: 'b-db', standby: 'a-db' }, context(at, { viewpoint: 'site-b' })));
    assert.deepEqual([error.code, error.remedy], ['not-primary', 'person']);
  });

  it('does not start the old primary beside a promoted standby, or beside one that is silent', async () => {
    await carryOut('postgres.quiesce', input, context(at, here));
    await at.control('PUT', '/cut/b', { from: 'site-a', host: 'b-db' });
    assert.equal((await failure(undo(type.name, input, context(at, here)))).code, 'standby-silent');
    await at.heal();
    await at.sql('b-db', 'select pg_promote(true, 30)');
    assert.equal((await failure(undo(type.name, input, context(at, here)))).code, 'already-promoted');
    await assert.rejects(at.sql('a-db', 'select 1'), /ECONNREFUSED/);
    // From here on there is no pair any more: the rest of this file would find two primaries.
    await at.end();
    at = await estate();
  });
});
