import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, signal, type Identity } from '../../lab/process.ts';

/** Kills (-9) every process that works in a folder or below it, and returns once none is left. */
export async function killIn(folder: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; ; await sleep(5)) {
    const left = workingIn(folder);
    if (left.length === 0) return;
    for (const one of left) signal(one, 'SIGKILL');
    if (Date.now() > deadline) throw new Error(`Processes ${left.map(({ pid }) => pid).join(', ')} outlive kill -9.`);
  }
}

/** The living processes whose working directory is in a folder: a server may write over its environment, and lose its parent. */
export function workingIn(folder: string): Identity[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/u.test(name) || !isWithin(folder, cwd(name))) return [];
    return identify(Number(name)) ?? [];
  });
}

const isWithin = (folder: string, path: string): boolean => path === folder || path.startsWith(`${folder}/`);

function cwd(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
