import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, plainEnvironment, root } from './call.ts';

describe('lifeboat demo', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-demo-test-'));
    // As root, PostgreSQL runs as another user, who must come to its disk.
    await chmod(folder, 0o755);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('without a terminal ends with 0 after a recovery that was verified from outside, and leaves a report and nothing else', async () => {
    const demo = play();
    assert.equal(await demo.ended, 0, demo.said());
    assert.match(demo.said(), /✓ recovered/);
    assert.match(demo.said(), /Verified from outside: the probe writes to b-db at site-b/);
    const report = /report at site-b: (\S+\.html)/.exec(demo.said())?.[1] ?? '';
    assert.match(await readFile(report, 'utf8'), /demo-approver/);
    assert.deepEqual(await files(), ['lifeboat-demo']);
    assert.deepEqual(await left(), []);
  }).timeout(180_000);

  // While it starts, once all stands, and in the midst of the run.
  for (const [when, sight] of [
    ['while the lab starts', /its other site/],
    ['once the run has started', /The failover has started/],
    ['while a decision is on its way', /cut-over/],
  ] as const) {
    it(`interrupted ${when} leaves no process and no file`, async () => {
      const demo = play();
      await demo.says(sight);
      demo.child.kill('SIGINT');
      assert.equal(await demo.ended, 130, demo.said());
      assert.deepEqual(await left(), []);
      assert.deepEqual(await files(), []);
    }).timeout(120_000);
  }

  function play() {
    const child = spawn(process.execPath, argv(['demo', '--yes']), {
      cwd: root,
      env: plainEnvironment({ TMPDIR: folder }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (more: string) => (text += more));
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const says = async (what: RegExp): Promise<void> => {
      for (const deadline = Date.now() + 90_000; !what.test(text); await new Promise((resolve) => setTimeout(resolve, 20)))
        if (Date.now() > deadline || child.exitCode !== null) throw new Error(`It never said ${what}: ${text}`);
    };
    return { child, ended, says, said: () => text };
  }

  /** What it left, but for the cache of the program that runs the sources. */
  const files = async (): Promise<string[]> => (await readdir(folder)).filter((name) => !name.startsWith('tsx-'));

  /** Command lines of processes that still have to do with the test's folder. */
  async function left(): Promise<string[]> {
    if (process.platform !== 'linux') return [];
    const found: string[] = [];
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid))) {
      const parts = await Promise.all(['cmdline', 'environ'].map((name) => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '')));
      if (parts.some((part) => part.includes(folder))) found.push(`${pid} ${parts[0]?.replaceAll('\0', ' ')}`);
    }
    return found;
  }
});
