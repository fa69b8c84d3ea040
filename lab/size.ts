import { existsSync, readFileSync } from 'node:fs';
import { labFile } from './lab.ts';
import { holderIn } from './full/lock.ts';

/** Of which size the lab in a folder is, by its lab.json; null where there is none. A full lab is known on this machine also without it. */
export function sizeOf(folder: string): 'small' | 'full' | null {
  if (!existsSync(labFile(folder))) return holderIn(folder) ? 'full' : null;
  const { size } = JSON.parse(readFileSync(labFile(folder), 'utf8')) as { size?: string };
  return size === 'full' ? 'full' : 'small';
}
