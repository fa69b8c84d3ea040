import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataOf } from '../../lab/lab.ts';
import { carryOut, context, estate, failure, typeOf, type Estate } from './estate.ts';
import { comeBack, digestOf, protects } from './returning.ts';

describe('postgres.reprotect', () => {
  const input = { host: 'a-db', source: 'b-db' };
  const type = typeOf('postgres.reprotect');
  const here = { viewpoint: 'site-a' };
  const slots = (at: Estate, host: string) =>
    at.sql<{ slot: string; active: boolean }>(host, 'select slot_name::text as slot, active from pg_replication_slots order by 1');
  const started = async (at: Estate) => (await at.sql<{ at: Date }>('a-db', 'select pg_postmaster_start_time() as at'))[0]?.at.getTime();

  describe('after a clean switchover', () => {
    let at: Estate;
    before(async () => {
      at = await estate();
      await comeBack(at, { cleanly: true, after: ["insert into orders (item) values ('there')"] });
    });
    after(() => at?.end());

    it('only looks in its preflight', async () => {
      const before = digestOf(at, 'a-db');
      assert.match((await type.preflight(input, context(at, here))).join(' '), /has nothing after that/);
      assert.equal(digestOf(at, 'a-db'), before);
      assert.deepEqual(await slots(at, 'b-db'), []);
    });

    it('changes nothing once the run no longer runs', async () => {
      const before = digestOf(at, 'a-db');
      const late = context(at, { ...here, stillOurs: () => Promise.reject(new Error('lent to another run')) });
      await assert.rejects(type.execute(input, late), /lent to another run/);
      assert.equal(digestOf(at, 'a-db'), before);
      assert.deepEqual(await slots(at, 'b-db'), []);
    });

    it('needs a person where its login is refused, and starts nothing', async () => {
      const postgres = at.system.postgres!;
      const passfile = join(at.lab.folder, 'secrets', 'wrong');
      writeFileSync(passfile, '*:*:*:repl:hunter2\n');
      const system = { ...at.system, postgres: { ...postgres, replication: { ...postgres.replication!, passfile } } };
      const error = await failure(type.execute(input, context(at, { ...here, system })));
      assert.deepEqual([error.code, error.remedy], ['replication-login', 'person']);
      assert.doesNotMatch(error.message, /hunter2/);
    });

    it('fails while the link is cut, and starts nothing', async () => {
      await at.control('PUT', '/cut/link', { from: 'site-a', to: 'site-b' });
      const error = await failure(type.execute(input, context(at, here)));
      assert.ok(['postgres-silent', 'source-unreachable'].includes(error.code), error.code);
      await at.heal();
    });

    it('makes it a standby without a rewind, killed half way and run again', async () => {
      const stop = new AbortController();
      let acts = 0;
      // Killed after the slot and the signal are there, before the settings and the start.
      const killed = context(at, {
        ...here,
        signal: stop.signal,
        stillOurs: async () => void (++acts === 3 && stop.abort(new Error('killed'))),
      });
      await type.execute(input, killed).catch(() => undefined);
      const outcome = await carryOut(type.name, input, context(at, here));
      assert.deepEqual(outcome.lifts, ['a-db']);
      assert.equal((outcome.outputs as { timeline: number }).timeline, 2);
      await protects(at, 'b-db', 'a-db');
      assert.deepEqual(await slots(at, 'b-db'), [{ slot: 'a_db', active: true }]);
      assert.deepEqual(await slots(at, 'a-db'), [], 'the slot of the way there is dropped');
      const settings = readFileSync(join(dataOf(at.lab, 'a-db'), 'postgresql.auto.conf'), 'utf8');
      assert.equal(settings.match(/^primary_conninfo/gm)?.length, 1);
      assert.doesNotMatch(settings, /password=/);
    });

    it('run twice it starts and changes nothing more', async () => {
      const before = [await started(at), readFileSync(join(dataOf(at.lab, 'a-db'), 'postgresql.auto.conf'), 'utf8')];
      await carryOut(type.name, input, context(at, here));
      assert.deepEqual([await started(at), readFileSync(join(dataOf(at.lab, 'a-db'), 'postgresql.auto.conf'), 'utf8')], before);
    });

    it('repairs a standby that follows nobody, without a restart', async () => {
      const before = await started(at);
      await at.sql('a-db', "alter system set primary_conninfo = 'host=127.0.0.1 port=1'");
      await at.sql('a-db', 'select pg_reload_conf()');
      await carryOut(type.name, input, context(at, here));
      await protects(at, 'b-db', 'a-db');
      assert.equal(await started(at), before);
    });

    it('goes back the other way', async () => {
      await at.service('b-db', 'stop');
      await at.sql('a-db', 'select pg_promote()');
      await carryOut(type.name, { host: 'b-db', source: 'a-db' }, context(at, { viewpoint: 'site-b' }));
      await protects(at, 'a-db', 'b-db');
    });

    it('lifts no fence in a rehearsal', async () => {
      const outcome = await type.verify({ host: 'b-db', source: 'a-db' }, context(at, { viewpoint: 'site-b', live: false }));
      assert.deepEqual(outcome.lifts, []);
    });
  });

  it('refuses an old primary with rows of its own, and does not start it', async () => {
    const at = await estate();
    try {
      await comeBack(at, { alone: ["insert into orders (item) values ('alone')"] });
      const before = digestOf(at, 'a-db');
      for (const act of ['preflight', 'execute'] as const) {
        const error = await failure(type[act](input, context(at, here)));
        assert.deepEqual([error.code, error.remedy], ['diverged', 'person']);
      }
      assert.equal(digestOf(at, 'a-db'), before);
      await assert.rejects(at.sql('a-db', 'select 1'), /ECONNREFUSED/);
      assert.deepEqual(await slots(at, 'b-db'), []);
    } finally {
      await at.end();
    }
  });

  for (const [what, last] of [
    ['in the middle of a file of the log', { before: ["insert into orders (item) values ('both')"] }],
    ['before the first record of a file of the log', { before: ['select pg_switch_wal()'] }],
  ] as const)
    it(`starts an old primary that was killed ${what} with nothing of its own as a standby`, async () => {
      const at = await estate();
      try {
        await comeBack(at, last);
        assert.match(
          (await type.preflight(input, context(at, here))).join(' '),
          /has nothing after that \(control data: "in production"\)/,
        );
        await carryOut(type.name, input, context(at, here));
        await protects(at, 'b-db', 'a-db');
      } finally {
        await at.end();
      }
    });
});
