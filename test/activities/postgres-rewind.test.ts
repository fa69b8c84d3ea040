import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataOf } from '../../lab/lab.ts';
import { carryOut, context, estate, failure, typeOf, type Estate } from './estate.ts';
import { comeBack, digestOf, protects } from './returning.ts';

describe('postgres.rewind', () => {
  const type = typeOf('postgres.rewind');
  const pair = { host: 'a-db', source: 'b-db' };
  const here = { viewpoint: 'site-a' };
  const alone = [`insert into orders (item) select 'alone ' || n from generate_series(1, 500) n`];
  let at: Estate;
  let compared: string;
  beforeEach(async () => {
    at = await estate();
    await comeBack(at, { alone, after: ["insert into orders (item) values ('there')"] });
    const outcome = await carryOut('postgres.compare', { host: 'a-db', with: 'b-db' }, context(at, here));
    compared = (outcome.outputs as { divergence: string }).divergence;
  });
  afterEach(() => at?.end());
  const own = () => at.sql('a-db', "select count(*)::int as count from orders where item like 'alone %'");

  it('only looks in its preflight, and refuses what was not compared, a login that is refused, and one without rights', async () => {
    const before = digestOf(at, 'a-db');
    assert.match(
      (await type.preflight({ ...pair, compared }, context(at, here))).join(' '),
      /wrote on after that.* configuration is .*postgresql.conf/,
    );
    for (const act of [
      () => type.execute({ ...pair, compared: 'something else' }, context(at, here)),
      () => type.execute({ ...pair, compared: `${compared}0` }, context(at, here)),
    ]) {
      const error = await failure(act());
      assert.deepEqual([error.code, error.remedy], ['not-compared', 'person']);
    }
    assert.throws(() => type.input.parse(pair), /compared/);
    await at.sql('b-db', 'revoke execute on function pg_read_binary_file(text) from rewinder');
    const rights = await failure(type.preflight({ ...pair, compared }, context(at, here)));
    assert.deepEqual([rights.code, rights.remedy], ['postgres-permission', 'person']);
    await at.sql('b-db', 'grant execute on function pg_read_binary_file(text) to rewinder');
    const passfile = join(at.lab.folder, 'secrets', 'wrong');
    writeFileSync(passfile, '*:*:*:repl:hunter2\n');
    const postgres = at.system.postgres!;
    const system = { ...at.system, postgres: { ...postgres, replication: { ...postgres.replication!, passfile } } };
    assert.equal((await failure(type.execute({ ...pair, compared }, context(at, { ...here, system })))).code, 'replication-login');
    await at.control('PUT', '/cut/link', { from: 'site-a', to: 'site-b' });
    assert.ok(
      ['postgres-silent', 'source-unreachable'].includes((await failure(type.execute({ ...pair, compared }, context(at, here)))).code),
    );
    await at.heal();
    const late = context(at, { ...here, stillOurs: () => Promise.reject(new Error('lent to another run')) });
    await assert.rejects(type.execute({ ...pair, compared }, late), /lent to another run/);
    assert.equal(digestOf(at, 'a-db'), before);
  });

  it('discards what only the old primary has, leaves it stopped, and run twice it does it once', async () => {
    const made = context(at, here);
    const outcome = await carryOut(type.name, { ...pair, compared }, made);
    assert.deepEqual((outcome.outputs as { rewound: boolean }).rewound, true);
    await assert.rejects(at.sql('a-db', 'select 1'), /ECONNREFUSED/);
    const before = digestOf(at, 'a-db');
    await carryOut(type.name, { ...pair, compared }, made);
    await carryOut(type.name, { ...pair, compared }, context(at, here));
    assert.equal(digestOf(at, 'a-db'), before);
    const settings = readFileSync(join(dataOf(at.lab, 'a-db'), 'postgresql.auto.conf'), 'utf8');
    assert.match(settings, /user=''repl''/);
    assert.doesNotMatch(settings, /rewinder|password=/);
    await carryOut('postgres.reprotect', pair, context(at, here));
    await protects(at, 'b-db', 'a-db');
    assert.deepEqual(await own(), [{ count: 0 }]);
    const again = await carryOut(type.name, { ...pair, compared }, context(at, here));
    assert.equal((again.outputs as { rewound: boolean }).rewound, false, 'a standby is left alone');
  });

  it('is gone on with where an attempt was killed as soon as pg_rewind was started', async () => {
    const stop = new AbortController();
    const made = context(at, { ...here, signal: stop.signal });
    let acts = 0;
    // WORKER_SHUTDOWN: the step goes on elsewhere, and what it started with it.
    const killed = {
      ...made,
      stillOurs: async () => void (++acts === 2 && setTimeout(() => stop.abort(new Error('WORKER_SHUTDOWN')), 150)),
    };
    await type.execute({ ...pair, compared }, killed).catch(() => undefined);
    assert.ok(stop.signal.aborted);
    await carryOut(type.name, { ...pair, compared }, { ...context(at, here), key: made.key });
    await carryOut('postgres.reprotect', pair, context(at, here));
    await protects(at, 'b-db', 'a-db');
  });

  it('does not take a half rewound directory for anything, and it is rebuilt', async () => {
    // A pg_rewind that is killed once it has begun to change the directory.
    const [row] = await at.sql<{ path: string }>('b-db', "select pg_relation_filepath('orders') as path");
    const program = join(at.lab.folder, 'pg_rewind-that-dies');
    writeFileSync(
      program,
      `#!/bin/sh\necho 'pg_rewind: need to copy 5 MB' >&2\nprintf half > ${join(dataOf(at.lab, 'a-db'), row!.path)}\nkill -9 $$\n`,
      {
        mode: 0o755,
      },
    );
    const bin = join(at.lab.disks, 'bin');
    mkdirSync(bin);
    for (const name of readdirSync(at.lab.postgres)) if (name !== 'pg_rewind') symlinkSync(join(at.lab.postgres, name), join(bin, name));
    copyFileSync(program, join(bin, 'pg_rewind'));
    chmodSync(join(bin, 'pg_rewind'), 0o755);
    const postgres = at.system.postgres!;
    const system = { ...at.system, postgres: { ...postgres, bin: { ...postgres.bin, 'site-a': bin } } };
    const made = context(at, { ...here, system });
    for (let turn = 0; turn < 2; turn += 1) {
      const error = await failure(type.execute({ ...pair, compared }, made));
      assert.deepEqual([error.code, error.remedy], ['rewind-broken', 'person']);
      assert.match(error.message, /postgres\.rebuild/);
    }
    await carryOut('postgres.rebuild', { ...pair, compared }, context(at, here));
    await protects(at, 'b-db', 'a-db');
  });
});
