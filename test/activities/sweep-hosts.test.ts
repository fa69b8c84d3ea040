import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StepError } from '../../activities/error.ts';
import { job } from '../../activities/host/job.ts';
import { due } from '../../activities/sweep/due.ts';
import { hostSweeper } from '../../activities/sweep/hosts.ts';
import { markerFile, markerFor, type Marker } from '../../activities/sweep/marker.ts';
import { placeMarker } from '../../activities/sweep/scripts.ts';
import { sweep, type Swept } from '../../activities/sweep/sweep.ts';
import type { Leftover, SweepContext, Sweeper } from '../../activities/sweep/sweeper.ts';
import type { HostFacts } from '../../plan/plan.ts';
import { databaseUser } from '../../lab/database-user.ts';
import { findPostgres } from '../../lab/installed.ts';
import { until } from './estate.ts';
import { closedPort, localHost, plain } from './nowhere.ts';
import { mayRunSshd, sshd } from './sshd.ts';

const user = databaseUser();
const hour = 3_600_000;

describe('What rehearsals leave on a host', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-sweep-'));
  const root = join(folder, 'rehearsal');
  const host: HostFacts = { ...localHost('copy-of-b-db', 22), site: 'site-b', copyOf: 'b-db' };
  const ours = plain({ hosts: { 'copy-of-b-db': host } });
  const marker: Marker = { ...markerFor(ours, hour), expires: new Date(Date.now() + hour).toISOString() };
  before(() => {
    chmodSync(folder, 0o755);
    own(root);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Makes a directory that belongs to the user of the database. */
  function own(path: string): string {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (user) chownSync(path, user.uid, user.gid);
    return path;
  }
  function copy(name: string, given: Partial<Marker> | string = {}): string {
    const directory = own(join(root, name));
    writeFileSync(join(directory, markerFile), typeof given === 'string' ? given : JSON.stringify({ ...marker, ...given }));
    return directory;
  }
  const context = (more: Partial<SweepContext> = {}): SweepContext => ({
    system: { name: 'orders' },
    site: 'site-b',
    place: { folders: [{ host, root, ...(user === null ? {} : { user: user.name }) }] },
    viewpoint: 'site-b',
    run: { workflowId: 'sweep-orders' },
    aws: () => assert.fail('nothing is asked of AWS'),
    signal: new AbortController().signal,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    stillOurs: async () => undefined,
    ...more,
  });
  const of = { run: marker.run, startedAt: marker.startedAt };
  const swept = (more: Partial<Parameters<typeof sweep>[0]> = {}, made = context(), all?: readonly Sweeper[]): Promise<Swept> =>
    sweep(
      { of, which: 'over', remove: true, within: 5_000, ...more },
      made,
      { over: async () => false, before: [], begun: () => undefined },
      all,
    );
  const names = (found: readonly Leftover[]): string[] => found.map(({ name }) => name.replace(`b-db:${root}/`, '')).toSorted();

  it('is found by its marker and taken away; what bears none, or another system, or is only pointed at, stays', async () => {
    const mine = copy('orders');
    own(join(mine, 'database'));
    own(join(mine, 'database', 'base'));
    writeFileSync(join(mine, 'database', 'base', markerFile), 'a file of that name inside');
    const outside = own(join(folder, 'production'));
    writeFileSync(join(outside, markerFile), JSON.stringify(marker));
    writeFileSync(join(outside, 'rows'), 'kept');
    symlinkSync(outside, join(root, 'pointed'));
    symlinkSync(join(outside, 'rows'), join(mine, 'pointed'));
    const stays = [
      copy('others', { system: 'shop' }),
      own(join(root, 'bare')),
      copy('torn', '{"system":"orders","run'),
      join(root, 'pointed'),
    ];
    const result = await swept();
    assert.deepEqual([names(result.removed), result.left, result.problems], [['orders'], [], []]);
    assert.ok(!existsSync(mine));
    for (const path of stays) assert.ok(existsSync(path), path);
    assert.equal(readFileSync(join(outside, 'rows'), 'utf8'), 'kept');
    for (const path of stays) rmSync(path, { recursive: true });
  });

  it('is for its owner alone, and what had to be made above it is not: jobs of others lie there', async () => {
    const above = join(folder, 'lifeboat');
    const made = join(above, 'rehearsal', 'orders');
    const before = process.umask(0o077);
    try {
      execFileSync('sh', ['-c', placeMarker, 'lifeboat', made, markerFile, JSON.stringify(marker)]);
    } finally {
      process.umask(before);
    }
    const modes = [above, join(above, 'rehearsal'), made, join(made, markerFile)].map((path) => (statSync(path).mode & 0o777).toString(8));
    assert.deepEqual(modes, ['755', '755', '700', '600']);
    const there = context({ place: { folders: [{ host, root: join(above, 'rehearsal') }] } });
    assert.equal((await swept({}, there)).removed.length, 1);
    assert.ok(!existsSync(made));
  });

  it('is only shown where nothing is to be removed, and its run and expiry decide what goes', async () => {
    copy('this');
    copy('later', { startedAt: new Date().toISOString() });
    copy('expired', { run: 'rehearsal-old', expires: '2020-01-01T00:00:00.000Z' });
    copy('runs', { run: 'rehearsal-runs' });
    const looked = await swept({ remove: false });
    assert.deepEqual([names(looked.left), names(looked.others)], [['this'], ['expired', 'later', 'runs']]);
    assert.deepEqual(names((await swept({ of: null, which: 'expired', remove: false })).left), ['expired']);
    const found = await hostSweeper.find(context());
    const over = async (run: string): Promise<boolean> => run !== 'rehearsal-runs';
    assert.deepEqual(names(await due(found, { of: null, which: 'over' }, over)), ['expired', 'later', 'this']);
    assert.deepEqual(names(await due(found, { of: null, which: 'expired' }, over)), ['expired']);
    // A child run made it: it goes with the rehearsal that started that one, and not before.
    const childs = found.map((one) => ({ ...one, run: `${one.run}/volumes/1` }));
    const { run, startedAt } = found.find(({ name }) => name.endsWith('this'))!;
    assert.deepEqual(names(await due(childs, { of: { run, startedAt }, which: 'over' }, over)), ['this']);
    assert.deepEqual(names(await due(childs, { of: null, which: 'over' }, over)), ['expired', 'later', 'this']);
    rmSync(root, { recursive: true });
    own(root);
  });

  it('is nothing where the root was never made, and unknown, not nothing, where it cannot be looked', async () => {
    const nowhere = context({ place: { folders: [{ host, root: join(folder, 'never') }] } });
    assert.deepEqual(await swept({}, nowhere), { removed: [], left: [], others: [], problems: [] });
    const ssh = { user: 'root', port: await closedPort(), key: '/nowhere', knownHosts: '/nowhere' };
    const far = context({ place: { folders: [{ host: { ...host, connection: 'ssh', ssh }, root }] } });
    copy('orders');
    const [{ problems, left }, both] = [await swept({}, far), await swept({ remove: false })];
    assert.match(problems.join(' '), /b-db/u);
    assert.deepEqual([left, names(both.left)], [[], ['orders']]);
  });

  it('keeps its marker until the last, so that a worker that is killed half way leaves it to the next', async () => {
    const mine = copy('orders');
    own(join(mine, 'database'));
    let steps = 0;
    const dies = context({
      stillOurs: () =>
        (steps += 1) > 2 ? Promise.reject(new StepError('stopped', 'orders was stopped by bob', 'person')) : Promise.resolve(),
    });
    const first = await swept({ within: 300 }, dies);
    assert.match(first.problems.join(' '), /stopped by bob/u);
    assert.deepEqual([names(first.left), existsSync(join(mine, markerFile))], [['orders'], true]);
    // A marker that was not yet moved into its place counts too.
    execFileSync('mv', [join(mine, markerFile), join(mine, `${markerFile}.new`)]);
    assert.deepEqual(names((await swept()).removed), ['orders']);
    assert.ok(!existsSync(mine));
    assert.deepEqual((await swept()).removed, []);
  });

  it('is still known for what it is where something of it cannot be removed', async function () {
    // Only root can make what another user cannot remove.
    if (user === null) this.skip();
    const mine = copy('orders');
    const stubborn = join(mine, 'database');
    mkdirSync(join(stubborn, 'base'), { recursive: true });
    const first = await swept({ within: 300 });
    assert.deepEqual([names(first.left), first.removed, existsSync(join(mine, markerFile))], [['orders'], [], true]);
    assert.match(first.problems.join(' '), /could not remove .*Permission denied/su);
    rmSync(stubborn, { recursive: true });
    assert.deepEqual(names((await swept()).removed), ['orders']);
  });

  it('is not taken for what another rehearsal made in the same place meanwhile', async () => {
    const mine = copy('orders');
    const doomed = await hostSweeper.find(context());
    rmSync(mine, { recursive: true });
    copy('orders', { startedAt: new Date().toISOString() });
    await hostSweeper.remove(doomed, context());
    assert.ok(existsSync(mine));
    rmSync(mine, { recursive: true });
  });

  it('of one kind goes although another cannot be looked at', async () => {
    copy('orders');
    const blind: Sweeper = { find: () => Promise.reject(new Error('the region is silent')), remove: () => assert.fail('nothing is known') };
    const result = await swept({}, context(), [blind, hostSweeper]);
    assert.deepEqual([names(result.removed), result.problems], [['orders'], ['the region is silent']]);
  });

  it('is not called gone where it could not be looked at again', async () => {
    copy('orders');
    let looks = 0;
    const fades: Sweeper = {
      find: (made) => ((looks += 1) > 1 ? Promise.reject(new Error('the line is cut')) : hostSweeper.find(made)),
      remove: async () => undefined,
    };
    const result = await swept({}, context(), [fades]);
    assert.deepEqual([result.removed, result.left, result.problems], [[], [], ['the line is cut']]);
    assert.deepEqual(names((await swept()).removed), ['orders']);
  });

  it('ends the job that still fills it', async () => {
    const mine = copy('orders');
    const ending = new AbortController();
    const filling = job(
      'copy-of-b-db',
      { name: 'copy', argv: ['sh', '-c', `while sleep 0.05; do date >> ${join(mine, 'rows')}; done`], within: 30_000 },
      ours,
    ).catch(() => undefined);
    await until('the job to write', () => existsSync(join(mine, 'rows')));
    assert.deepEqual(names((await swept()).removed), ['orders']);
    assert.ok(!existsSync(mine));
    await filling;
    ending.abort();
  });

  it('is found and taken away over SSH just so (root)', async function () {
    if (!mayRunSshd) this.skip();
    const far = await sshd();
    try {
      const { user: _, ...place } = context().place.folders[0]!;
      for (const as of user === null ? [{}] : [{}, { user: user.name }]) {
        const there = { folders: [{ ...place, ...as, host: { ...far.host, name: host.name, copyOf: 'b-db' } }] };
        const mine = own(join(copy("or'ders $x"), 'database'));
        const result = await swept({}, context({ place: there }));
        assert.deepEqual([names(result.removed), result.problems, existsSync(mine)], [["or'ders $x"], [], false]);
      }
    } finally {
      await far.end();
    }
  });

  describe('with PostgreSQL', () => {
    let bin: string;
    let neighbour: ChildProcess;
    const as = user ? { uid: user.uid, gid: user.gid } : {};
    before(async () => {
      bin = (await findPostgres())!;
      assert.ok(bin, 'There is no PostgreSQL on this machine.');
      neighbour = spawn('sleep', ['600'], { ...as, cwd: '/', stdio: 'ignore' });
    });
    after(() => neighbour.kill('SIGKILL'));

    function cluster(directory: string): string {
      const data = join(directory, 'database');
      execFileSync(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '--no-sync', '--no-instructions'], {
        ...as,
        cwd: '/',
        stdio: 'ignore',
      });
      return data;
    }

    it('ends the server that runs in it, and no program whose number a file left behind names', async () => {
      const mine = copy('orders');
      const data = cluster(mine);
      const options = `-c listen_addresses='' -c unix_socket_directories=${data}`;
      execFileSync(join(bin, 'pg_ctl'), ['-D', data, '-s', '-w', '-o', options, '-l', join(mine, 'log'), 'start'], { ...as, cwd: '/' });
      const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
      const stale = own(join(mine, 'other'));
      writeFileSync(join(stale, 'postmaster.pid'), `${neighbour.pid}\n${stale}\n`);
      assert.deepEqual(names((await swept()).removed), ['orders']);
      assert.ok(!existsSync(mine));
      await until('the server to be gone', () => !existsSync(`/proc/${pid}/cwd`));
      assert.equal(neighbour.exitCode, null);
      assert.equal(neighbour.signalCode, null);
      assert.equal(readFileSync(`/proc/${neighbour.pid}/comm`, 'utf8').trim(), 'sleep');
    });
  });
});
