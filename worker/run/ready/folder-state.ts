import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { revisionOf } from '../../../plan/revision.ts';
import type { FolderState } from '../../../workflows/wire.ts';

/** By what the worker of a site works: its runbooks folder. */
export async function folderState(folder: string): Promise<FolderState> {
  const [digest, revision] = await Promise.all([digestOf(folder), revisionOf(folder)]);
  return { digest, revision: revision ?? null };
}

async function digestOf(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /\.ya?ml$/u.test(name)).toSorted();
  const hash = createHash('sha256');
  for (const name of names) hash.update(JSON.stringify([name, await readFile(join(folder, name), 'utf8')]));
  return hash.digest('hex');
}
