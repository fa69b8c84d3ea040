import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../activities/host/run.ts';
import { failure, until } from './estate.ts';
import { localHost } from './nowhere.ts';

describe('A command on a host', () => {
  const host = localHost('a-db', 22);
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-run-'));
  after(() => rmSync(folder, { recursive: true }));

  it('gets its arguments as they are: no shell reads them', async () => {
    const trap = join(folder, 'trap');
    const { stdout, code } = await run(host, ['/bin/echo', '-n', `$(touch ${trap}); a  b`], { deadline: 5_000 });
    assert.equal(stdout, `$(touch ${trap}); a  b`);
    assert.equal(code, 0);
    assert.equal(existsSync(trap), false);
  });

  it('does not see the environment of the worker, where secrets stand', async () => {
    process.env['LIFEBOAT_TEST_SECRET'] = 'hush';
    try {
      assert.doesNotMatch((await run(host, ['env'], { deadline: 5_000 })).stdout, /hush/);
    } finally {
      delete process.env['LIFEBOAT_TEST_SECRET'];
    }
  });

  it('is killed with all its children at its deadline', async () => {
    const file = join(folder, 'pid');
    const error = await failure(run(host, ['/bin/sh', '-c', `sleep 60 & echo $! > ${file}; wait`], { deadline: 300 }));
    assert.equal(error.code, 'command-silent');
    await gone(Number(readFileSync(file, 'utf8')));
  });

  it('is killed when the step is cancelled', async () => {
    const file = join(folder, 'pid2');
    const stop = new AbortController();
    const pending = failure(run(host, ['/bin/sh', '-c', `echo $$ > ${file}; sleep 60`], { deadline: 30_000, signal: stop.signal }));
    await until('the command to run', () => existsSync(file) && readFileSync(file, 'utf8') !== '');
    stop.abort();
    assert.equal((await pending).code, 'cancelled');
    await gone(Number(readFileSync(file, 'utf8')));
  });

  it('has ended when it has ended, though a server that it started holds its output open', async () => {
    const began = performance.now();
    const { stdout } = await run(host, ['/bin/sh', '-c', 'sleep 3 & echo $!'], { deadline: 10_000 });
    assert.ok(performance.now() - began < 2_000);
    process.kill(Number(stdout), 'SIGKILL');
  });

  it('keeps 64 KiB of what is printed, and tells the exit code', async () => {
    const { stdout, code } = await run(host, ['/bin/sh', '-c', 'head -c 200000 /dev/zero | tr "\\0" x; exit 3'], { deadline: 5_000 });
    assert.deepEqual([stdout.length, code], [64 * 1024, 3]);
  });

  it('says which program is missing, and that a person must act', async () => {
    const error = await failure(run(host, [join(folder, 'missing')], { deadline: 5_000 }));
    assert.deepEqual([error.code, error.remedy], ['command-not-run', 'person']);
    assert.match(error.message, /ENOENT/);
  });

  it("runs as another user, with that user's surroundings", async function () {
    if (process.getuid?.() !== 0) this.skip();
    const { stdout } = await run(host, ['sh', '-c', 'id -un; echo "$HOME"; pwd'], { deadline: 5_000, as: 'nobody' });
    assert.equal(stdout, 'nobody\n/nonexistent\n/\n');
    const error = await failure(run(host, ['no-such-program'], { deadline: 5_000, as: 'nobody' }));
    assert.deepEqual([error.code, error.remedy], ['command-not-run', 'person']);
  });

  it('tells that more was printed than was kept, and keeps as much as is asked for', async () => {
    const print = ['/bin/sh', '-c', 'head -c 100000 /dev/zero | tr "\\0" x'];
    assert.equal((await run(host, print, { deadline: 5_000 })).cut, true);
    const { stdout, cut } = await run(host, print, { deadline: 5_000, most: 100_000 });
    assert.deepEqual([stdout.length, cut], [100_000, false]);
  });

  it('reads its input, also where that is long and holds what no argument may', async () => {
    const input = `\0'"$(x)\n`.repeat(50_000);
    const { stdout } = await run(host, ['sha256sum'], { deadline: 5_000, input });
    assert.equal(stdout.split(' ')[0], createHash('sha256').update(input).digest('hex'));
  });
});

async function gone(pid: number): Promise<void> {
  await until(`process ${pid} to be gone`, () => {
    try {
      return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return true;
    }
  });
}
