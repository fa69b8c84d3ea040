import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyRunbooks } from '../runbooks.ts';
import { tsig } from './disk/edge.ts';
import { knownHosts } from './disk/login.ts';
import { secretFile, type FullLab } from './full-lab.ts';
import { inventory } from './inventory.ts';

/** What a worker of the lab is given: the runbooks that come with this package, the lab's own inventory, and the authority of its hosts. */
export function writeRunbooks(lab: FullLab): void {
  const folder = join(lab.folder, 'runbooks');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'inventory.yaml'), inventory(lab));
  writeFileSync(join(folder, 'known_hosts'), knownHosts(lab));
  writeFileSync(secretFile(lab, 'tsig.key'), tsig(lab), { mode: 0o600 });
  copyRunbooks(folder, 'two-sites');
  if (lab.aws) copyRunbooks(folder, 'cloud');
}
