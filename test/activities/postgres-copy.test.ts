import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { job } from '../../activities/host/job.ts';
import type { HostFacts, StoreFacts, SystemFacts } from '../../plan/plan.ts';
import { backed, canBackUp, type Backed } from './backrest.ts';
import { carryOut, context, failure, rehearse, typeOf, undo, until, type Options } from './estate.ts';

describe('postgres.copy', function () {
  this.timeout(180_000);
  const input = { host: 'a-db' };
  const between = { to: 'latest', 'not-before': '2026-01-31T12:00:00Z', 'not-after': '2026-01-31T13:00:00Z' };
  let at: Backed;
  let vault: StoreFacts;
  let system: SystemFacts;
  before(async function () {
    if (!canBackUp() || spawnSync('restic', ['version']).status !== 0 || spawnSync('rclone', ['version']).status !== 0) this.skip();
    at = await backed();
    const path = join(at.folder, 'vault');
    const password = join(at.folder, 'vault-key');
    const serve = join(at.folder, 'serve');
    mkdirSync(path, { mode: 0o700 });
    writeFileSync(password, 'correct horse\n', { mode: 0o600 });
    writeFileSync(serve, `#!/bin/sh\nexec rclone serve restic --stdio --append-only --quiet ${path}\n`);
    chmodSync(serve, 0o755);
    if (at.owner) spawnSync('chown', [at.owner, path, password]);
    const host: HostFacts = { ...at.hosts['b-db']!, name: 'b-app' };
    vault = {
      name: 'b-vault',
      site: 'site-b',
      tool: 'restic',
      host,
      path,
      url: 'rclone:',
      options: [`rclone.program=${serve}`],
      passwordFile: password,
      appendOnly: true,
    };
    system = withVault(vault);
    await at.sql('create table orders(id int primary key); insert into orders select generate_series(1, 500)');
    await carryOut('postgres.backup', { host: 'a-db', type: 'full' }, context(at));
  });
  after(async () => {
    // restic keeps a cache of each repository in the home of everybody who opened it.
    if (vault) {
      const { id } = JSON.parse(restic('cat', 'config')) as { id: string };
      for (const home of [homedir(), '/var/lib/postgresql']) rmSync(join(home, '.cache', 'restic', id), { recursive: true, force: true });
    }
    await at?.end();
  });
  const withVault = (store: StoreFacts): SystemFacts => ({
    ...at.system,
    backups: { postgres: { ...at.system.backups!.postgres!, copies: { 'site-a': store } } },
  });
  const here = (options: Options = {}) => context(at, { system, ...options });
  const restic = (...argv: string[]) =>
    at.as('restic', '-r', vault.path, '--password-file', vault.passwordFile!, '--no-cache', '--no-lock', ...argv);
  const snapshots = () => (JSON.parse(restic('snapshots', '--json')) ?? []) as { short_id: string; tags: string[] }[];
  const leftOver = () => readdirSync('/var/tmp').filter((name) => name.startsWith('lifeboat-copy-'));

  it('changes nothing in its preflight', async () => {
    const [said] = await typeOf('postgres.copy').preflight(input, here());
    assert.match(said ?? '', /a-backups holds 1 backups, the newest of .*; they are copied into b-vault at site-b/);
    assert.deepEqual(readdirSync(vault.path), []);
  });

  it('makes one copy, however often it is carried out, and reads it back at the vault', async () => {
    const made = here();
    const { outputs, backups } = await carryOut('postgres.copy', input, made);
    const [{ label } = { label: '' }] = at.info();
    const [snapshot] = snapshots();
    assert.deepEqual(outputs, { snapshot: snapshot?.short_id, store: 'b-vault', site: 'site-b', label });
    assert.deepEqual(
      backups?.[0]?.backups.map((one) => [one.label, one.kind, one.provenAt]),
      [[snapshot?.short_id, 'snapshot', null]],
    );
    await carryOut('postgres.copy', input, { ...made, stillOurs: () => Promise.reject(new Error('run twice it makes one')) });
    assert.equal(snapshots().length, 1);
  });

  it('goes on after an attempt that was killed half way', async () => {
    const stop = new AbortController();
    const made = here();
    let asked = 0;
    const killed = { ...made, signal: stop.signal, stillOurs: async () => void ((asked += 1) === 2 && stop.abort()) };
    await assert.rejects(typeOf('postgres.copy').execute(input, killed));
    await carryOut('postgres.copy', input, made);
    assert.equal(snapshots().length, 2);
  });

  it('cannot be deleted with the credentials that made it', async () => {
    const [{ short_id: id } = { short_id: '' }] = snapshots();
    const options = ['-o', vault.options![0]!, '--password-file', vault.passwordFile!, '--no-cache'];
    const argv = ['restic', '-r', 'rclone:', ...options, 'forget', '--prune', id];
    assert.throws(() => at.as(...argv));
    assert.ok(
      snapshots().some(({ short_id }) => short_id === id),
      'it is still there',
    );
  });

  it('proves a backup out of its copy, and restores from it, with the first site gone', async () => {
    renameSync(at.store.path, `${at.store.path}-gone`);
    try {
      const made = here();
      const { outputs, backups } = await carryOut('postgres.verify', { host: 'b-db', from: 'copy' }, made);
      assert.match(
        (outputs as { compared: string[] }).compared.join(' '),
        /brought back out of its copy, by the key of site-b alone.*all valid.*public\.orders 500/,
      );
      assert.equal(backups?.[0]?.complete, false);
      const restored = here();
      const directory = join(at.folder, 'places', 'copy');
      const wanted = { host: 'b-db', from: 'copy', directory };
      assert.match((await typeOf('postgres.restore').preflight(wanted, here())).join(' '), /b-vault at site-b opens with the key of b-app/);
      const outcome = await carryOut('postgres.restore', wanted, restored);
      assert.deepEqual((outcome.outputs as { rows: object }).rows, { 'public.orders': 500 });
      await undo('postgres.restore', wanted, restored);
    } finally {
      renameSync(`${at.store.path}-gone`, at.store.path);
    }
    assert.deepEqual(leftOver(), []);
  });

  it('is swept away after a rehearsal that was cut off in the midst of it, with what still fills it', async () => {
    const copies = { root: join(at.folder, 'places'), expires: 3_600_000, inService: {} };
    const hosts = { ...at.hosts, 'copy-of-b-db': { ...at.hosts['b-db']!, name: 'copy-of-b-db', copyOf: 'b-db' } };
    const place = { system: { ...system, copies }, hosts };
    const wanted = { host: 'copy-of-b-db', from: 'copy', directory: '/nowhere', healthy: 'select true', ...between };
    for (const name of ['postgres.verify', 'postgres.restore', 'postgres.find-point']) {
      const stop = new AbortController();
      const made = context(at, { ...place, live: false });
      const stillOurs = async () => void (leftOver().length > 0 && stop.abort());
      await assert.rejects(rehearse(name, wanted, { ...made, signal: stop.signal, stillOurs }));
      const [left] = leftOver();
      assert.ok(left, `${name} was not cut off`);
      const { host } = vault;
      const argv = ['sh', '-c', `while sleep 0.05; do date >> /var/tmp/${left}/rows; done`];
      const filling = job(host.name, { name: 'restore', argv, within: 30_000 }, { ...made, host: () => host }).catch(() => undefined);
      await until('the job to write', () => existsSync(`/var/tmp/${left}/rows`));
      const other = context(at, { ...place, live: false });
      assert.deepEqual(await typeOf(name).sweep!(wanted, other), []);
      assert.deepEqual(leftOver(), [left]);
      assert.deepEqual(await typeOf(name).sweep!(wanted, made), [`/var/tmp/${left} on b-app is no more.`]);
      await filling;
      assert.deepEqual(leftOver(), []);
      assert.deepEqual(await typeOf(name).sweep!(wanted, made), []);
      assert.deepEqual(await typeOf(name).sweep!({ ...wanted, from: 'store' }, made), []);
    }
  });

  it('does not copy while a backup is being made', async () => {
    const config = at.system.backups!.postgres!.config;
    const { spawn } = await import('node:child_process');
    const backup = [
      'pgbackrest',
      `--config=${config}`,
      '--stanza=orders',
      '--type=full',
      '--compress-type=gz',
      '--compress-level=9',
      'backup',
    ];
    const argv = at.owner ? ['setpriv', `--reuid=${at.owner}`, `--regid=${at.owner}`, '--init-groups', ...backup] : backup;
    const other = spawn(argv[0]!, argv.slice(1), { stdio: 'ignore' });
    const over = new Promise((done) => other.on('exit', done));
    await until('its lock', () => existsSync(join(at.folder, 'lock', 'orders-backup.lock')));
    const error = await failure(carryOut('postgres.copy', input, here()));
    assert.deepEqual([error.code, error.remedy], ['backup-locked', 'later']);
    await over;
  });

  it('needs a person for a wrong key, and calls a vault at the same site a mistake', async () => {
    const wrong = join(at.folder, 'wrong-key');
    writeFileSync(wrong, 'wrong-word\n', { mode: 0o644 });
    const login = await failure(carryOut('postgres.copy', input, here({ system: withVault({ ...vault, passwordFile: wrong }) })));
    assert.deepEqual([login.code, login.remedy], ['store-password', 'person']);
    assert.doesNotMatch(login.message, /wrong-word/);
    const dead = withVault({ ...vault, options: ['rclone.program=/nowhere/rclone'] });
    assert.match((await failure(carryOut('postgres.copy', input, here({ system: dead })))).code, /^store-|^restic-/);
    const same = await failure(carryOut('postgres.copy', input, here({ system: withVault({ ...vault, site: 'site-a' }) })));
    assert.deepEqual([same.code, same.remedy], ['same-failure-domain', 'mistake']);
  });
});
