import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadFolder, type Folder, type InventoryFile } from '../../plan/load.ts';
import { PlanError } from '../../plan/problem.ts';

export type Loaded = Folder & { readonly inventory: InventoryFile };

interface Kept {
  readonly stamp: string;
  readonly folder: Promise<Folder>;
}

/** As it was when it was last read, by path: a large inventory takes seconds to parse. */
const kept = new Map<string, Kept>();

/** A broken runbook of another system must not keep this one from being recovered; a broken inventory must. */
export async function load(path: string): Promise<Loaded> {
  const stamp = await stampOf(path);
  let known = kept.get(path);
  if (!known || known.stamp !== stamp) kept.set(path, (known = { stamp, folder: loadFolder(path) }));
  const folder = await known.folder;
  if (folder.inventory === undefined) throw new PlanError(folder.problems);
  return folder as Loaded;
}

/** Names, sizes and times of the files: as they change, so does it. */
async function stampOf(path: string): Promise<string> {
  const names = (await readdir(path).catch(() => [])).filter((name) => /\.ya?ml$/u.test(name)).toSorted();
  const files = await Promise.all(
    names.map(async (name) => {
      const file = await stat(join(path, name), { bigint: true }).catch(() => null);
      return `${name} ${file?.size} ${file?.mtimeNs} ${file?.ctimeNs} ${file?.ino}`;
    }),
  );
  return files.join('\n');
}
