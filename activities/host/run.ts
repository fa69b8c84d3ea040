import { spawn, type ChildProcess } from 'node:child_process';
import type { HostFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';

export interface CommandResult {
  /** Exit code; null where a signal ended it. No proof of anything. */
  readonly code: number | null;
  /** At most 64 KiB each. */
  readonly stdout: string;
  readonly stderr: string;
}

const most = 64 * 1024;
/** Nothing else of this process's environment reaches a command: secrets may stand in it. */
const passed = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'XDG_RUNTIME_DIR', 'XDG_CACHE_HOME', 'SYSTEMROOT'];

export interface RunOptions {
  /** Milliseconds until it is ended. */
  readonly deadline: number;
  readonly signal?: AbortSignal;
  /** Operating-system user as whom it runs there. Default: the one who logs in, or who runs the worker. */
  readonly as?: string;
  /** What it reads on standard input: secrets and files go this way, never into an argument. */
  readonly input?: string;
}

/** Runs an argument vector on a host, without a shell, within `deadline` milliseconds. What it prints is in English. */
export function run(host: HostFacts, argv: readonly string[], options: RunOptions): Promise<CommandResult> {
  if (!argv[0]) return Promise.reject(new StepError('no-command', `The inventory gives no command to run on ${host.name}.`, 'mistake'));
  if (host.connection === 'ssh') {
    return Promise.reject(
      new StepError(
        'ssh-not-supported',
        `${host.name} has connection: ssh, which is not supported by this release; use connection: local.`,
        'mistake',
      ),
    );
  }
  const [program = '', ...rest] = options.as === undefined ? argv : actAs(options.as, argv);
  return runHere(host.name, program, rest, options);
}

/** Another user's rights: given up by root, else by sudo, which never asks. */
function actAs(user: string, argv: readonly string[]): readonly string[] {
  if (process.getuid?.() !== 0) return ['sudo', '-n', '-u', user, '--', ...argv];
  return ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--', ...argv];
}

function runHere(name: string, program: string, rest: readonly string[], options: RunOptions): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) return reject(ended(program, name));
    const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env: environment() });
    // A command that does not read its input closes it: that is no failure.
    child.stdin.on('error', () => undefined).end(options.input ?? '');
    const out = collect(child.stdout);
    const err = collect(child.stderr);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      child.stdout?.destroy();
      child.stderr?.destroy();
      act();
    };
    const timer = setTimeout(() => {
      killGroup(child);
      settle(() =>
        reject(new StepError('command-silent', `${program} on ${name} did not end within ${options.deadline} ms and was killed.`)),
      );
    }, options.deadline);
    const abort = (): void => {
      killGroup(child);
      settle(() => reject(ended(program, name)));
    };
    options.signal?.addEventListener('abort', abort, { once: true });
    child.on('error', (error: NodeJS.ErrnoException) =>
      settle(() =>
        reject(
          new StepError(
            'command-not-run',
            `${program} could not be run on ${name} (${error.code ?? error.message}): is it installed, and may this user run it?`,
            'person',
          ),
        ),
      ),
    );
    // A server that the command started may hold its output open for ever: "exit" is the end, what is still in the pipe gets 200 ms.
    child.on('exit', (code) => {
      const done = (): void => settle(() => resolve({ code, stdout: out(), stderr: err() }));
      const grace = setTimeout(done, 200);
      child.on('close', () => {
        clearTimeout(grace);
        done();
      });
    });
  });
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.on('data', (data: Buffer) => {
    if (text.length < most) text = (text + data.toString('utf8')).slice(0, most);
  });
  return () => text;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

function environment(): NodeJS.ProcessEnv {
  const kept: NodeJS.ProcessEnv = { LC_ALL: 'C' };
  for (const name of passed) if (process.env[name] !== undefined) kept[name] = process.env[name];
  return kept;
}

function ended(program: string, name: string): StepError {
  return new StepError('cancelled', `${program} on ${name} was ended, because the step was.`);
}
