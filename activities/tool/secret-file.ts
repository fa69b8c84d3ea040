import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Lends a secret as a file that only this user can read, gone when `use` has ended: for programs that take it no other way. */
export async function withSecretFile<Result>(secret: string, use: (path: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-'));
  try {
    const path = join(folder, 'secret');
    await writeFile(path, secret, { mode: 0o600 });
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
