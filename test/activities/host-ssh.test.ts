import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { socketFolder } from '../../activities/host/connections.ts';
import { run } from '../../activities/host/run.ts';
import type { HostFacts, SshFacts } from '../../plan/plan.ts';
import { failure, until } from './estate.ts';
import { closedPort } from './nowhere.ts';
import { mayRunSshd, sshd, type Sshd } from './sshd.ts';
import { attacks } from './words.ts';

const tell = [process.execPath, '-e', 'process.stdout.write(JSON.stringify(process.argv.slice(1)))', '--'];
const options = { deadline: 10_000 };

describe('A command over SSH', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-ssh-test-'));
  let far: Sshd;
  let host: HostFacts;
  before(async function () {
    if (!mayRunSshd) {
      console.log('      skipped: a real sshd needs root');
      return this.skip();
    }
    far = await sshd();
    host = far.host;
  });
  after(async () => {
    await far?.end();
    rmSync(folder, { recursive: true });
  });
  const login = (change: Partial<SshFacts>): HostFacts => ({ ...host, ssh: { ...host.ssh!, ...change } });
  const at = (address: string, port: number): HostFacts => ({ ...host, views: { default: { address, ports: { 22: port } } } });

  it('gets exactly its words, whatever is in them', async () => {
    for (const words of attacks) {
      const { stdout, stderr } = await run(host, [...tell, ...words], options);
      assert.equal(stdout, JSON.stringify(words), stderr);
    }
    assert.equal(existsSync('/root/TRAP') || existsSync('TRAP'), false, 'a word was carried out');
  });

  it('reads its input, and tells its outputs and its exit code apart', async () => {
    const result = await run(host, ['sh', '-c', 'cat; echo oops >&2; exit 7'], { ...options, input: 'let me in' });
    assert.deepEqual(result, { code: 7, stdout: 'let me in', stderr: 'oops\n', cut: false });
  });

  it('runs as another user', async () => {
    assert.equal((await run(host, ['id', '-un'], { ...options, as: 'nobody' })).stdout, 'nobody\n');
  });

  it('is not told the environment of the worker', async () => {
    process.env['LC_LIFEBOAT_TEST'] = 'hush';
    try {
      assert.doesNotMatch((await run(host, ['env'], options)).stdout, /hush/);
    } finally {
      delete process.env['LC_LIFEBOAT_TEST'];
    }
  });

  it('shares connections, more than one of them where many run at once', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, (_, nth) => run(host, ['sh', '-c', `sleep 0.2; echo ${nth}`], options)));
    assert.deepEqual(
      all.map(({ stdout, stderr }) => stdout + stderr),
      all.map((_, nth) => `${nth}\n`),
    );
    assert.ok(sockets().length >= 3);
    for (const path of sockets()) assert.ok(path.length <= 90, path);
  });

  it('may end with 255, and print what a client prints that fails', async () => {
    const result = await run(host, ['sh', '-c', 'echo "Permission denied (publickey)." >&2; exit 255'], options);
    assert.equal(result.code, 255);
  });

  it('says who is not let in, and that a person must act', async () => {
    for (const change of [{ key: join(folder, 'missing') }, { user: 'games' }]) {
      const error = await failure(run(login(change), ['true'], options));
      assert.deepEqual([error.code, error.remedy], ['ssh-login', 'person'], error.message);
    }
  });

  it('sends nothing to a host whose key is not trusted, also while a connection to it stands', async () => {
    const other = join(folder, 'known');
    writeFileSync(other, `@cert-authority * ${readFileSync(join(far.folder, 'user.pub'), 'utf8')}`);
    await run(host, ['true'], options);
    for (const knownHosts of ['/dev/null', other]) {
      const error = await failure(run(login({ knownHosts }), ['touch', join(folder, 'sent')], options));
      assert.deepEqual([error.code, error.remedy], ['ssh-host-key', 'person'], error.message);
    }
    assert.equal(existsSync(join(folder, 'sent')), false);
  });

  it('cannot be sent to a port that is closed, a name that is none, or an address that is an option', async () => {
    assert.deepEqual(await problem(at('127.0.0.1', await closedPort())), ['ssh-unreachable', 'again']);
    assert.deepEqual(await problem(at('no-such-host.invalid', 22)), ['ssh-unreachable', 'again']);
    assert.deepEqual(await problem(at(`-oProxyCommand=touch ${folder}/sent`, 22)), ['bad-address', 'mistake']);
    assert.equal(existsSync(join(folder, 'sent')), false);
  });

  it('is killed at its deadline here, and says that it may go on there', async () => {
    const began = performance.now();
    const error = await failure(run(host, ['sleep', '2'], { deadline: 400 }));
    assert.equal(error.code, 'command-silent');
    assert.match(error.message, /whether it still runs there is not known/);
    assert.ok(performance.now() - began < 1_500);
  });

  it('is ended with its step', async () => {
    const stop = new AbortController();
    const pending = failure(run(host, ['sleep', '5'], { ...options, signal: stop.signal }));
    setTimeout(() => stop.abort(), 100);
    assert.equal((await pending).code, 'cancelled');
  });

  it('knows that a connection was lost under it, and makes a new one', async () => {
    const own = login({ key: `${far.folder}/./user` });
    await run(own, ['true'], options);
    const before = new Set(sessionsOf(far.pid()));
    const pending = failure(run(own, ['sh', '-c', `touch ${folder}/began; sleep 5`], options));
    await until('the command to run', () => existsSync(join(folder, 'began')));
    for (const pid of before) process.kill(pid, 'SIGKILL');
    const error = await pending;
    assert.deepEqual([error.code, error.remedy], ['ssh-lost', 'again'], error.message);
    assert.equal((await run(own, ['echo', 'back'], options)).stdout, 'back\n');
  });

  it('leaves no connection and no folder behind when its process ends, and clears up after one that was killed', async () => {
    const script = `
      const { run } = await import('./activities/host/run.ts');
      const { socketFolder } = await import('./activities/host/connections.ts');
      await run(${JSON.stringify(host)}, ['true'], { deadline: 10000 });
      console.log(socketFolder());
      if (process.argv.includes('killed')) process.kill(process.pid, 'SIGKILL');`;
    const left = (word: string): string =>
      spawnSync(process.execPath, ['--import=tsx', '--input-type=module', '-e', script, word], { encoding: 'utf8' }).stdout.trim();
    const ended = left('ended');
    assert.ok(ended.startsWith(tmpdir()));
    assert.equal(existsSync(ended), false);
    await until('its connection to be closed', () => !commands().some((line) => line.includes(ended)));

    const killed = left('killed');
    assert.equal(existsSync(killed), true);
    for (const socket of readdirSync(killed)) spawnSync('ssh', ['-S', join(killed, socket), '-O', 'exit', 'here']);
    left('ended');
    assert.equal(existsSync(killed), false);
  });

  async function problem(wrong: HostFacts): Promise<string[]> {
    const { code, remedy } = await failure(run(wrong, ['true'], options));
    return [code, remedy];
  }
});

function sockets(): string[] {
  return readdirSync(socketFolder()).map((name) => join(socketFolder(), name));
}

function sessionsOf(server: number): number[] {
  return readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

function commands(): string[] {
  return spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout.split('\n');
}
