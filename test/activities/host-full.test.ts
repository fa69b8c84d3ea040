import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { job, jobBefore } from '../../activities/host/job.ts';
import { run } from '../../activities/host/run.ts';
import { needsFullLab } from '../full/can-stand.ts';
import { failure, until } from './estate.ts';
import { fullEstate, type FullEstate } from './full.ts';
import { plain } from './nowhere.ts';
import { attacks } from './words.ts';

describe('A job on a booted host, by SSH and systemd', () => {
  let at: FullEstate;
  before(async function () {
    needsFullLab(this);
    this.timeout(120_000);
    at = await fullEstate();
  });
  after(() => at?.end());
  afterEach(() => at?.heal());
  const host = 'a-app';
  const options = { deadline: 10_000 };
  const starts = async (name: string): Promise<number> =>
    (await at.inside(host, ['sh', '-c', `cat /var/tmp/${name} 2>/dev/null || :`])).split('x').length - 1;
  const counting = (name: string, then: string): string[] => ['sh', '-c', `printf x >> /var/tmp/${name}; ${then}`];

  it('gets exactly its words', async () => {
    const made = plain({ hosts: at.hosts });
    for (const [nth, words] of attacks.entries()) {
      const { stdout } = await job(host, { name: `words-${nth}`, argv: ['printf', '%s\\0', '+', ...words], within: 10_000 }, made);
      assert.deepEqual(stdout.split('\0').slice(1, -1), words);
    }
    assert.equal(await at.inside(host, ['find', '/', '-xdev', '-name', 'TRAP']), '');
  });

  it('is run once, as whom it shall, and leaves neither a unit nor its input', async () => {
    const made = plain({ hosts: at.hosts });
    const wanted = {
      name: 'one',
      argv: ['sh', '-c', 'id -un; pwd; echo "$HOME"; cat'],
      as: 'postgres',
      input: 'hush $PATH %n',
      within: 10_000,
    };
    const first = await job(host, wanted, made);
    assert.deepEqual(first, { code: 0, stdout: 'postgres\n/\n/var/lib/postgresql\nhush $PATH %n', stderr: '', cut: false });
    assert.deepEqual(await job(host, wanted, { ...made, stillOurs: () => Promise.reject(new Error('nothing is started')) }), first);
    assert.equal((await job(host, { name: 'who', argv: ['id', '-un'], within: 10_000 }, made)).stdout, 'ops\n');
    assert.equal((await job(host, { name: 'root', argv: ['id', '-un'], as: 'root', within: 10_000 }, made)).stdout, 'root\n');
    assert.equal(await at.inside(host, ['find', '/run/lifeboat', '-type', 'f']), '');
    const units = async () => (await at.inside(host, ['systemctl', 'list-units', '--all', '--plain', '--no-legend', 'lifeboat-*'])).trim();
    await until('its units to be gone', async () => (await units()) === '');
  });

  it('outlives a worker that is killed, and is adopted by the next', async () => {
    const made = plain({ hosts: at.hosts });
    const wanted = {
      name: 'adopted',
      argv: counting('adopted', 'while [ ! -e /var/tmp/go ]; do sleep 0.05; done; echo done'),
      within: 60_000,
    };
    const words = JSON.stringify({ hosts: at.hosts, key: made.key, host, wanted });
    const worker = spawn(process.execPath, ['--import=tsx', 'test/activities/job-apart.ts', words], { stdio: 'ignore' });
    await until('the job to run', async () => (await starts('adopted')) === 1, 30_000);
    worker.kill('SIGKILL');
    await new Promise((resolve) => worker.once('exit', resolve));
    assert.equal((await jobBefore(host, 'adopted', made))?.state, 'running');
    const adopted = job(host, wanted, made);
    await at.inside(host, ['touch', '/var/tmp/go']);
    assert.equal((await adopted).stdout, 'done\n');
    assert.equal(await starts('adopted'), 1);
  });

  it('goes on while its line is cut, says so meanwhile, and is asked again', async () => {
    const made = plain({ hosts: at.hosts });
    const pending = job(host, { name: 'line', argv: counting('line', 'sleep 8; echo done'), within: 120_000 }, made);
    await until('the job to run', async () => (await starts('line')) === 1);
    await at.fault('cut-site', 'site-a');
    await until(
      'the heartbeats to say so',
      () => made.beats.some((beat) => /line to a-app is down/.test(JSON.stringify(beat ?? ''))),
      30_000,
    );
    await at.heal();
    assert.equal((await pending).stdout, 'done\n');
    assert.equal(await starts('line'), 1);
  }).timeout(120_000);

  it('fails at once where the line is down before anything was started', async () => {
    await at.fault('cut-site', 'site-a');
    const error = await failure(job('b-app', { name: 'x', argv: ['true'], within: 10_000 }, plain(cutOff(at))));
    assert.deepEqual([error.code, error.remedy], ['ssh-unreachable', 'again']);
  });

  it('ends with its step, with all that it started', async () => {
    const stop = new AbortController();
    const made = plain({ hosts: at.hosts, signal: stop.signal });
    const pending = assert.rejects(job(host, { name: 'stop', argv: counting('stop', 'sleep 61 & sleep 62'), within: 90_000 }, made));
    await until('the job to run', async () => (await starts('stop')) === 1);
    stop.abort();
    await pending;
    assert.equal(await at.inside(host, ['sh', '-c', 'pgrep -x sleep || :']), '');
    const before = await jobBefore(host, 'stop', { ...made, signal: new AbortController().signal });
    assert.deepEqual([before?.state, before?.result.code], ['ended', null]);
  });

  it('takes what it left running with it', async () => {
    const { code } = await job(host, { name: 'left', argv: ['sh', '-c', 'setsid sleep 63 &'], within: 10_000 }, plain({ hosts: at.hosts }));
    assert.equal(code, 0);
    await until('it to be gone', async () => (await at.inside(host, ['sh', '-c', 'pgrep -fx "sleep 63" || :'])) === '');
  });

  it('is known to have been cut short by a loss of power, and is run again', async () => {
    const made = plain({ hosts: at.hosts });
    const wanted = { name: 'power', argv: counting('power', '[ "$(cat /var/tmp/power)" = xx ] || sleep 64; echo done'), within: 300_000 };
    const pending = job(host, { ...wanted, again: 'never' }, made);
    await until('the job to run', async () => (await starts('power')) === 1);
    await at.inside(host, ['sync']);
    await at.fault('power-cut', host);
    await at.fault('power', host, 'on');
    assert.equal((await pending).code, null);
    assert.equal((await job(host, wanted, made)).stdout, 'done\n');
    assert.equal(await starts('power'), 2);
  }).timeout(120_000);

  it('is refused in words where the login may not give orders to systemd', async () => {
    await at.inside(host, ['sh', '-c', 'mkdir -p /root/kept && mv /etc/sudoers.d/* /root/kept']);
    try {
      const error = await failure(job(host, { name: 'sudo', argv: ['true'], within: 10_000 }, plain({ hosts: at.hosts })));
      assert.deepEqual([error.code, error.remedy], ['sudo-refused', 'person']);
    } finally {
      await at.inside(host, ['sh', '-c', 'mv /root/kept/* /etc/sudoers.d/']);
    }
  });

  it('is not sent to a host that shows another key', async () => {
    await at.fault('wrong-host-key', 'b-app');
    const error = await failure(run(at.hosts['b-app']!, ['true'], options));
    assert.deepEqual([error.code, error.remedy], ['ssh-host-key', 'person']);
  });
});

/** b-app at the address of a host behind the cut line. */
function cutOff(at: FullEstate) {
  return { hosts: { 'b-app': { ...at.hosts['b-app']!, views: at.hosts['a-db']!.views } } };
}
