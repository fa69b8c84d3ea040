import assert from 'node:assert/strict';
import { existsSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dataOf } from '../../lab/lab.ts';
import { carryOut, context, estate, failure, typeOf, type Estate } from './estate.ts';
import { beside, comeBack, digestOf, protects } from './returning.ts';

describe('postgres.rebuild', () => {
  const input = { host: 'a-db', source: 'b-db' };
  const type = typeOf('postgres.rebuild');
  const here = { viewpoint: 'site-a' };
  let at: Estate;
  beforeEach(async () => {
    at = await estate();
    await comeBack(at, { alone: ["insert into orders (item) values ('alone')"] });
  });
  afterEach(() => at?.end());

  it('only looks in its preflight, and does nothing where it may not, cannot, or must not', async () => {
    const before = digestOf(at, 'a-db');
    assert.match((await type.preflight(input, context(at, here))).join(' '), /A copy of the server needs about .* are free/);
    const passfile = join(at.lab.folder, 'secrets', 'wrong');
    writeFileSync(passfile, '*:*:*:repl:hunter2\n');
    const postgres = at.system.postgres!;
    const system = { ...at.system, postgres: { ...postgres, replication: { ...postgres.replication!, passfile } } };
    assert.equal((await failure(type.execute(input, context(at, { ...here, system })))).code, 'replication-login');
    await at.control('PUT', '/cut/link', { from: 'site-a', to: 'site-b' });
    assert.ok(['postgres-silent', 'source-unreachable'].includes((await failure(type.execute(input, context(at, here)))).code));
    await at.heal();
    const late = context(at, { ...here, stillOurs: () => Promise.reject(new Error('lent to another run')) });
    await assert.rejects(type.execute(input, late), /lent to another run/);
    for (const compared of [undefined, 'another state']) {
      const careless = await failure(type.execute({ ...input, compared, 'keep-old': false }, context(at, here)));
      assert.deepEqual([careless.code, careless.remedy], ['not-compared', 'person']);
    }
    assert.equal(digestOf(at, 'a-db'), before);
    await at.service('a-db', 'start');
    const runs = await failure(type.execute(input, context(at, here)));
    assert.deepEqual([runs.code, runs.remedy], ['still-running', 'person']);
    assert.deepEqual(beside(at, 'a-db'), []);
  });

  it('replaces the data by a copy that streams, keeps the old, and run twice it does it once', async () => {
    const made = context(at, here);
    const outcome = await carryOut(type.name, input, made);
    const { kept } = outcome.outputs as { kept: string };
    assert.ok(existsSync(join(kept, 'PG_VERSION')));
    await protects(at, 'b-db', 'a-db');
    assert.deepEqual(await at.sql('a-db', "select count(*)::int as n from orders where item = 'alone'"), [{ n: 0 }]);
    const [started] = await at.sql('a-db', 'select pg_postmaster_start_time() as at');
    await carryOut(type.name, input, made);
    await carryOut(type.name, input, context(at, here));
    assert.deepEqual(await at.sql('a-db', 'select pg_postmaster_start_time() as at'), [started]);
    assert.equal(beside(at, 'a-db').length, 1);
  });

  it('is gone on with where it was killed while it copied, and between the two renames', async () => {
    const quit = new AbortController();
    const made = context(at, { ...here, signal: quit.signal });
    let acts = 0;
    const killed = {
      ...made,
      stillOurs: async () => void (++acts === 4 && setTimeout(() => quit.abort(new Error('WORKER_SHUTDOWN')), 100)),
    };
    await type.execute(input, killed).catch(() => undefined);
    const next = { ...context(at, here), key: made.key };
    // Killed right after the old directory was put aside.
    const late = {
      ...next,
      stillOurs: () => (existsSync(dataOf(at.lab, 'a-db')) ? Promise.resolve() : Promise.reject(new Error('killed'))),
    };
    await assert.rejects(type.execute(input, late), /killed/);
    assert.ok(!existsSync(dataOf(at.lab, 'a-db')));
    const outcome = await carryOut(type.name, { ...input, compared: 'this', 'keep-old': false }, { ...context(at, here), key: made.key });
    assert.equal((outcome.outputs as { kept: string | null }).kept, null);
    await protects(at, 'b-db', 'a-db');
    assert.deepEqual(beside(at, 'a-db'), []);
    const again = await carryOut(type.name, { ...input, compared: 'this', 'keep-old': false }, { ...context(at, here), key: made.key });
    assert.equal((again.outputs as { kept: string | null }).kept, null);
  });

  it('makes a member of a host whose disk is blank', async () => {
    const data = dataOf(at.lab, 'a-db');
    for (const name of readdirSync(dirname(data)).filter((one) => one === 'data')) rmSync(join(dirname(data), name), { recursive: true });
    await carryOut(type.name, input, context(at, here));
    await protects(at, 'b-db', 'a-db');
  });

  it('gives up within half a minute where the link is cut while it copies, and ends it when it is healed', async function () {
    this.timeout(120_000);
    await at.sql('b-db', 'create table big as select n, repeat(md5(n::text), 30) as text from generate_series(1, 60000) n');
    const made = context(at, here);
    let acts = 0;
    const cut = async () => void (await at.control('PUT', '/cut/link', { from: 'site-a', to: 'site-b' }));
    const unlucky = { ...made, stillOurs: async () => void (++acts === 4 && setTimeout(() => void cut(), 150)) };
    const error = await failure(type.execute(input, unlucky));
    assert.ok(
      ['source-lost', 'postgres-silent', 'source-unreachable', 'postgres-unreachable'].includes(error.code),
      `${error.code}: ${error.message}`,
    );
    assert.ok(existsSync(dataOf(at.lab, 'a-db')));
    await at.heal();
    await carryOut(type.name, input, { ...context(at, here), key: made.key });
    await protects(at, 'b-db', 'a-db');
  });

  it('does not rename what is a link to another place', async () => {
    const data = dataOf(at.lab, 'a-db');
    renameSync(join(data, 'pg_wal'), `${data}-wal`);
    symlinkSync(`${data}-wal`, join(data, 'pg_wal'));
    const error = await failure(type.execute(input, context(at, here)));
    assert.deepEqual([error.code, error.remedy], ['not-swappable', 'person']);
    assert.deepEqual(beside(at, 'a-db'), []);
  });
});
