import { spawn, type ChildProcess } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { StepError } from '../error.ts';

export interface CommandResult {
  /** Exit code; null where a signal ended it. No proof of anything. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether more was printed than was kept. */
  readonly cut: boolean;
}

export interface ToolOptions {
  /** Milliseconds until it is ended with all that it started. */
  readonly deadline: number;
  readonly signal?: AbortSignal;
  /** What it reads on standard input: secrets and files go this way, never into an argument. */
  readonly input?: string;
  /** Added to its environment. MUST NOT hold secrets. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** How much is kept of each of its outputs, characters. Default 64 Ki. */
  readonly most?: number;
  /** The machine it acts on, for messages. */
  readonly where: string;
  /** What it is called in messages. Default: the program. */
  readonly name?: string;
}

/** Nothing else of this process's environment reaches a tool: secrets may stand in it. */
const passed = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'XDG_RUNTIME_DIR', 'XDG_CACHE_HOME', 'SYSTEMROOT'];

/**
 * Runs a program of this machine by its argument vector, without a shell. What it prints is in English.
 * @throws StepError `command-silent` after `deadline`, `cancelled` by `signal`, `command-not-run` where it could not be started.
 */
export function tool(argv: readonly string[], options: ToolOptions): Promise<CommandResult> {
  const [program, ...rest] = argv;
  const { where, signal, most = 64 * 1024, name = program ?? '' } = options;
  if (!program) return Promise.reject(new StepError('no-command', `There is no command to run on ${where}.`, 'mistake'));
  if (argv.some((word) => word.includes('\0')))
    return Promise.reject(new StepError('nul-in-argument', `A word of the ${name} command for ${where} holds a NUL.`, 'mistake'));
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled(name, where));
    const child = spawn(program, rest, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: { ...environment(), ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    // A command that does not read its input closes it: that is no failure.
    child.stdin.on('error', () => undefined).end(options.input ?? '');
    const out = collect(child.stdout, most);
    const err = collect(child.stderr, most);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      child.stdout.destroy();
      child.stderr.destroy();
      act();
    };
    const end = (error: StepError): void => {
      killGroup(child);
      settle(() => reject(error));
    };
    const timer = setTimeout(
      () => end(new StepError('command-silent', `${name} on ${where} did not end within ${options.deadline} ms and was killed.`)),
      options.deadline,
    );
    const abort = (): void => end(cancelled(name, where));
    signal?.addEventListener('abort', abort, { once: true });
    child.on('error', (error: NodeJS.ErrnoException) => settle(() => reject(notRun(name, where, error.code ?? error.message))));
    // A server that the command started may hold its output open for ever: "exit" is the end, what is still in the pipe gets 200 ms.
    child.on('exit', (code) => {
      const done = (): void =>
        settle(() => resolve({ code, stdout: out.text(), stderr: err.text(), cut: out.length() > most || err.length() > most }));
      const grace = setTimeout(done, 200);
      child.on('close', () => {
        clearTimeout(grace);
        done();
      });
    });
  });
}

/** What a command said, for a message: its errors, else its output, else its exit code; one line, at most 300 characters. */
export function said({ code, stdout, stderr }: CommandResult): string {
  const words = (stderr.trim() || stdout.trim()).replace(/\s+/g, ' ').slice(0, 300);
  return words || (code === null ? 'ended by a signal' : `exit code ${code}`);
}

export function notRun(program: string, where: string, why: string): StepError {
  return new StepError(
    'command-not-run',
    `${program} could not be run on ${where} (${why}): is it installed, and may this user run it?`,
    'person',
  );
}

export function cancelled(program: string, where: string): StepError {
  return new StepError('cancelled', `${program} on ${where} was ended, because the step was.`);
}

function collect(stream: NodeJS.ReadableStream, most: number): { text(): string; length(): number } {
  const decoder = new StringDecoder('utf8');
  let text = '';
  let length = 0;
  stream.on('data', (data: Buffer) => {
    const more = decoder.write(data);
    length += more.length;
    if (text.length < most) text = (text + more).slice(0, most);
  });
  return { text: () => text, length: () => length };
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
