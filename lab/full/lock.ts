import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { FullLab } from './full-lab.ts';

/** One lab for each net: addresses and names on this machine are made of its number. The lock is gone when the machine restarts, as they are. */
export function takeNet(lab: FullLab): void {
  mkdirSync(dirname(lockFile(lab.net)), { recursive: true });
  try {
    writeFileSync(lockFile(lab.net), JSON.stringify(lab), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const other = holderOf(lab.net);
    throw new Error(
      `A lab stands on net ${lab.net} already, in ${other?.folder ?? 'an unknown folder'}. ` +
        `End it with "lifeboat lab down --full --folder ${other?.folder ?? 'FOLDER'}", or choose another net: LIFEBOAT_LAB_NET=${lab.net + 1}.`,
      { cause: error },
    );
  }
}

/** The lab that stands on a net, or null. */
export function holderOf(net: number): FullLab | null {
  if (!existsSync(lockFile(net))) return null;
  try {
    return JSON.parse(readFileSync(lockFile(net), 'utf8')) as FullLab;
  } catch {
    return null;
  }
}

/** The lab whose folder this is, by its lock: the folder itself may be gone. */
export function holderIn(folder: string): FullLab | null {
  for (let net = 1; net < 255; net += 1) {
    const lab = holderOf(net);
    if (lab?.folder === folder) return lab;
  }
  return null;
}

export function leaveNet(lab: FullLab): void {
  if (holderOf(lab.net)?.id === lab.id) rmSync(lockFile(lab.net), { force: true });
}

const lockFile = (net: number): string => `/run/lifeboat/lab-${net}.json`;
