import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { reachableByOthers } from '../../lab/database-user.ts';
import { onPath } from '../../lab/installed.ts';
import { publicFolder } from '../../lab/readable.ts';
import { Missing } from './peer.ts';

const run = promisify(execFile);
/** The major version that the peers' Debian packages are built for. */
const major = 15;

/** Folder of PostgreSQL's programs. */
export function installed(): string {
  const folder = `/usr/lib/postgresql/${major}/bin`;
  if (!existsSync(join(folder, 'postgres'))) throw new Missing(`PostgreSQL ${major} is not here: apt-get install postgresql-${major}`);
  return folder;
}

/** Path of a program. Throws {@link Missing}, naming the Debian packages that bring it. */
export function programOf(name: string, packages: string): string {
  const path = onPath(name);
  if (path === null) throw new Missing(`${name} is not here: apt-get install ${packages}`);
  return path;
}

/** A Python environment with these packages, kept between runs; as root one that the database's user may run too. */
export async function python(packages: readonly string[]): Promise<string> {
  const interpreter = interpreters().find((path) => process.getuid?.() !== 0 || reachableByOthers(dirname(realpathSync(path))));
  if (!interpreter) throw new Missing('There is no python3 that every user may run: apt-get install python3-venv');
  const name = createHash('sha256')
    .update([interpreter, ...packages].join(' '))
    .digest('hex')
    .slice(0, 12);
  const folder = join(publicFolder(), `python-${name}`);
  if (existsSync(join(folder, 'whole'))) return folder;
  console.error(`Fetching ${packages.join(', ')} …`);
  const draft = await mkdtemp(`${folder}.draft-`);
  try {
    await chmod(draft, 0o755);
    await run(interpreter, ['-m', 'venv', draft]);
    await run(join(draft, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--no-input', ...packages], { timeout: 600_000 });
    await writeFile(join(draft, 'whole'), packages.join('\n'));
    await rename(draft, folder).catch((error: unknown) => {
      if (!existsSync(join(folder, 'whole'))) throw error;
    });
  } catch (error) {
    throw new Missing(`${packages.join(', ')} could not be fetched by pip (apt-get install python3-venv): ${(error as Error).message}`);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

function interpreters(): string[] {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin'];
  return folders.map((folder) => join(folder, 'python3')).filter((path) => existsSync(path));
}
