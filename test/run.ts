/**
 * Runs the tests: `npm test`, or `npm test -- FILE…` for some of them, `npm test -- --quick` for those that need no lab.
 * As root on Debian it first installs the packages they need, and then nothing may be skipped.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Counts } from './counts.ts';
import { installPackages, onDebianAsRoot } from './debian.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const quick = ['architecture', 'plan', 'record'];
/** How long the process of the tests may live on when all have ended, milliseconds. */
const grace = 20_000;

const words = process.argv.slice(2);
const some = words.filter((word) => !word.startsWith('--'));
process.chdir(root);
if (some.length === 0 && !words.includes('--quick')) {
  installPackages();
  build();
}
process.exitCode = await run(some.length > 0 ? some : tests(words.includes('--quick') ? quick : undefined));

function build(): void {
  console.log('Building …');
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error('the build failed: see above');
}

function tests(folders?: readonly string[]): string[] {
  return readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && (!folders || folders.some((folder) => name.startsWith(`${folder}/`))))
    .map((name) => join('test', name))
    .sort();
}

/** The exit code. A process that outlives its tests has left something running, and fails. */
async function run(files: readonly string[]): Promise<number> {
  if (files.length === 0) throw new Error('no test file was found: testing nothing is a failure');
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-tests-'));
  const file = process.env['LIFEBOAT_TEST_COUNTS'] ?? join(folder, 'counts.json');
  rmSync(file, { force: true });
  const child = spawn(
    process.execPath,
    ['node_modules/mocha/bin/mocha.js', '--import=tsx', '--timeout', '60000', '--reporter', './test/reporter.ts', ...files],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, LIFEBOAT_TEST_COUNTS: file },
    },
  );
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.once('SIGINT', pass).once('SIGTERM', pass);
  let outlived = false;
  let since = 0;
  const watch = setInterval(() => {
    if (since === 0 && existsSync(file)) since = Date.now();
    if (since === 0 || outlived || Date.now() - since < grace) return;
    outlived = true;
    child.kill('SIGKILL');
  }, 500);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
  clearInterval(watch);
  const counts = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Counts) : null;
  rmSync(folder, { recursive: true, force: true });
  return verdict(counts, code, outlived);
}

function verdict(counts: Counts | null, code: number, outlived: boolean): number {
  if (!counts) {
    console.error('The tests ended before they could be counted.');
    return 1;
  }
  if (outlived) console.error(`The tests had ended, but their process lived on for ${grace / 1000} s: a test left something running.`);
  for (const title of counts.skipped) console.error(`SKIPPED: ${title}`);
  const incomplete = counts.skipped.length > 0 && onDebianAsRoot();
  if (incomplete) console.error('On this machine nothing may be skipped.');
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped.length} skipped`);
  return code !== 0 || outlived || incomplete || counts.passed === 0 ? 1 : 0;
}
