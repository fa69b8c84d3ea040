import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { job, jobBefore } from '../../activities/host/job.ts';
import { StepError } from '../../activities/error.ts';
import { failure, until } from './estate.ts';
import { localHost, plain } from './nowhere.ts';
import { attacks } from './words.ts';

describe('A job on this machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-job-'));
  const hosts = { 'a-db': localHost('a-db', 22) };
  const file = (name: string): string => join(folder, name);
  const starts = (name: string): number => (existsSync(file(name)) ? readFileSync(file(name), 'utf8').split('x').length - 1 : 0);
  /** Counts its starts in a file, then goes on. */
  const counting = (name: string, then = ''): string[] => ['sh', '-c', `printf x >> ${file(name)}; ${then}`];
  after(() => rmSync(folder, { recursive: true }));

  it('is run once, and its end is found by a later attempt', async () => {
    const made = plain({ hosts });
    const wanted = { name: 'one', argv: counting('one', 'echo done; echo oops >&2'), within: 10_000 };
    const first = await job('a-db', wanted, made);
    assert.deepEqual(first, { code: 0, stdout: 'done\n', stderr: 'oops\n', cut: false });
    assert.deepEqual(await job('a-db', wanted, { ...made, stillOurs: () => Promise.reject(new Error('nothing is started')) }), first);
    assert.equal(starts('one'), 1);
    await job('a-db', wanted, plain({ hosts }));
    assert.equal(starts('one'), 2, 'another run has another job');
  });

  it('gets exactly its words and its input, and leaves no file with the input', async () => {
    const tell = [process.execPath, '-e', 'process.stdout.write(JSON.stringify(process.argv.slice(1)))', '--'];
    const made = plain({ hosts });
    for (const [nth, words] of attacks.entries())
      assert.equal(
        (await job('a-db', { name: `words-${nth}`, argv: [...tell, ...words], within: 10_000 }, made)).stdout,
        JSON.stringify(words),
      );
    const { stdout } = await job('a-db', { name: 'input', argv: ['cat'], within: 10_000, input: 'hush $x\n' }, made);
    assert.equal(stdout, 'hush $x\n');
    const state = process.env['XDG_STATE_HOME']!;
    const { stdout: left } = await job('a-db', { name: 'left', argv: ['find', state, '-name', '*.input*'], within: 10_000 }, made);
    assert.equal(left, '');
  });

  it('is started by nobody whose run no longer runs', async () => {
    const late = plain({ hosts, stillOurs: () => Promise.reject(new StepError('not-ours', 'ended', 'person')) });
    assert.equal((await failure(job('a-db', { name: 'late', argv: counting('late'), within: 10_000 }, late))).code, 'not-ours');
    assert.equal(starts('late'), 0);
  });

  it('that ended badly is run again, unless that must not be', async () => {
    const made = plain({ hosts });
    const wanted = { name: 'bad', argv: counting('bad', 'exit 3'), within: 10_000 };
    assert.equal((await job('a-db', wanted, made)).code, 3);
    assert.equal((await job('a-db', { ...wanted, again: 'never' }, made)).code, 3);
    assert.equal(starts('bad'), 1);
    assert.equal((await job('a-db', wanted, made)).code, 3);
    assert.equal(starts('bad'), 2);
  });

  it('that reads the world is run again, however it ended', async () => {
    const made = plain({ hosts });
    const wanted = { name: 'read', argv: ['cat', file('world')], within: 10_000, again: 'always' } as const;
    writeFileSync(file('world'), 'old');
    assert.equal((await job('a-db', wanted, made)).stdout, 'old');
    writeFileSync(file('world'), 'new');
    assert.equal((await job('a-db', wanted, made)).stdout, 'new');
  });

  it('with other words under the same name waits for the first, and is run then', async () => {
    const made = plain({ hosts });
    const first = job('a-db', { name: 'same', argv: ['sh', '-c', `sleep 0.7; printf a >> ${file('same')}`], within: 10_000 }, made);
    await until('the first to run', async () => (await jobBefore('a-db', 'same', made)) !== undefined);
    await job('a-db', { name: 'same', argv: ['sh', '-c', `printf b >> ${file('same')}`], within: 10_000 }, made);
    assert.equal(readFileSync(file('same'), 'utf8'), 'ab');
    await first.catch(() => undefined);
  });

  it('asked for by many at once is run once', async () => {
    const made = plain({ hosts });
    const wanted = { name: 'many', argv: counting('many', 'sleep 0.3; echo done'), within: 10_000 };
    const all = await Promise.all(Array.from({ length: 6 }, () => job('a-db', wanted, made)));
    assert.deepEqual(new Set(all.map(({ stdout }) => stdout)), new Set(['done\n']));
    assert.equal(starts('many'), 1);
  });

  it('outlives the worker that started it, and is adopted by the next', async () => {
    const made = plain({ hosts });
    const wanted = {
      name: 'adopted',
      argv: counting('adopted', `while [ ! -e ${file('go')} ]; do sleep 0.05; done; echo done`),
      within: 60_000,
    };
    const worker = apart({ hosts, key: made.key, host: 'a-db', wanted });
    await until('the job to run', () => starts('adopted') === 1, 30_000);
    worker.kill('SIGKILL');
    await new Promise((resolve) => worker.once('exit', resolve));
    assert.equal((await jobBefore('a-db', 'adopted', made))?.state, 'running');
    const adopted = job('a-db', wanted, made);
    appendFileSync(file('go'), '');
    assert.equal((await adopted).stdout, 'done\n');
    assert.equal(starts('adopted'), 1);
    assert.ok(made.beats.length > 0);
  });

  it('ends when its step is cancelled, with all that it started', async () => {
    const stop = new AbortController();
    const made = plain({ hosts, signal: stop.signal });
    const pending = assert.rejects(job('a-db', { name: 'stop', argv: sleeping('stop'), within: 60_000 }, made));
    await until('it to run', () => existsSync(file('stop')) && readFileSync(file('stop'), 'utf8') !== '');
    stop.abort();
    await pending;
    await until('its child to be gone', () => !runs(Number(readFileSync(file('stop'), 'utf8'))));
    const before = await jobBefore('a-db', 'stop', { ...made, signal: new AbortController().signal });
    assert.deepEqual([before?.state, before?.result.code], ['ended', null]);
  });

  for (const [word, ours, ends] of [
    ['WORKER_SHUTDOWN', true, false],
    ['NOT_FOUND', true, false],
    ['NOT_FOUND', false, true],
    ['CANCELLED', true, true],
  ] as const) {
    it(`${ends ? 'ends' : 'goes on'} when its worker is told ${word} and the step is ${ours ? 'still' : 'no longer'} its run's`, async () => {
      const stop = new AbortController();
      let gone = false;
      const stillOurs = async (): Promise<void> => {
        if (gone && !ours) throw new StepError('not-ours', 'the run is over', 'person');
      };
      const made = plain({ hosts, signal: stop.signal, stillOurs });
      const name = `told-${word.toLowerCase().replace('_', '-')}-${ours}`;
      const pending = assert.rejects(job('a-db', { name, argv: sleeping(name), within: 60_000 }, made));
      await until('it to run', () => existsSync(file(name)) && readFileSync(file(name), 'utf8') !== '');
      gone = true;
      stop.abort(new CancelledFailure(word));
      await pending;
      const pid = Number(readFileSync(file(name), 'utf8'));
      if (ends) await until('it to be gone', () => !runs(pid));
      else {
        assert.ok(runs(pid), 'another attempt goes on with it');
        process.kill(pid, 'SIGKILL');
      }
    });
  }

  it('ends at its limit, and says so', async () => {
    const error = await failure(job('a-db', { name: 'long', argv: sleeping('long'), within: 1_000 }, plain({ hosts })));
    assert.equal(error.code, 'command-silent');
    assert.ok(!runs(Number(readFileSync(file('long'), 'utf8'))));
  });

  it('that was killed with its script was cut short, and is run again', async () => {
    const made = plain({ hosts });
    const wanted = {
      name: 'cut',
      argv: counting('cut', `[ "$(cat ${file('cut')})" = xx ] || while :; do sleep 0.05; done; echo done`),
      within: 60_000,
    };
    const worker = apart({ hosts, key: made.key, host: 'a-db', wanted });
    await until('the job to run', () => starts('cut') === 1, 30_000);
    worker.kill('SIGKILL');
    const { stdout: pids } = await job('a-db', { name: 'find', argv: ['pgrep', '-f', file('cut')], within: 5_000 }, made);
    for (const pid of pids
      .split('\n')
      .map(Number)
      .filter((pid) => pid > 0 && pid !== process.pid && runs(pid)))
      process.kill(pid, 'SIGKILL');
    await until('it to be cut', async () => (await jobBefore('a-db', 'cut', made))?.state === 'cut');
    assert.equal((await job('a-db', { ...wanted, again: 'never' }, made)).code, null);
    assert.equal((await job('a-db', wanted, made)).stdout, 'done\n');
  });

  it('keeps the last 64 KiB of what it prints', async () => {
    const argv = ['sh', '-c', 'head -c 200000 /dev/zero | tr "\\0" x; echo end'];
    const { stdout, cut } = await job('a-db', { name: 'print', argv, within: 10_000 }, plain({ hosts }));
    assert.deepEqual([stdout.length, stdout.slice(-5), cut], [64 * 1024, 'xend\n', true]);
  });

  it('says which program is missing', async () => {
    const error = await failure(job('a-db', { name: 'missing', argv: [file('nothing')], within: 10_000 }, plain({ hosts })));
    assert.deepEqual([error.code, error.remedy], ['command-not-run', 'person']);
  });

  function sleeping(name: string): string[] {
    return ['sh', '-c', `sleep 61 & echo $! > ${file(name)}; wait`];
  }
});

function apart(words: object) {
  return spawn(process.execPath, ['--import=tsx', 'test/activities/job-apart.ts', JSON.stringify(words)], { stdio: 'ignore' });
}

function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
