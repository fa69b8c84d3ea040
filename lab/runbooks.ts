import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.ts';

/** Copies runbooks that come with this package, of a folder under `runbooks`; the lab has an inventory of its own. */
export function copyRunbooks(to: string, folder = '.'): void {
  const from = join(packageRoot(), 'runbooks', folder);
  if (!existsSync(from)) return;
  for (const name of readdirSync(from)) {
    if (/\.ya?ml$/.test(name) && name !== 'inventory.yaml') copyFileSync(join(from, name), join(to, name));
  }
}
