import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { promoter } from '../../activities/postgres/withdraw.ts';
import { StepError } from '../../activities/error.ts';
import { dataOf, secret } from '../../lab/lab.ts';
import { context, estate, failure, typeOf, type Estate } from './estate.ts';

describe('postgres.promote, withdrawn', () => {
  const input = { host: 'b-db' };
  const { undo } = typeOf('postgres.promote');
  assert.ok(typeof undo === 'function');
  let at: Estate;
  before(async () => {
    at = await estate();
  });
  after(() => at?.end());

  it('proves that a promotion which never began never will', async () => {
    assert.match((await undo(input, context(at))).join(' '), /still a standby, on timeline 1 .* no order to promote it stands/);
  });

  it('ends the session of a frozen attempt, which can no longer promote when it wakes up', async () => {
    const frozen = await session(at, promoter);
    await assert.doesNotReject(frozen.query('select 1'));
    assert.match((await undo(input, context(at))).join(' '), /1 session that was to promote b-db was ended/);
    await assert.rejects(frozen.query('select pg_promote(true, 1)'));
    assert.equal((await at.sql<{ is: boolean }>('b-db', 'select pg_is_in_recovery() as is'))[0]?.is, true);
  });

  it('does nothing once its run no longer runs', async () => {
    const bystander = await session(at, promoter);
    const late = context(at, { stillOurs: () => Promise.reject(new StepError('not-ours', 'ended', 'person')) });
    assert.equal((await failure(undo(input, late))).code, 'not-ours');
    await assert.doesNotReject(bystander.query('select 1'));
    await bystander.end();
  });

  it('does not say so while an order to promote stands', async () => {
    const order = join(dataOf(at.lab, 'b-db'), 'promote');
    writeFileSync(order, '');
    const error = await failure(undo(input, context(at)));
    assert.deepEqual([error.code, error.remedy], ['promotion-pending', 'person']);
    assert.match(error.message, /the order to promote it stands/);
    rmSync(order);
    await undo(input, context(at));
  });

  it('does not say so of a server that does not answer', async () => {
    await at.service('b-db', 'stop');
    assert.equal((await failure(undo(input, context(at)))).code, 'postgres-unreachable');
    await at.service('b-db', 'start');
  });

  it('proves it while the primary is down, too, and says that it is too late once an order is being carried out', async () => {
    await at.service('a-db', 'stop');
    assert.match((await undo(input, context(at))).join(' '), /waits for its primary/);
    // The next signal that the server gets for whatever reason makes it take the order.
    writeFileSync(join(dataOf(at.lab, 'b-db'), 'promote'), '');
    const deadline = Date.now() + 10_000;
    while (existsSync(join(dataOf(at.lab, 'b-db'), 'promote')) && Date.now() < deadline) await sleep(1);
    const error = await failure(undo(input, context(at)));
    assert.deepEqual([error.code, error.remedy], ['promoted', 'person']);
  });
});

async function session({ lab }: Estate, name: string): Promise<pg.Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: lab.hosts['b-db']!.database,
    user: 'lifeboat',
    password: secret(lab, 'lifeboat'),
    database: 'orders',
    application_name: name,
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
