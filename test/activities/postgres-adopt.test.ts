import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Proof } from '../../activities/step.ts';
import { dataOf } from '../../lab/lab.ts';
import { askCopy, rehearsed, sweepAll, type Rehearsed } from './copies.ts';
import { carryOut, context, estate, failure, rehearse, typeOf, type Estate } from './estate.ts';
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

  describe('in a rehearsal', () => {
    const of = { host: 'copy-of-b-db' };
    let its: Rehearsed;
    let restored: string;
    before(() => {
      its = rehearsed(at);
    });
    afterEach(() => sweepAll(at));

    const own = () => context(at, { system: its.system, hosts: its.hosts, live: false });
    const another = () => ({ ...own(), run: { ...own().run, workflowId: 'rehearsal-orders-2026-11-22T09:00:00Z' } });
    const started = async () => (await askCopy<{ at: Date }>(at, 'select pg_postmaster_start_time() as at'))[0]!.at.toISOString();
    /** A cluster as a restore of a rehearsal leaves it. */
    function restore(): void {
      restored = join(its.root, 'restored', 'data');
      mkdirSync(dirname(restored), { recursive: true });
      execFileSync('cp', ['-a', keptOf(), restored]);
      for (const path of [its.root, dirname(restored)]) if (at.lab.user) chownSync(path, at.lab.user.uid, at.lab.user.gid);
    }
    /** The data that was in service before, shut down. */
    const keptOf = () => join(dirname(dataOf(at.lab, 'b-db')), beside(at, 'b-db')[0]!);

    it('takes the place of no copy that another rehearsal made', async () => {
      await rehearse('copy.postgres', of, another());
      restore();
      const before = await started();
      for (const from of [restored, `${restored}-moved`]) {
        const error = await failure(rehearse(type.name, { ...of, from }, own()));
        assert.equal(error.code, 'another-rehearsal');
        assert.match(error.message, /rehearsal-orders-2026-11-22T09:00:00Z, made lies/);
      }
      assert.ok(existsSync(join(restored, 'PG_VERSION')));
      assert.equal(await started(), before);
      const marker = JSON.parse(readFileSync(join(its.root, 'orders', 'lifeboat.json'), 'utf8')) as { run: string };
      assert.equal(marker.run, 'rehearsal-orders-2026-11-22T09:00:00Z');
    });

    it('takes the place of the copy that its own rehearsal made, once', async () => {
      await rehearse('copy.postgres', of, own());
      restore();
      const made = own();
      await rehearse(type.name, { ...of, from: restored }, made);
      assert.ok(!existsSync(restored));
      const before = await started();
      const items = "select item from orders where item in ('restored', 'damaged', 'taken')";
      assert.deepEqual(await askCopy(at, items), [{ item: 'restored' }, { item: 'damaged' }]);
      await rehearse(type.name, { ...of, from: restored }, made);
      assert.equal(await started(), before);
    });
  });
});
