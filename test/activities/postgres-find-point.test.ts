import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { backed, canBackUp, type Backed } from './backrest.ts';
import { carryOut, context, failure, typeOf, undo, until } from './estate.ts';

describe('postgres.find-point', function () {
  this.timeout(180_000);
  let at: Backed;
  let begin: string;
  let damaged: number;
  let end: string;
  before(async function () {
    if (!canBackUp()) this.skip();
    at = await backed();
    await at.sql('create table orders(id int primary key); create table ticks(at timestamptz)');
    await at.sql('insert into orders select generate_series(1, 500)');
    await carryOut('postgres.backup', { host: 'a-db', type: 'full' }, context(at));
    await sleep(1_100);
    begin = await tick();
    for (let count = 0; count < 30; count += 1) {
      await tick();
      if (count === 18) {
        await at.sql('delete from orders where id % 2 = 0');
        damaged = Date.now();
      }
      await sleep(200);
    }
    end = new Date(Date.now() - 300).toISOString();
    await tick();
    await at.archive();
  });
  after(() => at?.end());
  const tick = async () => {
    await at.sql('insert into ticks values (clock_timestamp())');
    return new Date().toISOString();
  };
  const input = () => ({
    host: 'b-db',
    healthy: 'select count(*) = 500 from orders',
    'not-before': begin,
    'not-after': end,
    within: 0.5,
  });
  const leftovers = () => readdirSync(join(at.folder, 'other'));

  it('changes nothing in its preflight', async () => {
    assert.match((await typeOf('postgres.find-point').preflight(input(), context(at))).join(' '), /leads to .*bytes free/);
    assert.deepEqual(leftovers(), []);
  });

  it('finds the last healthy time, and what is restored to it is whole', async () => {
    const { outputs } = await carryOut('postgres.find-point', input(), context(at));
    const { point, damaged: after, looked } = outputs as { point: string; damaged: string; looked: number };
    assert.ok(
      Date.parse(point) <= damaged && damaged <= Date.parse(after) + 50,
      `${point} ≤ ${new Date(damaged).toISOString()} ≤ ${after}`,
    );
    assert.ok(Date.parse(after) - Date.parse(point) <= 500);
    assert.ok(looked >= 4);
    assert.deepEqual(leftovers(), []);

    const made = context(at);
    const wanted = { host: 'b-db', to: point, directory: join(at.folder, 'places', 'healthy') };
    const restored = await carryOut('postgres.restore', wanted, made);
    assert.equal((restored.outputs as { rows: { [table: string]: number } }).rows['public.orders'], 500);
    await undo('postgres.restore', wanted, made);
  });

  it('says so where it never was healthy, or is not damaged at all', async () => {
    const never = await failure(carryOut('postgres.find-point', { ...input(), healthy: 'select false' }, context(at)));
    assert.deepEqual([never.code, never.remedy], ['never-healthy', 'mistake']);
    const always = await failure(carryOut('postgres.find-point', { ...input(), healthy: 'select true', within: 3 }, context(at)));
    assert.deepEqual([always.code, always.remedy], ['no-damage-found', 'mistake']);
    assert.deepEqual(leftovers(), []);
  });

  it('takes a question without a boolean, a wrong order and a time beyond the archive for mistakes', async () => {
    const words = await failure(carryOut('postgres.find-point', { ...input(), healthy: `select 'yes'` }, context(at)));
    assert.deepEqual([words.code, words.remedy], ['no-boolean', 'mistake']);
    const order = await failure(
      typeOf('postgres.find-point').preflight({ ...input(), 'not-before': end, 'not-after': begin }, context(at)),
    );
    assert.equal(order.code, 'bad-target');
    const later = {
      ...input(),
      'not-before': new Date(Date.now() + 60_000).toISOString(),
      'not-after': new Date(Date.now() + 120_000).toISOString(),
    };
    assert.equal((await failure(carryOut('postgres.find-point', later, context(at)))).code, 'target-later-than-archive');
    assert.deepEqual(leftovers(), []);
  });

  it('can write nothing through the question', async () => {
    const error = await failure(carryOut('postgres.find-point', { ...input(), healthy: 'delete from orders returning true' }, context(at)));
    assert.equal(error.code, 'scratch-refused');
    assert.deepEqual(await at.sql('select count(*)::int as n from orders'), [{ n: 250 }]);
  });

  it('goes on after an attempt that was killed half way, and leaves nothing', async () => {
    const stop = new AbortController();
    const made = context(at);
    const attempt = typeOf('postgres.find-point').execute({ ...input(), within: 2 }, { ...made, signal: stop.signal });
    await until(
      'the restored server',
      () => leftovers().some((name) => existsSync(join(at.folder, 'other', name, 'postmaster.pid'))),
      30_000,
    );
    stop.abort();
    await assert.rejects(attempt);
    await carryOut('postgres.find-point', { ...input(), within: 2 }, made);
    assert.deepEqual(leftovers(), []);
  });
});
