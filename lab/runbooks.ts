import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.ts';

/** Copies the runbooks that come with this package; the lab has an inventory of its own. */
export function copyRunbooks(to: string): void {
  const from = join(packageRoot(), 'runbooks');
  if (!existsSync(from)) return;
  for (const name of readdirSync(from)) {
    if (/\.ya?ml$/.test(name) && name !== 'inventory.yaml') copyFileSync(join(from, name), join(to, name));
  }
}
