import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Proof } from '../../activities/step.ts';
import { dataOf } from '../../lab/lab.ts';
import { carryOut, context, estate, failure, typeOf, type Estate } from './estate.ts';
import { beside, caughtUp, digestOf } from './returning.ts';

describe('postgres.adopt', () => {
  const type = typeOf('postgres.adopt');
  const seen = { 'a-db': new Date().toISOString() };
  let at: Estate;
  let fence: Proof;
  let from: string;
  before(async () => {
    at = await estate();
    // A cluster as a restore leaves it: promoted, recovered and shut down, with a row that tells it from the member's own.
    await caughtUp(at, 'a-db', 'b-db');
    fence = (await carryOut('power.off', { host: 'a-db' }, context(at, { seen }))).proofs![0]!;
    await at.sql('b-db', 'select pg_promote()');
    await at.sql('b-db', "insert into orders (item) values ('restored')");
    await at.service('b-db', 'stop');
    from = `${dataOf(at.lab, 'b-db')}-restored`;
    execFileSync('cp', ['-a', dataOf(at.lab, 'b-db'), from]);
    writeFileSync(join(from, 'postgresql.auto.conf'), "archive_mode = 'off'\nrestore_command = 'false'\nlog_min_messages = 'error'\n");
    await at.service('b-db', 'start');
    await at.sql('b-db', "insert into orders (item) values ('damaged')");
    await at.service('b-db', 'stop');
  });
  after(() => at?.end());
  const input = () => ({ host: 'b-db', from });
  const proven = () => context(at, { proofs: [fence], seen });

  it('only looks in its preflight, and is not done by hand', async () => {
    const before = digestOf(at, 'b-db');
    assert.match((await type.preflight(input(), context(at))).join(' '), /is down/);
    assert.equal((await failure(type.verify(input(), context(at)))).code, 'not-adopted');
    assert.equal(digestOf(at, 'b-db'), before);
  });

  it('is refused without a proof that the other member cannot write, and once the run no longer runs', async () => {
    const before = digestOf(at, 'b-db');
    assert.equal((await failure(type.execute(input(), context(at)))).code, 'no-proof');
    const late = context(at, { proofs: [fence], seen, stillOurs: () => Promise.reject(new Error('lent to another run')) });
    await assert.rejects(type.execute(input(), late), /lent to another run/);
    assert.equal(digestOf(at, 'b-db'), before);
    assert.deepEqual(beside(at, 'b-db'), []);
  });

  it('takes nothing for a restored cluster that is none', async () => {
    const codes = async (path: string) => (await failure(type.execute({ host: 'b-db', from: path }, proven()))).code;
    assert.equal(await codes(`${from}-missing`), 'no-restored-cluster');
    assert.equal(await codes(dataOf(at.lab, 'b-db')), 'bad-path');
    assert.equal(await codes(`${from}/../data`), 'bad-path');
    writeFileSync(join(from, 'recovery.signal'), '');
    assert.equal(await codes(from), 'not-recovered');
    execFileSync('rm', [join(from, 'recovery.signal')]);
    await at.service('b-db', 'start');
    assert.equal(await codes(from), 'still-running');
    await at.service('b-db', 'stop');
    assert.deepEqual(beside(at, 'b-db'), []);
  });

  it('puts it in service, killed between the renames and run again, and keeps the old data', async () => {
    const made = proven();
    const killed = {
      ...made,
      stillOurs: () => (existsSync(dataOf(at.lab, 'b-db')) ? Promise.resolve() : Promise.reject(new Error('killed'))),
    };
    await assert.rejects(type.execute(input(), killed), /killed/);
    assert.ok(!existsSync(dataOf(at.lab, 'b-db')));
    const outcome = await carryOut(type.name, input(), { ...proven(), key: made.key });
    const { kept } = outcome.outputs as { kept: string };
    assert.ok(existsSync(join(kept, 'PG_VERSION')));
    const items = "select item from orders where item in ('restored', 'damaged')";
    assert.deepEqual(await at.sql('b-db', items), [{ item: 'restored' }]);
    await at.sql('b-db', "insert into orders (item) values ('taken')");
    const settings = readFileSync(join(dataOf(at.lab, 'b-db'), 'postgresql.auto.conf'), 'utf8');
    assert.match(settings, /log_min_messages/);
    assert.doesNotMatch(settings, /archive_mode|restore_command/);
    const again = await carryOut(type.name, input(), { ...proven(), key: made.key });
    assert.equal((again.outputs as { kept: string }).kept, kept, 'run twice it exchanges once');
    assert.deepEqual(beside(at, 'b-db').length, 1);
  });
});
