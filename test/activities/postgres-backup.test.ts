import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backed, canBackUp, type Backed } from './backrest.ts';
import { carryOut, context, failure, typeOf, until } from './estate.ts';

describe('postgres.backup', function () {
  this.timeout(120_000);
  const full = { host: 'a-db', type: 'full' as const };
  let at: Backed;
  before(async function () {
    if (!canBackUp()) this.skip();
    at = await backed();
    await at.sql(
      'create table orders(id int primary key, item text); insert into orders select g, repeat(md5(g::text), 20) from generate_series(1, 500) g',
    );
  });
  after(() => at?.end());

  it('changes nothing in its preflight, and says that the stanza will be made', async () => {
    const said = (await typeOf('postgres.backup').preflight(full, context(at))).join(' ');
    assert.match(said, /PostgreSQL 15\.\d+ .* on a-db is a primary and archives\. .* no stanza orders yet/);
    assert.deepEqual(at.info(), []);
    assert.equal(at.as('ls', '-A', at.store.path), '');
  });

  it('takes a standby, a server that does not archive and a wrong login for what they are', async () => {
    const nobody = join(at.folder, 'wrong');
    writeFileSync(nobody, 'wrong-word');
    const system = { ...at.system, postgres: { ...at.system.postgres!, password: `file:${nobody}` } };
    const login = await failure(typeOf('postgres.backup').preflight(full, context(at, { system })));
    assert.deepEqual([login.code, login.remedy], ['postgres-login', 'person']);
    assert.doesNotMatch(login.message, /wrong-word/);
    const { 'a-db': host } = at.hosts;
    const dead = { ...host!, views: { default: { address: '127.0.0.1', ports: { 5432: 1 } } } };
    assert.equal((await failure(carryOut('postgres.backup', full, context(at, { hosts: { 'a-db': dead } })))).code, 'postgres-unreachable');
    assert.deepEqual(at.info(), []);
  });

  it('makes the stanza, a backup and its counts, once, and lists everything that the store has', async () => {
    const made = context(at);
    const { outputs, backups, evidence } = await carryOut('postgres.backup', full, made);
    const { label, kind, store, bytes, before, after } = outputs as Record<string, unknown>;
    assert.deepEqual([kind, store, before, after], ['full', 'a-backups', { 'public.orders': 500 }, { 'public.orders': 500 }]);
    assert.ok((bytes as number) > 1_000_000);
    assert.deepEqual(
      at.info().map((one) => one.label),
      [label],
    );
    const [news] = backups ?? [];
    assert.deepEqual([news?.complete, news?.backups.map((one) => [one.label, one.provenAt])], [true, [[label, null]]]);
    assert.match(evidence.join(' '), /without errors.*not proven yet.*is in the archive.*public\.orders 500/);

    await carryOut('postgres.backup', full, { ...made, stillOurs: () => Promise.reject(new Error('run twice it makes one')) });
    assert.equal(at.info().length, 1);
  });

  it('adopts the backup of an attempt whose response was lost, and counts what was not counted', async () => {
    const made = context(at);
    const there = at.info().length;
    const lost = { ...made, stillOurs: async () => assert.equal(at.info().length, there, 'killed before the counts after it') };
    await assert.rejects(typeOf('postgres.backup').execute({ host: 'a-db', type: 'incremental' }, lost), /killed before/);
    const before = at.info().length;
    await at.sql('insert into orders select g from generate_series(501, 510) g');
    const { outputs } = await carryOut('postgres.backup', { host: 'a-db', type: 'incremental' }, made);
    assert.equal(at.info().length, before);
    assert.deepEqual((outputs as { before: unknown }).before, { 'public.orders': 500 });
    assert.deepEqual((outputs as { after: unknown }).after, { 'public.orders': 510 });
    assert.equal((outputs as { kind: unknown }).kind, 'incremental');
  });

  it('goes on after an attempt that was killed half way', async () => {
    const stop = new AbortController();
    const made = context(at);
    const killed = { ...made, signal: stop.signal };
    const attempt = typeOf('postgres.backup').execute({ host: 'a-db', type: 'full' }, killed);
    const before = at.info().length;
    await until(
      'the copying',
      () =>
        at
          .as('ls', join(at.store.path, 'backup', 'orders'))
          .split('\n')
          .filter((name) => name.endsWith('F')).length > 1,
      30_000,
    );
    stop.abort();
    await assert.rejects(attempt);
    assert.equal(at.info().length, before);
    await carryOut('postgres.backup', { host: 'a-db', type: 'full' }, { ...made, signal: new AbortController().signal });
    assert.equal(at.info().length, before + 1);
  });

  it('makes nothing once the run no longer runs', async () => {
    const before = at.info().length;
    const late = context(at, { stillOurs: () => Promise.reject(new Error('lent to another run')) });
    await assert.rejects(typeOf('postgres.backup').execute(full, late), /lent to another run/);
    assert.equal(at.info().length, before);
  });

  it('does not count a backup whose write-ahead log is not in the archive', async () => {
    const made = context(at);
    await typeOf('postgres.backup').execute({ host: 'a-db', type: 'differential' }, made);
    const { archive } = at.info().at(-1) as unknown as { archive: { stop: string } };
    const folder = join(at.store.path, 'archive', 'orders', '15-1', archive.stop.slice(0, 16));
    const file = at
      .as('ls', folder)
      .split('\n')
      .find((name) => name.startsWith(`${archive.stop}-`))!;
    renameSync(join(folder, file), join(at.folder, file));
    const error = await failure(typeOf('postgres.backup').verify({ host: 'a-db', type: 'differential' }, made));
    renameSync(join(at.folder, file), join(folder, file));
    assert.deepEqual([error.code, error.remedy], ['archive-missing', 'person']);
    await typeOf('postgres.backup').verify({ host: 'a-db', type: 'differential' }, made);
  });

  it('backs up a server that was just promoted', async () => {
    await at.sql('create table fresh as select repeat(md5(g::text), 30) as v from generate_series(1, 20000) g');
    const data = at.system.postgres!.data['site-a']!;
    at.stop();
    at.as('touch', join(data, 'standby.signal'));
    at.as('pg_ctl', '-D', data, '-w', '-s', '-l', join(at.folder, 'log', 'server'), 'start');
    await at.sql('select pg_promote()');
    const { outputs } = await carryOut('postgres.backup', full, context(at));
    assert.equal((outputs as { kind: unknown }).kind, 'full');
    await at.sql('drop table fresh');
  });

  it('waits for whoever works on the stanza', async () => {
    const config = at.system.backups!.postgres!.config;
    const { spawn } = await import('node:child_process');
    const argv = [
      'pgbackrest',
      `--config=${config}`,
      '--stanza=orders',
      '--type=full',
      '--process-max=1',
      '--compress-type=gz',
      '--compress-level=9',
      'backup',
    ];
    const other = spawn('setpriv', ['--reuid=postgres', '--regid=postgres', '--init-groups', ...argv], { stdio: 'ignore' });
    const over = new Promise((done) => other.on('exit', done));
    await until('its lock', () =>
      /"held":true/.test(at.as('pgbackrest', `--config=${config}`, '--stanza=orders', 'info', '--output=json')),
    );
    const error = await failure(typeOf('postgres.backup').execute(full, context(at)));
    assert.deepEqual([error.code, error.remedy], ['backup-locked', 'later']);
    await over;
  });

  it('takes a shrunken database and one without tables for failures, by name', async () => {
    await at.sql('create table heap as select repeat(md5(g::text), 30) as v from generate_series(1, 60000) g');
    await carryOut('postgres.backup', full, context(at));
    await at.sql('drop table heap');
    const shrunken = await failure(carryOut('postgres.backup', full, context(at)));
    assert.deepEqual([shrunken.code, shrunken.remedy], ['backup-shrunken', 'person']);
    await at.sql('drop table orders');
    const empty = await failure(carryOut('postgres.backup', full, context(at)));
    assert.equal(empty.code, 'backup-empty');
  });

  it('needs a person where the stanza is of another cluster', async () => {
    const before = at.info().length;
    await at.anew();
    const error = await failure(carryOut('postgres.backup', full, context(at)));
    assert.deepEqual([error.code, error.remedy], ['another-cluster', 'person']);
    assert.equal(at.info().length, before);
  });
});
