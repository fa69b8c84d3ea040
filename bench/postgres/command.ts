import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { databaseUser } from '../../lab/database-user.ts';

/** Who runs the databases and their keepers: PostgreSQL refuses root. */
const user = databaseUser();

export interface Where {
  /** The folder in which it works: what works in a round's folder ends with the round. */
  readonly cwd: string;
  readonly env?: { readonly [name: string]: string };
  /** Milliseconds. Default: 60,000. */
  readonly within?: number;
}

/** Runs a command as the database's user and returns what it printed. Throws its last words where it fails. */
export async function command(argv: readonly string[], where: Where): Promise<string> {
  const child = begin(argv, where, 'pipe');
  let text = '';
  child.stdout!.on('data', (data: Buffer) => (text += data.toString('utf8')));
  child.stderr!.on('data', (data: Buffer) => (text += data.toString('utf8')));
  const timer = setTimeout(() => child.kill('SIGKILL'), where.within ?? 60_000);
  // A server that the command started keeps its output open: "exit" is its end.
  const code = await new Promise<number | null>((done, fail) => child.once('exit', done).once('error', fail));
  clearTimeout(timer);
  child.stdout!.destroy();
  child.stderr!.destroy();
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${text.trim().split('\n').slice(-5).join(' / ')}`);
  return text;
}

/** Runs a command as whoever runs the benchmark. Throws its last words where it fails. */
export async function here([program = '', ...rest]: readonly string[], { cwd, env, within = 60_000 }: Where): Promise<void> {
  const options = { cwd, env: { ...plain(cwd), ...env }, timeout: within, maxBuffer: 16 << 20 };
  await promisify(execFile)(program, rest, options).catch((error: Error & { stdout?: string; stderr?: string }) => {
    throw new Error(`${program} failed: ${`${error.stdout}\n${error.stderr}`.trim().split('\n').slice(-8).join(' / ')}`);
  });
}

/** Starts a server as the database's user; what it prints goes to `log`. */
export function serve(argv: readonly string[], log: string, where: Where): ChildProcess {
  const file = openSync(log, 'a', 0o644);
  const child = begin(argv, where, file);
  closeSync(file);
  child.once('error', () => {});
  child.unref();
  return child;
}

/** A folder of the database's user. */
export function folderFor(path: string): string {
  mkdirSync(path, { mode: 0o700 });
  if (user) chownSync(path, user.uid, user.gid);
  return path;
}

/** A file of the database's user. */
export function fileFor(path: string, text: string, mode = 0o600): string {
  writeFileSync(path, text, { mode });
  if (user) chownSync(path, user.uid, user.gid);
  return path;
}

export async function until(what: string, holds: () => boolean | Promise<boolean>, within = 30_000): Promise<void> {
  for (const deadline = Date.now() + within; !(await holds()); await sleep(20)) {
    if (Date.now() > deadline) throw new Error(`Waited ${within / 1000} s for ${what}.`);
  }
}

function begin([program = '', ...rest]: readonly string[], { cwd, env }: Where, output: 'pipe' | number): ChildProcess {
  return spawn(program, rest, {
    ...user,
    cwd,
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...plain(cwd), ...env },
  });
}

/** No credential of ours is handed on. */
function plain(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: home, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
}
