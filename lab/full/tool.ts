import { spawn } from 'node:child_process';

export interface ToolOptions {
  readonly input?: string;
  /** Milliseconds. */
  readonly within?: number;
  readonly env?: { readonly [name: string]: string };
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly cwd?: string;
}

/** Runs a program and returns what it printed. Throws with its own last words where its exit code is not 0. */
export async function tool(argv: readonly string[], options: ToolOptions = {}): Promise<string> {
  const { code, out, err } = await attempt(argv, options);
  if (code === 0) return out;
  const words = (err.trim() || out.trim()).split('\n').slice(-3).join(' / ');
  throw new Error(`${argv.slice(0, 4).join(' ')} failed (${code ?? 'killed'}): ${words || 'without a word'}`);
}

export function attempt(
  argv: readonly string[],
  options: ToolOptions = {},
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  return new Promise((done, fail) => {
    const child = spawn(argv[0]!, argv.slice(1), {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: '/', LC_ALL: 'C', TZ: 'UTC', ...options.env },
      timeout: options.within ?? 60_000,
      killSignal: 'SIGKILL',
      ...options.user,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (part: string) => (out += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (err += part));
    child.stdin.on('error', () => undefined).end(options.input ?? '');
    child.on('error', () => fail(new Error(`${argv[0]} could not be run: is it installed?`)));
    child.on('close', (code) => done({ code, out, err }));
  });
}

/** Runs lines of `ip`, in a namespace or (null) in this one, until the first that fails. */
export async function ip(namespace: string | null, lines: readonly string[], { force = false } = {}): Promise<void> {
  if (lines.length === 0) return;
  const where = namespace === null ? [] : ['-n', namespace];
  await tool(['ip', ...where, ...(force ? ['-force'] : []), '-batch', '-'], { input: `${lines.join('\n')}\n`, within: 10_000 });
}

/** The same program inside a network namespace only: `ip netns exec` would mount another /sys, without control groups. */
export const withinNet = (namespace: string, argv: readonly string[]): string[] => ['nsenter', `--net=${namespace}`, '--', ...argv];
