import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that cannot be mistaken for a later one with the same number. */
export interface Identity {
  readonly pid: number;
  /** When it started, in the system's own terms. */
  readonly started: string;
}

/** Who a process is, or null where there is none by that number. A zombie is none: it does nothing any more. */
export function identify(pid: number): Identity | null {
  const entry = read(pid);
  return entry && { pid, started: entry.started };
}

export function isAlive(identity: Identity): boolean {
  return read(identity.pid)?.started === identity.started;
}

/** Whether it is stopped by a signal. */
export function isFrozen(identity: Identity): boolean {
  return (read(identity.pid)?.state ?? '').startsWith('T');
}

/** Sends a signal only if it is still the same process; false where it is gone. */
export function signal(identity: Identity, name: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Which processes belong together although their parents may be gone. */
export interface Belonging {
  /** Processes whose descendants are meant, and they themselves. */
  readonly roots?: readonly Identity[];
  /** `NAME=VALUE` in the environment a process was started with. */
  readonly tag?: string;
  /** PostgreSQL's processes that work in this data directory: they write over the memory in which their environment stood. */
  readonly data?: string;
}

/** All living processes that belong, whatever group or session they are in. */
export function members(of: Belonging): Identity[] {
  const all = readAll();
  const found = new Set<number>();
  for (const root of of.roots ?? []) if (all.get(root.pid)?.started === root.started) found.add(root.pid);
  for (const pid of all.keys())
    if (pid !== process.pid && ((of.tag && hasTag(pid, of.tag)) || (of.data && worksIn(pid, of.data)))) found.add(pid);
  for (let grown = true; grown;) {
    grown = false;
    for (const [pid, { parent }] of all) {
      if (found.has(pid) || !found.has(parent) || pid === process.pid) continue;
      found.add(pid);
      grown = true;
    }
  }
  return [...found].map((pid) => ({ pid, started: all.get(pid)!.started }));
}

/** Kills (-9) all that belong, frozen ones too, and returns how many once none is left. */
export async function killAll(of: Belonging, within = 5000): Promise<number> {
  const killed = new Set<number>();
  const deadline = Date.now() + within;
  for (;;) {
    const left = members(of);
    if (left.length === 0) return killed.size;
    for (const one of left) if (signal(one, 'SIGKILL')) killed.add(one.pid);
    if (Date.now() > deadline)
      throw new Error(`Processes ${left.map((one) => one.pid).join(', ')} are still there ${within} ms after kill -9.`);
    await sleep(5);
  }
}

/** Freezes or continues all that belong; repeats until no new one turns up, as a server may just be forking. */
export async function signalAll(of: Belonging, name: 'SIGSTOP' | 'SIGCONT'): Promise<number> {
  const done = new Set<number>();
  for (;;) {
    const left = members(of).filter((one) => !done.has(one.pid));
    if (left.length === 0) return done.size;
    for (const one of left) {
      signal(one, name);
      done.add(one.pid);
    }
    await sleep(2);
  }
}

/** Waits until it is gone; false where it is still there after `within` milliseconds. */
export async function gone(identity: Identity, within: number): Promise<boolean> {
  for (const deadline = Date.now() + within; isAlive(identity); await sleep(5)) if (Date.now() > deadline) return false;
  return true;
}

interface Entry {
  readonly state: string;
  readonly parent: number;
  readonly started: string;
}

function read(pid: number): Entry | null {
  if (process.platform !== 'linux') return listed().get(pid) ?? null;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, parent] = fields;
    // The first thread of a killed process may be a zombie while others still hold its ports.
    const dead = state === 'X' || (state === 'Z' && Number(fields[17]) <= 1);
    return dead ? null : { state: state!, parent: Number(parent), started: fields[19]! };
  } catch {
    return null;
  }
}

function readAll(): Map<number, Entry> {
  if (process.platform !== 'linux') return listed();
  const all = new Map<number, Entry>();
  for (const name of readdirSync('/proc')) {
    const entry = /^\d+$/.test(name) ? read(Number(name)) : null;
    if (entry) all.set(Number(name), entry);
  }
  return all;
}

function listed(): Map<number, Entry> {
  const all = new Map<number, Entry>();
  for (const line of execFileSync('ps', ['-axo', 'pid=,ppid=,stat=,lstart='], { encoding: 'utf8' }).split('\n')) {
    const [, pid, parent, state, started] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid && !state!.startsWith('Z')) all.set(Number(pid), { state: state!, parent: Number(parent), started: started! });
  }
  return all;
}

function hasTag(pid: number, tag: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(tag);
  } catch {
    return false;
  }
}

function worksIn(pid: number, data: string): boolean {
  try {
    // Without /proc the postmaster's own note has to do; its children are found as such.
    if (process.platform !== 'linux') return readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0] === String(pid);
    return readlinkSync(`/proc/${pid}/cwd`) === data && basename(readlinkSync(`/proc/${pid}/exe`)).startsWith('postgres');
  } catch {
    return false;
  }
}
