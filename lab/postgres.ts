import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseUser } from './database-user.ts';
import { members } from './process.ts';

/** A server of PostgreSQL, and where its files lie. */
export interface Served {
  /** What people call it. */
  readonly name: string;
  /** Folder of PostgreSQL's programs. */
  readonly bin: string;
  /** Who runs it; null: whoever runs this process. */
  readonly user: DatabaseUser | null;
  /** Folder with its postgresql.conf and its log. */
  readonly disk: string;
  readonly data: string;
  readonly env: { readonly [name: string]: string };
}

/** PostgreSQL as a child of the machine it runs on. */
export class Postgres {
  readonly #served: Served;
  #child: ChildProcess | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(served: Served) {
    this.#served = served;
  }

  get running(): boolean {
    return this.#child !== null;
  }

  /** Starts it and waits until it takes connections. Says whether it had to. */
  start(): Promise<'started' | 'was running'> {
    return this.#next(() => this.#start());
  }

  /** Stops it cleanly: sessions are ended, the standby is sent everything. Says whether it had to. */
  stop(): Promise<'stopped' | 'was stopped'> {
    return this.#next(() => this.#stop());
  }

  async #start(): Promise<'started' | 'was running'> {
    if (this.#child) return 'was running';
    const { name, bin, user, disk, data, env } = this.#served;
    const left = members({ data });
    if (left.length > 0)
      throw new Error(`Processes ${left.map((one) => one.pid).join(', ')} of an earlier PostgreSQL still work in ${data}.`);
    rmSync(join(data, 'postmaster.pid'), { force: true });
    const log = openSync(join(disk, 'postgres.log'), 'a', 0o600);
    const child = spawn(join(bin, 'postgres'), ['-D', data, '-c', `config_file=${join(disk, 'postgresql.conf')}`], {
      ...user,
      cwd: data,
      stdio: ['ignore', log, log],
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC', ...env },
    });
    closeSync(log);
    this.#child = child;
    child.once('error', () => (this.#child = null));
    child.once('exit', () => (this.#child = null));
    while (!isReady(data, child.pid)) {
      if (this.#child !== child) throw new Error(`PostgreSQL did not start on ${name}: ${lastWords(join(disk, 'postgres.log'))}`);
      await sleep(5);
    }
    return 'started';
  }

  async #stop(): Promise<'stopped' | 'was stopped'> {
    const child = this.#child;
    if (!child) return 'was stopped';
    child.kill('SIGINT');
    for (const deadline = Date.now() + 30_000; this.#child === child; await sleep(5)) {
      if (Date.now() > deadline)
        throw new Error(`PostgreSQL on ${this.#served.name} did not stop within 30 s. Is it frozen, or its standby's line cut?`);
    }
    return 'stopped';
  }

  #next<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act, act);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

/** The eighth line of postmaster.pid says when connections are taken. */
function isReady(data: string, pid: number | undefined): boolean {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

function lastWords(log: string): string {
  return readFileSync(log, 'utf8').trim().split('\n').slice(-3).join(' / ');
}
