import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { query } from '../query.ts';
import { canBackUp, type Backed } from './backrest.ts';
import { backupCopy, type BackupCopy } from './backup-copy.ts';
import { carryOut, context, rehearse, typeOf, until, type Options } from './estate.ts';

/** The same step type as copy-postgres.test.ts holds, where the rehearsal is made of the last backup. */
describe('copy.postgres from a backup', function () {
  this.timeout(120_000);
  const type = typeOf('copy.postgres');
  const input = { host: 'copy-of-b-db' };
  let its: BackupCopy;
  let at: Backed;
  before(async function () {
    if (!canBackUp()) this.skip();
    its = await backupCopy();
    at = its.at;
  });
  after(() => at?.end());
  afterEach(() => its?.sweep());
  const own = (options?: Options) => its.own(options);
  const make = (made?: ReturnType<typeof own>) => its.make(made);
  const rows = () => its.rows();

  it('only looks in its preflight, and tells which backup it found and how much room there is', async () => {
    assert.match((await type.preflight(input, own())).join(' '), new RegExp(`bytes free for the \\d+ of backup ${its.label}`));
    assert.equal(existsSync(its.root), false);
  });

  it('holds the last backup and what the archive holds, as a standby, beside a production that does not notice', async () => {
    const before = await its.production();
    const { outputs } = await make();
    const { bytes } = outputs as { bytes: number };
    assert.deepEqual(outputs, {
      of: 'b-db',
      directory: its.data,
      port: its.port,
      bytes,
      rows: { 'public.items': 40, 'public.orders': 5000 },
    });
    assert.deepEqual(
      await its.ask(
        'select pg_is_in_recovery() as recovering, (select count(*)::int from orders) as o, (select count(*)::int from items) as i',
      ),
      [{ recovering: true, o: 5010, i: 40 }],
    );
    assert.equal(
      at.as('readlink', '-f', ...readdirSync(`${its.data}/pg_tblspc`).map((name) => `${its.data}/pg_tblspc/${name}`)).trim(),
      `${its.data}.tablespaces/far`,
    );
    assert.deepEqual(await its.production(), before);
  });

  it('is promoted for a rehearsal, takes rows of its own, archives none of them, and the sweep takes all of it away', async () => {
    const before = await its.production();
    await make();
    await rehearse('postgres.promote', input, own({ step: 'promote' }));
    const boss = (text: string) =>
      at.as('psql', '-XAtq', '-h', `${its.data}.lifeboat`, '-p', `${its.port}`, '-U', 'boss', '-d', 'orders', '-c', text).trim();
    boss('insert into orders select generate_series(100001, 100009)');
    boss('select pg_switch_wal()');
    boss('checkpoint');
    assert.equal(await rows(), 5019);
    assert.equal(boss("select current_setting('archive_mode') || current_setting('archive_command')"), 'off(disabled)');
    await sleep(1_000);
    assert.deepEqual(await its.production(), before);
    await its.sweep();
    assert.deepEqual(readdirSync(its.root), []);
    assert.deepEqual(await its.production(), before);
  });

  it('lets in the login of steps alone, by its own port alone', async () => {
    await make();
    await assert.rejects(its.ask('select', { user: 'boss' }), /pg_hba.conf/);
    await assert.rejects(its.ask('select', { database: 'postgres' }), /pg_hba.conf/);
    await assert.rejects(query({ port: its.port, user: 'lifeboat', password: 'wrong', database: 'orders' }, 'select'), /password/);
    assert.equal(at.as('stat', '-c', '%a', `${its.data}.lifeboat`).trim(), '700');
    const [set] = await its.ask(
      `select current_setting('port') as port, current_setting('unix_socket_directories') as sockets, current_setting('primary_conninfo') as follows`,
    );
    assert.deepEqual(set, { port: `${its.port}`, sockets: `${its.data}.lifeboat`, follows: '' });
  });

  it('keeps within its folder, whatever the configuration there says of links, tablespaces, old files and queues', async () => {
    const { config } = its.system.backups!.postgres!;
    const odd = join(at.folder, 'other', 'odd.conf');
    writeFileSync(
      odd,
      `${readFileSync(config, 'utf8')}\n[global:restore]\ndelta=y\nlink-all=y\ntablespace-map-all=${at.folder}/places/far\ntablespace-map=far=${at.folder}/places/far\nrecovery-option=recovery_end_command=touch ${at.folder}/other/touched\n[global:archive-get]\narchive-async=y\n`,
      { mode: 0o644 },
    );
    const before = await its.production();
    await make(own({ system: its.changed({ config: odd }) }));
    assert.equal(await rows(), 5010);
    await rehearse('postgres.promote', input, own({ step: 'promote' }));
    assert.deepEqual(await its.production(), before);
    assert.equal(at.as('find', join(at.folder, 'spool')).trim(), join(at.folder, 'spool'), 'its segments do not go by the common queue');
    assert.equal(existsSync(join(at.folder, 'other', 'touched')), false);
  });

  it('is made once however often it is asked for, also after it was promoted', async () => {
    const made = own();
    const started = async () => (await its.ask<{ at: Date }>('select pg_postmaster_start_time() as at'))[0]!.at.toISOString();
    const { outputs } = await make(made);
    const first = await started();
    const again = await make({ ...made, stillOurs: () => Promise.reject(new Error('nothing is left to do')) });
    assert.deepEqual(again.outputs, outputs);
    await rehearse('postgres.promote', input, own({ step: 'promote' }));
    await make(made);
    assert.equal(await started(), first);
  });

  it('goes on where an attempt was killed, at whatever it was', async () => {
    const made = own();
    for (let acts = 0, killed = true; killed; acts += 1) {
      let left = acts;
      const dies = async (): Promise<void> => {
        left -= 1;
        if (left < 0) throw new Error('killed');
      };
      killed = await make({ ...made, stillOurs: dies }).then(
        () => false,
        (error: Error) => /^killed$/.test(error.message) || Promise.reject(error),
      );
      if (!killed) assert.ok(acts > 0, 'it asks before it acts');
    }
    assert.equal(await rows(), 5010);
  });

  it('restores anew where the restore itself was cut short, and keeps to the backup that it began with', async () => {
    const made = own();
    const stop = new AbortController();
    const attempt = make({ ...made, signal: stop.signal });
    await until('the restore to have begun', () => existsSync(`${its.data}/base`), 20_000);
    stop.abort();
    await assert.rejects(attempt);
    assert.equal(existsSync(`${its.data}/global/pg_control`), false);
    assert.equal(existsSync(`${its.data}.lifeboat/log`), false);
    const later = await carryOut('postgres.backup', { host: 'a-db', type: 'incremental' }, context(at));
    assert.notEqual((later.outputs as { label: string }).label, its.label);
    const { outputs } = await make(made);
    assert.equal((outputs as { rows: Record<string, number> }).rows['public.orders'], 5000);
    // The archive holds by now what the later backup needed.
    assert.equal(await rows(), 5011);
  });

  it('waits for the restore that goes on without the worker that began it', async () => {
    const made = own();
    const jobs = join(process.env['XDG_STATE_HOME']!, 'lifeboat', 'jobs');
    const known = new Set(readdirSync(jobs));
    const stop = new AbortController();
    const attempt = make({ ...made, signal: stop.signal });
    await until('the restore to have begun', () => existsSync(`${its.data}/base`), 20_000);
    stop.abort(new Error('WORKER_SHUTDOWN'));
    await assert.rejects(attempt);
    await make(made);
    const [only, ...more] = readdirSync(jobs).filter((name) => !known.has(name));
    assert.deepEqual([readFileSync(join(jobs, only!, 'run'), 'utf8').trim(), more], ['1', []]);
  });

  it('replays on where production was given more connections since the backup', async () => {
    const more = (count: number) => {
      at.as(
        'psql',
        '-XAtq',
        '-h',
        `${at.folder}/sock`,
        '-p',
        portOf(),
        '-U',
        'boss',
        '-d',
        'orders',
        '-c',
        `alter system set max_connections = ${count}`,
      );
      at.as('pg_ctl', '-D', join(at.folder, 'data'), '-w', '-s', '-l', join(at.folder, 'log', 'server'), 'restart');
    };
    more(140);
    await at.sql('insert into orders values (5012)');
    await at.archive();
    await make();
    assert.equal(await rows(), 5012);
    await rehearse('postgres.promote', input, own({ step: 'promote' }));
    assert.equal(await rows(), 5012);
  });
  const portOf = (): string => /port=(\d+)/.exec(readFileSync(its.system.backups!.postgres!.config, 'utf8'))![1]!;
});
