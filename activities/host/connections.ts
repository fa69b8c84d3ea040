import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** An sshd serves ten sessions over one connection, unless told otherwise; one more would be refused. */
const perConnection = 8;
/** Of a socket's path, with what the client adds to it while it makes one. */
const longestPath = 107 - 17;
const prefix = 'lifeboat-ssh-';

let folder: string | undefined;
const sessions = new Map<string, number>();
/** Sockets whose connection is being made. */
const connecting = new Set<string>();

/** A place on a shared connection: the path of its control socket, and how it is given back. */
export interface Place {
  readonly socket: string;
  release(): void;
}

/**
 * Connections are shared by those who log in at the same place in the same way, and by nobody else: with another key or another
 * list of known hosts it is another connection. One at a time makes it, the others wait for that: a server that many knock at in the
 * same moment turns some away.
 */
export async function place(identity: readonly unknown[]): Promise<Place> {
  const socket = freeSocket(createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 20));
  sessions.set(socket, (sessions.get(socket) ?? 0) + 1);
  while (!existsSync(socket) && connecting.has(socket)) await sleep(20);
  const first = !existsSync(socket);
  if (first) connecting.add(socket);
  return {
    socket,
    release: () => {
      if (first) connecting.delete(socket);
      sessions.set(socket, (sessions.get(socket) ?? 1) - 1);
    },
  };
}

function freeSocket(name: string): string {
  for (let slot = 0; ; slot++) {
    const socket = join(socketFolder(), `${name}-${slot}`);
    if ((sessions.get(socket) ?? 0) < perConnection) return socket;
  }
}

/** A private folder of this process. Those of processes that no longer run are removed; their connections end by themselves. */
export function socketFolder(): string {
  if (folder !== undefined) return folder;
  const base = tmpdir().length > longestPath - 60 ? '/tmp' : tmpdir();
  sweep(base);
  folder = mkdtempSync(join(base, `${prefix}${process.pid}-`));
  process.once('exit', closeConnections);
  return folder;
}

function closeConnections(): void {
  for (const socket of sessions.keys())
    spawnSync('ssh', ['-F', 'none', '-S', socket, '-O', 'exit', 'here'], { stdio: 'ignore', timeout: 1_000 });
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

function sweep(base: string): void {
  for (const name of readdirSync(base)) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]);
    if (!(pid > 0) || runs(pid)) continue;
    try {
      rmSync(join(base, name), { recursive: true, force: true });
    } catch {
      // Another user's: left to that user.
    }
  }
}

function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
