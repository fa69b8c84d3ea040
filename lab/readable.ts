import { existsSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { chmod, cp, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { reachableByOthers } from './database-user.ts';
import { shown, type Progress } from './progress.ts';

/**
 * PostgreSQL's programs out of its Python package, where the user who runs it may read them: as root that is another user, whom
 * root's own folders are closed to.
 */
export async function readableByOthers(packages: string, version: string, progress: Progress): Promise<string> {
  const inside = 'embedded_postgres/pginstall/bin';
  const original = join(packages, inside);
  if (process.getuid?.() !== 0 || (reachableByOthers(original) && (statSync(join(original, 'postgres')).mode & 0o005) === 0o005))
    return original;
  const place = join(publicFolder(), version.replace('==', '-'));
  if (!existsSync(place)) await shown(progress, 'Copying PostgreSQL to where its user can read it', copy(packages, place));
  return join(place, inside);
}

/** A folder of our own that any user may pass through. Throws where somebody else made it before us. */
export function publicFolder(): string {
  const folder = `/var/tmp/lifeboat-${process.getuid?.() ?? 'user'}`;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) {
    throw new Error(`${folder} belongs to another user or may be written by others: remove it.`);
  }
  return folder;
}

async function copy(packages: string, place: string): Promise<void> {
  const draft = await mkdtemp(`${place}.draft-`);
  try {
    // The programs find their libraries in the sibling folder: both or neither.
    for (const part of ['embedded_postgres/pginstall', 'embedded_postgres.libs'])
      await cp(join(packages, part), join(draft, part), { recursive: true });
    await open(draft);
    await rename(draft, place).catch((error: unknown) => {
      if (!existsSync(place)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function open(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await open(path);
    else if (entry.isFile()) await chmod(path, statSync(path).mode & 0o100 ? 0o755 : 0o644);
  }
}
