import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const segments = '/proc/sysvipc/shm';

/**
 * Removes the System V segments of servers of PostgreSQL that were killed and whose data lies below a folder. Each leaves one, and a
 * machine has room for 4,096. Their keys are the inodes of the data directories (src/backend/port/sysv_shmem.c). MUST be called
 * before the data is removed.
 */
export function freeSharedMemory(folder: string): void {
  if (!existsSync(segments) || !existsSync(folder)) return;
  const left = unattached();
  if (left.size === 0) return;
  const { stdout } = spawnSync('find', [folder, '-type', 'd', '-printf', '%i\n'], { encoding: 'utf8', maxBuffer: 64 * 2 ** 20 });
  for (const inode of stdout.split('\n')) {
    const id = left.get(Number(inode) | 0);
    if (inode !== '' && id !== undefined) spawnSync('ipcrm', ['-m', id]);
  }
}

/** Identifiers of the segments that no process has, by key. */
function unattached(): Map<number, string> {
  const rows = readFileSync(segments, 'utf8').split('\n').slice(1);
  return new Map(
    rows.flatMap((row) => {
      const [key, id = '', , , , , attached] = row.trim().split(/\s+/u);
      return attached === '0' && key !== '0' ? [[Number(key), id] as const] : [];
    }),
  );
}
