import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StepError } from '../../activities/error.ts';
import type { RecordStore } from './store.ts';

/** A folder on the worker's machine. */
export function folderStore(folder: string): RecordStore {
  return {
    where: folder,
    async list(under) {
      const entries = await readdir(join(folder, under), { withFileTypes: true }).catch(absent);
      return (entries ?? [])
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
        .toSorted();
    },
    read: (name) => readFile(join(folder, name), 'utf8').catch(absent),
    async write(name, text) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await flushed(`${path}.new`, text);
      await rename(`${path}.new`, path);
      if ((await readFile(path, 'utf8')) === text) return path;
      throw new StepError('store-differs', `${path} does not hold what was written into it: another writes there too`, 'later');
    },
  };
}

/** Evidence MUST be on the disk, and not only on its way there, before anything says that it was written. */
async function flushed(path: string, text: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
