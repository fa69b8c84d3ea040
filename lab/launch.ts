import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from './package-root.ts';
import { identify, type Identity } from './process.ts';

/** Argument vector that runs a program of this package, as built (a path from its root without an ending). */
export function program(path: string): string[] {
  return [process.execPath, join(packageRoot(), 'dist', `${path}.js`)];
}

/** Starts a process that outlives this one, in a session of its own; what it prints goes to `log`. */
export function launch(
  argv: readonly string[],
  options: { log: string; env?: { readonly [name: string]: string } },
): ChildProcess & { pid: number } {
  mkdirSync(dirname(options.log), { recursive: true });
  const log = openSync(options.log, 'a', 0o600);
  const child = spawn(argv[0]!, argv.slice(1), {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...plainEnvironment(), ...options.env },
  });
  closeSync(log);
  child.on('error', () => {});
  if (child.pid === undefined) throw new Error(`${argv[0]} could not be started. Is it there, and may it be run?`);
  child.unref();
  return child as ChildProcess & { pid: number };
}

/** Notes who a process is, for those who end it later. */
export function writeIdentity(file: string, pid: number): Identity {
  const identity = identify(pid);
  if (!identity) throw new Error(`Process ${pid} ended at once; its log is beside ${file}.`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(identity));
  return identity;
}

export function readIdentity(file: string): Identity | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Identity;
  } catch {
    return null;
  }
}

/** What a server needs of our environment: no credential is handed on. */
function plainEnvironment(): { [name: string]: string } {
  const kept = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'USER'];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}
