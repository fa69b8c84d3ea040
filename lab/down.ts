import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { smallHome } from './aws/home.ts';
import { endDatabases } from './aws/rds/end.ts';
import { dataOf, readLab, type Lab } from './lab.ts';
import { readIdentity } from './launch.ts';
import { killAll } from './process.ts';
import { freeSharedMemory } from './shared-memory.ts';

/**
 * Ends every process of the lab and removes its folder, also where it stands only half. Returns how many processes it ended.
 * Throws, and removes nothing, where the folder holds no lab.
 */
export async function down(folder: string): Promise<number> {
  const lab = readLab(folder);
  let ended = 0;
  // Those first that could start others again.
  for (const name of ['databases', 'estate', ...running(lab)]) {
    const identity = readIdentity(join(lab.folder, 'run', `${name}.json`));
    if (identity) ended += await killAll({ roots: [identity] });
  }
  // What a kill tore from its parent, and what was started before it could be noted.
  for (const host of Object.keys(lab.hosts)) ended += await killAll({ tag: `LIFEBOAT_LAB=${lab.id}`, data: dataOf(lab, host) });
  const home = smallHome(lab);
  if (home) ended += await endDatabases(home);
  freeSharedMemory(lab.disks);
  if (lab.disks.endsWith(`/lab-${lab.id}`)) removeOutside(lab.disks);
  rmSync(lab.folder, { recursive: true, force: true, maxRetries: 5 });
  return ended;
}

/** Disks that lie outside the lab's folder, and the folder of ours around them once it is empty. */
function removeOutside(disks: string): void {
  rmSync(disks, { recursive: true, force: true });
  try {
    rmdirSync(dirname(disks));
  } catch {
    // another lab's disks are in it
  }
}

function running(lab: Lab): string[] {
  const folder = join(lab.folder, 'run');
  return existsSync(folder) ? readdirSync(folder).map((name) => name.replace(/\.json$/, '')) : [];
}
