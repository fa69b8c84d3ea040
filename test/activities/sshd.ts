import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { HostFacts } from '../../plan/plan.ts';
import { greets } from '../../activities/greets.ts';
import { until } from './estate.ts';
import { closedPort } from './nowhere.ts';

/** A real sshd on a free port of this machine, whose host key an authority signed. Needs root. */
export interface Sshd {
  readonly folder: string;
  readonly host: HostFacts;
  /** The server's process: that of a connection is its child. */
  readonly pid: () => number;
  stop(): Promise<void>;
  start(): Promise<void>;
  end(): Promise<void>;
}

export const mayRunSshd = process.getuid?.() === 0 && existsSync('/usr/sbin/sshd');

export async function sshd(lines: readonly string[] = []): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-sshd-'));
  const port = await closedPort();
  for (const name of ['ca', 'host', 'user']) generate(join(folder, name));
  shell('ssh-keygen', '-q', '-s', join(folder, 'ca'), '-I', 'test', '-h', '-n', '127.0.0.1', join(folder, 'host.pub'));
  writeFileSync(join(folder, 'authorized'), readFileSync(join(folder, 'user.pub')));
  writeFileSync(join(folder, 'known'), `@cert-authority * ${readFileSync(join(folder, 'ca.pub'), 'utf8')}`);
  const config = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${folder}/host`,
    `HostCertificate ${folder}/host-cert.pub`,
    `AuthorizedKeysFile ${folder}/authorized`,
    `PidFile ${folder}/pid`,
    'StrictModes no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'AcceptEnv LC_*',
    ...lines,
  ];
  writeFileSync(join(folder, 'config'), `${config.join('\n')}\n`);
  mkdirSync('/run/sshd', { recursive: true });
  const view = { address: '127.0.0.1', ports: { 22: port } };
  let server: ChildProcess;
  const start = async (): Promise<void> => {
    server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'config')], { stdio: 'ignore', cwd: '/' });
    await until('sshd to greet', async () => (await greets(view, 22)).greets);
  };
  const stop = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    folder,
    host: {
      name: 'a-db',
      site: 'site-a',
      connection: 'ssh',
      alive: 22,
      views: { default: view },
      ssh: { user: userInfo().username, port: 22, key: join(folder, 'user'), knownHosts: join(folder, 'known') },
    },
    pid: () => server.pid!,
    start,
    stop,
    async end() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function generate(path: string): void {
  shell('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path);
}

function shell(program: string, ...rest: string[]): void {
  const { status, stderr } = spawnSync(program, rest, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
}
