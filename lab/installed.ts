import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The Temporal command line on the path, if its UI is new enough to show what a run asks (1.9). */
export async function findTemporal(): Promise<string | null> {
  const path = onPath('temporal');
  const [, major, minor] = /(\d+)\.(\d+)/.exec(path ? await versionOf(path) : '') ?? [];
  return path && (Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 9)) ? path : null;
}

/** Folder of a whole PostgreSQL, 15 or later: on the path, else where Debian keeps it. */
export async function findPostgres(): Promise<string | null> {
  const found = [onPath('initdb'), onPath('postgres')].flatMap((path) => (path ? [dirname(realpathSync(path))] : []));
  for (const folder of [...found, ...debianFolders()]) {
    if (!needed.every((name) => existsSync(join(folder, name)))) continue;
    const [, major] = /(\d+)/.exec(await versionOf(join(folder, 'postgres'))) ?? [];
    if (Number(major) >= 15) return folder;
  }
  return null;
}

/** Path of a program, as a shell would find it. */
export function onPath(name: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    try {
      const path = join(folder, name);
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // the next one
    }
  }
  return null;
}

const needed = ['initdb', 'postgres', 'pg_basebackup', 'pg_controldata', 'pg_rewind', 'pg_ctl', 'pg_waldump', 'psql'];

function debianFolders(): string[] {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return [];
  const versions = readdirSync(root).sort((left, right) => Number(right) - Number(left));
  return versions.map((version) => join(root, version, 'bin'));
}

async function versionOf(path: string): Promise<string> {
  return run(path, ['--version'], { timeout: 10_000 }).then(
    ({ stdout }) => stdout,
    () => '',
  );
}
