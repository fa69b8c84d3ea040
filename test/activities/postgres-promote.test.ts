import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StepError } from '../../activities/error.ts';
import type { Proof } from '../../activities/step.ts';
import { carryOut, context, estate, failure, rehearse, typeOf, type Estate } from './estate.ts';

describe('postgres.promote', () => {
  const input = { host: 'b-db' };
  const type = typeOf('postgres.promote');
  const seen = { 'a-db': new Date().toISOString() };
  let at: Estate;
  let fence: Proof;
  before(async () => {
    at = await estate();
  });
  after(() => at?.end());
  const recovering = async () => (await at.sql<{ is: boolean }>('b-db', 'select pg_is_in_recovery() as is'))[0]?.is;

  it('only looks in its preflight', async () => {
    assert.match((await type.preflight(input, context(at))).join(' '), /may be promoted/);
    assert.equal(await recovering(), true);
  });

  it('needs a person where the password is wrong, and the right server', async () => {
    const wrong = join(at.lab.folder, 'secrets', 'wrong');
    writeFileSync(wrong, 'hunter2');
    const system = { ...at.system, postgres: { ...at.system.postgres!, password: `file:${wrong}` } };
    assert.equal((await failure(type.preflight(input, context(at, { system })))).code, 'postgres-login');
    const swapped = { ...at.hosts, 'b-db': { ...at.hosts['b-db']!, views: at.hosts['a-db']!.views } };
    assert.equal((await failure(type.execute(input, context(at, { hosts: swapped })))).code, 'wrong-host');
  });

  it('is refused without a proof, and with one of another host', async () => {
    const other: Proof = {
      kind: 'fence',
      by: 'power.off',
      host: 'b-db',
      at: new Date().toISOString(),
      with: input,
      evidence: [],
      latched: 'yes',
    };
    for (const proofs of [[], [other]]) {
      const error = await failure(type.execute(input, context(at, { proofs })));
      assert.deepEqual([error.code, error.remedy], ['no-proof', 'person']);
    }
    assert.equal(await recovering(), true);
  });

  it('does not rehearse on a standby that follows a primary', async () => {
    const error = await failure(rehearse(type.name, input, context(at, { live: false })));
    assert.deepEqual([error.code, error.remedy], ['not-a-copy', 'mistake']);
    assert.equal((await failure(rehearse(type.name, input, context(at)))).code, 'rehearsal-only');
    assert.equal(await recovering(), true);
  });

  it('does not promote while the host whose fence is shown runs', async () => {
    fence = (await carryOut('power.off', { host: 'a-db' }, context(at, { seen }))).proofs![0]!;
    await at.restore('a-db');
    const error = await failure(type.execute(input, context(at, { proofs: [fence], seen })));
    assert.match(error.message, /does not hold now, so nothing was promoted/);
    assert.equal(await recovering(), true);
  });

  it('does not promote while the old primary would come back by itself', async () => {
    fence = (await carryOut('power.off', { host: 'a-db' }, context(at, { seen }))).proofs![0]!;
    const error = await failure(type.execute(input, context(at, { proofs: [{ ...fence, latched: 'no' }], seen })));
    assert.deepEqual([error.code, error.remedy], ['not-latched', 'person']);
    assert.equal(await recovering(), true);
  });

  it('does not promote by a proof that grew old while it waited', async () => {
    const made = context(at, { proofs: [fence] });
    const stale = {
      ...made,
      reread: async (proof: Proof) => ({ ...(await made.reread(proof)), at: new Date(Date.now() - 6_000).toISOString() }),
    };
    const error = await failure(type.execute(input, stale));
    assert.deepEqual([error.code, error.remedy], ['proof-stale', 'again']);
    assert.equal(await recovering(), true);
  });

  it('does not promote once the run no longer runs', async () => {
    const late = context(at, {
      proofs: [fence],
      seen,
      stillOurs: () => Promise.reject(new StepError('not-ours', 'lent to another run', 'person')),
    });
    assert.equal((await failure(type.execute(input, late))).code, 'not-ours');
    assert.equal(await recovering(), true);
  });

  it('is not done by hand while nobody has done it', async () => {
    assert.equal((await failure(type.verify(input, context(at)))).code, 'not-promoted');
  });

  it('promotes once a proof holds, killed half way and run again, and reads back that writes are accepted', async () => {
    const stop = new AbortController();
    const made = context(at, { proofs: [fence], seen, signal: stop.signal });
    // Killed as soon as the promotion may be on its way.
    const killed = { ...made, stillOurs: async () => void setTimeout(() => stop.abort(), 5) };
    await type.execute(input, killed).catch(() => undefined);
    const next = context(at, { proofs: [fence] });
    const outcome = await carryOut('postgres.promote', input, next);
    const { timeline, lsn, 'promoted-at': when } = outcome.outputs as { timeline: number; lsn: string; 'promoted-at': string };
    assert.equal(timeline, 2);
    assert.match(lsn, /^[0-9A-F]+\/[0-9A-F]+$/);
    assert.ok(Math.abs(Date.now() - Date.parse(when)) < 10_000);
    assert.match(outcome.evidence.join(' '), /The old primary takes no writes/);
    const again = await carryOut('postgres.promote', input, next);
    assert.equal((again.outputs as { timeline: number }).timeline, 2, 'run twice it promotes once');
  });

  it('leaves no table and no row behind by its write', async () => {
    const [row] = await at.sql<{ tables: string }>(
      'b-db',
      "select count(*) as tables from pg_class where relname like '%lifeboat%' and relname not like 'lifeboat_markers%'",
    );
    assert.equal(row?.tables, '0');
  });

  it('finds out a commit that hangs, and sessions that only read', async () => {
    await at.sql('b-db', 'alter database orders set default_transaction_read_only = on');
    try {
      assert.equal((await failure(type.verify(input, context(at)))).code, 'writes-refused');
    } finally {
      await at.sql('b-db', 'begin read write; alter database orders reset default_transaction_read_only; commit');
    }
    await at.sql('b-db', "alter system set synchronous_standby_names = 'nobody'");
    await at.sql('b-db', 'select pg_reload_conf()');
    try {
      const error = await failure(type.verify(input, context(at)));
      assert.deepEqual([error.code, error.remedy], ['writes-hang', 'person']);
    } finally {
      await at.sql('b-db', 'alter system reset synchronous_standby_names');
      await at.sql('b-db', 'select pg_reload_conf()');
    }
  });

  it('does not adopt a promoted server without a proof that holds, and calls two primaries by their name', async () => {
    await at.restore('a-db');
    assert.equal((await failure(type.execute(input, context(at)))).code, 'no-proof');
    await failure(type.execute(input, context(at, { proofs: [fence], seen })));
    const error = await failure(type.verify(input, context(at)));
    assert.deepEqual([error.code, error.remedy], ['two-primaries', 'person']);
  });
});
