import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { packages as labPackages } from '../lab/full/packages.ts';

/** Debian packages that the tests need, each with what for. */
const packages = {
  ...labPackages,
  chromium: 'drives the Temporal UI and looks at the report',
  'fonts-liberation': 'makes its screenshots readable',
  'python3-venv': 'holds the Temporal CLI, PostgreSQL and the power controllers of the lab',
};

/** Whether this process may install Debian packages. */
export function onDebianAsRoot(): boolean {
  return process.getuid?.() === 0 && isDebian();
}

/** Installs what is missing, saying so first; elsewhere says what is missing. Throws where an installation fails. */
export function installPackages(): void {
  const missing = Object.keys(packages).filter((name) => !installed(name));
  if (missing.length === 0) return;
  const why = missing.map((name) => `  ${name}: ${packages[name as keyof typeof packages]}`).join('\n');
  if (!onDebianAsRoot()) {
    console.log(`These may be missing; tests that need them are skipped:\n${why}\n`);
    return;
  }
  console.log(`Installing Debian packages:\n${why}\n`);
  apt('update');
  apt('install', '--yes', '--no-install-recommends', ...missing);
}

function apt(...words: string[]): void {
  const { status, stdout, stderr } = spawnSync('apt-get', ['--quiet', ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status !== 0) throw new Error(`apt-get ${words[0]} failed; run it by hand and start the tests again:\n${stdout}\n${stderr}`);
}

function installed(name: string): boolean {
  if (!isDebian()) return false;
  return spawnSync('dpkg-query', ['--show', '--showformat=${db:Status-Status}', name], { encoding: 'utf8' }).stdout === 'installed';
}

function isDebian(): boolean {
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}
