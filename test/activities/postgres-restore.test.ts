import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { backed, bin, canBackUp, type Backed } from './backrest.ts';
import { sweepBelow } from './copies.ts';
import { carryOut, context, failure, rehearse, typeOf, undo, until } from './estate.ts';

interface Restored {
  readonly directory: string;
  readonly label: string;
  readonly 'recovery-point': string | null;
  readonly rows: { readonly [table: string]: number };
}

describe('postgres.restore', function () {
  this.timeout(120_000);
  let at: Backed;
  let label: string;
  let between: string;
  before(async function () {
    if (!canBackUp()) this.skip();
    at = await backed();
    await at.sql(
      'create table orders(id int primary key, item text); insert into orders select g, repeat(md5(g::text), 20) from generate_series(1, 5000) g',
    );
    label = ((await carryOut('postgres.backup', { host: 'a-db', type: 'full' }, context(at))).outputs as { label: string }).label;
    await at.sql('insert into orders select g from generate_series(5001, 5010) g');
    await sleep(1_100);
    between = new Date().toISOString();
    await sleep(1_100);
    await at.sql('delete from orders where id > 100');
    await at.archive();
  });
  after(() => at?.end());
  const place = (name: string) => join(at.folder, 'places', name);
  const into = (name: string, to = 'latest') => ({ host: 'b-db', to, directory: place(name) });
  const there = () => readdirSync(join(at.folder, 'places'));

  it('changes nothing in its preflight', async () => {
    const said = (await typeOf('postgres.restore').preflight(into('one'), context(at))).join(' ');
    assert.match(said, new RegExp(`${label} in a-backups leads to latest.*bytes free`));
    assert.deepEqual(there(), []);
  });

  it('brings back exactly a point in time, into a place of its own, once, and leaves it shut down', async () => {
    const made = context(at);
    const { outputs, evidence } = await carryOut('postgres.restore', into('then', between), made);
    const { rows, directory, 'recovery-point': point } = outputs as unknown as Restored;
    assert.deepEqual(rows, { 'public.orders': 5010 });
    assert.ok(point !== null && point <= between, `${point} is not after ${between}`);
    assert.match(evidence.join(' '), /stopped before commit of transaction/);
    assert.equal(existsSync(join(directory, 'postmaster.pid')), false);
    assert.match(at.as(`${bin}/pg_controldata`, '-D', directory), /Database cluster state: +shut down\n/);
    assert.deepEqual(await at.sql('select count(*)::int as n from orders'), [{ n: 100 }], 'what serves was left alone');

    await carryOut('postgres.restore', into('then', between), {
      ...made,
      stillOurs: () => Promise.reject(new Error('run twice it restores once')),
    });
    assert.deepEqual(await undo('postgres.restore', into('then', between), made), [`${directory} on b-db was removed.`]);
    assert.deepEqual(there(), []);
  });

  it('brings back the end of the archive, and the state at the end of a backup', async () => {
    const latest = context(at);
    assert.deepEqual(((await carryOut('postgres.restore', into('latest'), latest)).outputs as unknown as Restored).rows, {
      'public.orders': 100,
    });
    await undo('postgres.restore', into('latest'), latest);
    const whole = context(at);
    assert.deepEqual(((await carryOut('postgres.restore', into('label', label), whole)).outputs as unknown as Restored).rows, {
      'public.orders': 5000,
    });
    await undo('postgres.restore', into('label', label), whole);
    assert.deepEqual(there(), []);
  });

  it('restores in a rehearsal where copies lie, whatever the runbook says, and the sweep takes that away', async () => {
    const root = place('copies');
    const system = { ...at.system, copies: { root, expires: 3_600_000, inService: {} } };
    const calm = context(at, { live: false, system });
    const { rows, directory } = (await rehearse('postgres.restore', into('named', label), calm)).outputs as unknown as Restored;
    assert.deepEqual(rows, { 'public.orders': 5000 });
    assert.ok(directory.startsWith(`${root}/`), directory);
    assert.deepEqual(there(), ['copies']);
    await sweepBelow(root, at.hosts['b-db']!, at.system.postgres!.owner, calm);
    assert.deepEqual(readdirSync(root), []);
    rmSync(root, { recursive: true });
  });

  it('is reached by nobody and archives nothing while it recovers', async () => {
    const made = context(at);
    const before = at.as('find', join(at.store.path, 'archive'), '-type', 'f');
    let seen = '';
    const watching = {
      ...made,
      sleep: made.sleep,
      stillOurs: async () => {
        if (existsSync(`${place('quiet')}/postmaster.pid`)) seen = at.as('cat', `${place('quiet')}/postmaster.opts`);
      },
    };
    await carryOut('postgres.restore', into('quiet'), watching);
    assert.match(seen, /"listen_addresses="/);
    assert.match(seen, /"archive_mode=off"/);
    assert.match(seen, /"shared_preload_libraries="/);
    assert.match(seen, /"max_logical_replication_workers=0"/);
    assert.equal(at.as('find', join(at.store.path, 'archive'), '-type', 'f'), before);
    await undo('postgres.restore', into('quiet'), made);
  });

  it('promises nothing that the archive cannot hold', async () => {
    const early = await failure(typeOf('postgres.restore').preflight(into('no', '2000-01-01T00:00:00Z'), context(at)));
    assert.deepEqual([early.code, early.remedy], ['no-backup', 'mistake']);
    const late = await failure(carryOut('postgres.restore', into('no', new Date(Date.now() + 3_600_000).toISOString()), context(at)));
    assert.deepEqual([late.code, late.remedy], ['target-later-than-archive', 'mistake']);
    const words = await failure(typeOf('postgres.restore').preflight(into('no', 'yesterday'), context(at)));
    assert.equal(words.code, 'bad-target');
    assert.deepEqual(there(), []);
  });

  it('says so when the recovery ends before its target, although the start succeeded', async () => {
    const [row] = await at.sql<{ at: Date }>('select clock_timestamp() as at');
    await sleep(1_000);
    await at.archive();
    const made = context(at);
    const error = await failure(carryOut('postgres.restore', into('missed', row!.at.toISOString()), made));
    assert.deepEqual([error.code, error.remedy], ['target-not-reached', 'mistake']);
    assert.match(error.message, /nothing later than 20\d\d-/);
    await undo('postgres.restore', into('missed'), made);
  });

  it('restores over nothing: no data directory, no place that is not empty', async () => {
    for (const directory of [join(at.folder, 'data'), join(at.folder, 'data', 'base'), at.folder, `${place('x')}/../../data`, '/tmp/a b']) {
      const error = await failure(carryOut('postgres.restore', { host: 'b-db', directory }, context(at)));
      assert.equal(error.remedy, 'mistake', directory);
    }
    mkdirSync(place('full'));
    writeFileSync(join(place('full'), 'precious'), 'kept');
    at.as('true');
    if (at.owner) spawnSync('chown', ['-R', at.owner, place('full')]);
    for (const act of ['preflight', 'execute'] as const) {
      const error = await failure(typeOf('postgres.restore')[act](into('full'), context(at)) as Promise<unknown>);
      assert.deepEqual([error.code, error.remedy], ['place-taken', 'person']);
    }
    assert.deepEqual(readdirSync(place('full')), ['precious']);
    spawnSync('rm', ['-r', place('full')]);
  });

  it('goes on after an attempt that was killed half way, at any moment', async () => {
    for (const moment of ['base', 'postmaster.pid']) {
      const stop = new AbortController();
      const made = context(at);
      const attempt = typeOf('postgres.restore').execute(into('half', between), { ...made, signal: stop.signal });
      await until(moment, () => existsSync(join(place('half'), moment)), 20_000);
      stop.abort();
      await assert.rejects(attempt);
      const { outputs } = await carryOut('postgres.restore', into('half', between), made);
      assert.deepEqual((outputs as unknown as Restored).rows, { 'public.orders': 5010 });
      await undo('postgres.restore', into('half', between), made);
    }
    assert.deepEqual(there(), []);
  });

  it('restores nothing once the run no longer runs', async () => {
    const late = context(at, { stillOurs: () => Promise.reject(new Error('lent to another run')) });
    await assert.rejects(typeOf('postgres.restore').execute(into('late'), late), /lent to another run/);
    assert.deepEqual(there(), []);
  });

  it('knows a wrong stanza, and a repository that is not there', async () => {
    const { postgres } = at.system.backups!;
    const stanza = { ...at.system, backups: { postgres: { ...postgres!, stanza: 'nobody' } } };
    assert.equal((await failure(typeOf('postgres.restore').preflight(into('x'), context(at, { system: stanza })))).code, 'stanza-missing');
    const store = { ...at.store, path: '/nowhere/at/all' };
    const gone = { ...at.system, backups: { postgres: { ...postgres!, stores: { 'site-a': store } } } };
    assert.equal((await failure(typeOf('postgres.restore').preflight(into('x'), context(at, { system: gone })))).code, 'stanza-missing');
    const none = { ...at.system, backups: { postgres: { ...postgres!, stores: {} } } };
    assert.equal((await failure(typeOf('postgres.restore').preflight(into('x'), context(at, { system: none })))).code, 'no-store');
  });

  it('sees before it begins that the disk is too small, and says so where it fills up (as root)', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    const small = place('small');
    mkdirSync(small);
    spawnSync('chown', [at.owner!, small]);
    const mount = (size: string) =>
      assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},uid=101,mode=700`, 'tmpfs', small]).status, 0);
    mount('10m');
    try {
      const full = await failure(typeOf('postgres.restore').preflight(into('small'), context(at)));
      assert.deepEqual([full.code, full.remedy], ['disk-full', 'person']);
    } finally {
      spawnSync('umount', [small]);
    }
    // Room for the backup, and for no write-ahead log beside it.
    const { size } = (at.info()[0] as unknown as { info: { size: number } }).info;
    mount(`${Math.ceil((size * 1.1) / 1024) + 256}k`);
    const made = context(at);
    try {
      const error = await failure(carryOut('postgres.restore', into('small'), made));
      assert.deepEqual([error.code, error.remedy], ['disk-full', 'person']);
      await undo('postgres.restore', into('small'), made);
    } finally {
      spawnSync('umount', [small]);
      spawnSync('rm', ['-rf', small]);
    }
    assert.deepEqual(there(), []);
  });
});
