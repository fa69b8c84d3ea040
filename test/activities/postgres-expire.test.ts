import assert from 'node:assert/strict';
import type { Backup } from '../../activities/step.ts';
import { backed, canBackUp, type Backed } from './backrest.ts';
import { carryOut, context, failure, typeOf } from './estate.ts';

describe('postgres.expire', function () {
  this.timeout(180_000);
  let at: Backed;
  const labels: string[] = [];
  before(async function () {
    if (!canBackUp()) this.skip();
    at = await backed();
    await at.sql('create table orders(id int primary key); insert into orders select generate_series(1, 10)');
    for (const type of ['full', 'incremental', 'full', 'full', 'full'] as const) {
      const { outputs } = await carryOut('postgres.backup', { host: 'a-db', type }, context(at));
      labels.push((outputs as { label: string }).label);
    }
  });
  after(() => at?.end());
  const there = () => at.info().map(({ label }) => label);
  const proven = (label: string): Backup => ({
    label,
    store: 'a-backups',
    holds: 'database',
    kind: 'full',
    at: '2026-01-01T00:00:00.000Z',
    bytes: 1,
    provenAt: '2026-01-01T00:00:00.000Z',
    compared: ['It was compared.'],
  });
  const kept = (...numbers: number[]) => numbers.map((number) => labels[number]);

  it('changes nothing in its preflight, and names what will go', async () => {
    const said = (await typeOf('postgres.expire').preflight({ host: 'a-db', keep: 2 }, context(at))).join(' ');
    assert.match(said, new RegExp(`Of 5 backups in a-backups, ${labels[0]}, ${labels[2]} will be removed`));
    assert.deepEqual(there(), labels);
  });

  it('removes nothing once the run no longer runs', async () => {
    const late = context(at, { stillOurs: () => Promise.reject(new Error('lent to another run')) });
    await assert.rejects(typeOf('postgres.expire').execute({ host: 'a-db', keep: 1 }, late), /lent to another run/);
    assert.deepEqual(there(), labels);
  });

  it('keeps the last proven backup with all that it needs, and the newest, whatever the number', async () => {
    // Proven of another store, and a proof of one that is gone, count for nothing here.
    const backups = [proven(labels[1]!), { ...proven(labels[2]!), store: 'b-backups' }, proven('20200101-000000F')];
    const made = context(at, { backups });
    const { outputs, backups: news } = await carryOut('postgres.expire', { host: 'a-db', keep: 1 }, made);
    assert.deepEqual(outputs, { kept: kept(0, 1, 4), proven: labels[1] });
    assert.deepEqual(there(), kept(0, 1, 4));
    assert.deepEqual(
      news?.map(({ complete, backups }) => [complete, backups.map(({ label }) => label)]),
      [[true, kept(0, 1, 4)]],
    );
    await carryOut(
      'postgres.expire',
      { host: 'a-db', keep: 1 },
      { ...made, stillOurs: () => Promise.reject(new Error('nothing is left to do')) },
    );
  });

  it('removes the proven one once a later one is proven, and what stood on it; what is left can be restored', async () => {
    const backups = [proven(labels[1]!), proven(labels[4]!)];
    const { outputs } = await carryOut('postgres.expire', { host: 'a-db', keep: 1 }, context(at, { backups }));
    assert.deepEqual(outputs, { kept: kept(4), proven: labels[4] });
    await carryOut('postgres.verify', { host: 'b-db' }, context(at));
  });

  it('never removes the only one, and knows a stanza that is not there', async () => {
    const { outputs } = await carryOut('postgres.expire', { host: 'a-db', keep: 1 }, context(at));
    assert.deepEqual(outputs, { kept: kept(4), proven: null });
    const { postgres } = at.system.backups!;
    const system = { ...at.system, backups: { postgres: { ...postgres!, stanza: 'nobody' } } };
    const error = await failure(carryOut('postgres.expire', { host: 'a-db', keep: 1 }, context(at, { system })));
    assert.deepEqual([error.code, error.remedy], ['stanza-missing', 'mistake']);
  });
});
