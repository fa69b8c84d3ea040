import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onPath } from './installed.ts';
import { shown, type Progress } from './progress.ts';

const run = promisify(execFile);

/** Folder in which fetched tools are kept between runs. */
export function cacheFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'];
  return process.env['LIFEBOAT_CACHE'] ?? (cache ? join(cache, 'lifeboat') : join(homedir(), '.cache/lifeboat'));
}

/**
 * A Python virtual environment that holds exactly these packages, made where it is not there yet. It gets its name only when it
 * is whole, so a half-made one is never used and two makers at once do not disturb each other.
 */
export async function environment(packages: readonly string[], progress: Progress): Promise<string> {
  const cache = cacheFolder();
  const name = `python-${createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12)}`;
  const folder = join(cache, name);
  if (isWhole(folder)) return folder;
  const python = onPath('python3');
  if (!python)
    throw new Error('There is no python3 on the path. Install Python 3.9 or later; the practice lab needs it for its power controllers.');
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, `${name}.draft-`));
  try {
    await shown(progress, 'Making a Python environment', make(python, draft));
    await shown(progress, `Fetching ${packages.join(', ')}`, fetch(draft, packages));
    await writeFile(join(draft, 'whole'), packages.join('\n'));
    if (!isWhole(folder)) await rm(folder, { recursive: true, force: true });
    await rename(draft, folder).catch((error: unknown) => {
      if (!isWhole(folder)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

/** Where an environment keeps its packages. */
export async function sitePackages(folder: string): Promise<string> {
  for (const version of await readdir(join(folder, 'lib'))) {
    const path = join(folder, 'lib', version, 'site-packages');
    if (existsSync(path)) return path;
  }
  throw new Error(`${folder} holds no packages. Remove it; it is made again.`);
}

function isWhole(folder: string): boolean {
  return existsSync(join(folder, 'whole')) && existsSync(join(folder, 'bin/python'));
}

async function make(python: string, folder: string): Promise<void> {
  await run(python, ['-m', 'venv', folder], { timeout: 120_000 }).catch((error: Failed) => {
    throw new Error(
      `${python} cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv. It said: ${lastWords(error)}`,
    );
  });
}

async function fetch(folder: string, packages: readonly string[]): Promise<void> {
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', ...packages];
  await run(join(folder, 'bin/python'), pip, { timeout: 600_000, maxBuffer: 16 << 20 }).catch((error: Failed) => {
    throw new Error(
      `${packages.join(', ')} could not be fetched from the Python package index. Is the network there, and does pip reach its index (pip config list)? It said: ${lastWords(error)}`,
    );
  });
}

type Failed = Error & { stdout?: string; stderr?: string };

function lastWords(error: Failed): string {
  const lines = `${error.stdout ?? ''}\n${error.stderr ?? ''}`.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-3).join(' / ') || error.message;
}
