import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { HostFacts, SshFacts } from '../../plan/plan.ts';
import { endpoint, type Endpoint } from '../endpoint.ts';
import { StepError } from '../error.ts';
import { tool, type CommandResult } from '../tool/spawn.ts';
import { place, socketFolder } from './connections.ts';
import { commandLine } from './quote.ts';
import type { RunOptions } from './run.ts';
import { sshFailure } from './ssh-failure.ts';

/** What the client itself ends with when it fails, and also what a command may end with. */
const ambiguous = 255;

/**
 * Runs an argument vector on a host over a shared connection of the OpenSSH client. At its deadline only the client is ended:
 * what it started may go on there.
 * @throws StepError `ssh-unreachable`, `ssh-host-key`, `ssh-login` (nothing was run), `ssh-lost`, `command-silent` (the outcome is unknown).
 */
export async function overSsh(host: HostFacts, argv: readonly string[], options: RunOptions): Promise<CommandResult> {
  const facts = host.ssh ?? { user: 'root', port: 22 };
  const where = endpoint(host, facts.port, options.viewpoint ?? 'default');
  // The client would read it as an option.
  if (where.address.startsWith('-'))
    throw new StepError(
      'bad-address',
      `${host.name} has the address "${where.address}", which is none: correct it in the inventory.`,
      'mistake',
    );
  const line = commandLine(options.as === undefined || options.as === facts.user ? argv : ['sudo', '-n', '-u', options.as, '--', ...argv]);
  const { socket, release } = await place([where, facts]);
  const log = join(socketFolder(), randomUUID());
  try {
    const login = loginArguments(facts, where, options.deadline);
    const client = ['ssh', '-E', log, ...login, '-o', `ControlPath=${escaped(socket)}`, '--', where.address, line];
    const result = await tool(client, { ...toolOptions(options), where: host.name, name: argv[0]! });
    if (result.code !== ambiguous || (await connected(socket))) return result;
    throw sshFailure(host.name, where, facts, readLog(log), existsSync(socket));
  } catch (error) {
    if (!(error instanceof StepError) || error.code !== 'command-silent') throw error;
    if (!existsSync(socket)) throw sshFailure(host.name, where, facts, `no connection within ${options.deadline} ms`, false);
    throw new StepError(
      'command-silent',
      `${argv[0]} on ${host.name} did not answer within ${options.deadline} ms; whether it still runs there is not known.`,
    );
  } finally {
    release();
    rmSync(log, { force: true });
  }
}

function loginArguments({ user, key, knownHosts }: SshFacts, { port }: Endpoint, deadline: number): readonly string[] {
  const options: { [name: string]: string | number } = {
    BatchMode: 'yes',
    StrictHostKeyChecking: 'yes',
    UpdateHostKeys: 'no',
    ...(knownHosts === undefined ? {} : { UserKnownHostsFile: quoted(knownHosts), GlobalKnownHostsFile: '/dev/null' }),
    ...(key === undefined ? {} : { IdentityFile: quoted(key), IdentitiesOnly: 'yes' }),
    ControlMaster: 'auto',
    ControlPersist: 60,
    ConnectTimeout: Math.min(5, Math.max(1, Math.floor(deadline / 1_000) - 1)),
    ServerAliveInterval: 2,
    ServerAliveCountMax: 2,
    LogLevel: 'ERROR',
    RequestTTY: 'no',
    RemoteCommand: 'none',
    PermitLocalCommand: 'no',
    ForwardAgent: 'no',
    ClearAllForwardings: 'yes',
    SetEnv: 'LC_ALL=C',
  };
  return ['-l', user, '-p', String(port), ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

/** Whether the shared connection stands: then what ended with 255 was the command, and not the line to it. */
async function connected(socket: string): Promise<boolean> {
  if (!existsSync(socket)) return false;
  const check = ['ssh', '-F', 'none', '-S', socket, '-O', 'check', 'here'];
  return tool(check, { deadline: 2_000, where: 'this machine' }).then(
    ({ code }) => code === 0,
    () => false,
  );
}

function toolOptions({ deadline, signal, input, most }: RunOptions) {
  const agent = process.env['SSH_AUTH_SOCK'];
  return {
    deadline,
    cwd: '/',
    env: agent === undefined ? {} : { SSH_AUTH_SOCK: agent },
    ...(signal === undefined ? {} : { signal }),
    ...(input === undefined ? {} : { input }),
    ...(most === undefined ? {} : { most }),
  };
}

function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

/** The client expands `%` in paths, and takes several of them separated by blanks. */
function quoted(path: string): string {
  return `"${escaped(path)}"`;
}

function escaped(path: string): string {
  return path.replaceAll('%', '%%');
}
