/**
 * Runs the tests: `npm test`, or `npm test -- FILE…` for some of them, `npm test -- --quick` for those that need no lab.
 * As root on Debian it first installs the packages they need, and then nothing may be skipped.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emulatorPackages } from '../lab/aws/packages.ts';
import { tools } from '../lab/tools.ts';
import { environment } from '../lab/venv.ts';
import type { Counts } from './counts.ts';
import { installPackages, onDebianAsRoot } from './debian.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const quick = ['architecture', 'plan', 'record'];
/** Groups that run side by side, where all are run: tests that stand a whole world up wait much and compute little. */
const lanes: readonly RegExp[] = [
  /(?:full|torture)\/|lab\/full/u,
  /activities\/(?:aws|ec2|rds|route53|s3|secrets)-|cloud|lab\/aws/u,
  /activities\//u,
  /./u,
];
/** How long the process of the tests may live on when all have ended, milliseconds. */
const grace = 20_000;

const words = process.argv.slice(2);
const some = words.filter((word) => !word.startsWith('--'));
process.chdir(root);
if (some.length === 0 && !words.includes('--quick')) {
  installPackages();
  build();
  // What is fetched once would else be fetched within the time of whichever test needs it first.
  await tools((line) => console.log(line));
  await environment(emulatorPackages, (line) => console.log(line));
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

/** Returns the exit code. */
async function run(files: readonly string[]): Promise<number> {
  if (files.length === 0) throw new Error('no test file was found: testing nothing is a failure');
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-tests-'));
  const laneOf = (name: string): number => lanes.findIndex((lane) => lane.test(name));
  const running = lanes.map((_, nth) => files.filter((name) => laneOf(name) === nth)).filter((lane) => lane.length > 0);
  const ended = await Promise.all(running.map((lane, nth) => runLane(lane, join(folder, `${nth}.json`), nth > 0)));
  rmSync(folder, { recursive: true, force: true });
  return verdict(ended);
}

interface Ended {
  readonly counts: Counts | null;
  readonly code: number;
  /** A process that outlives its tests has left something running, and fails. */
  readonly outlived: boolean;
}

/**
 * `late`: what it prints is kept until it has ended, so that two lanes can be read. A test is tried once more where it failed:
 * on two cores with whole sites on them, a deadline can pass for want of a processor.
 */
async function runLane(files: readonly string[], file: string, late: boolean): Promise<Ended> {
  const child = spawn(
    process.execPath,
    [
      // Before mocha's own arguments: among them it would start a process of its own, which outlives this one where it is killed.
      '--import=tsx',
      'node_modules/mocha/bin/mocha.js',
      '--timeout',
      // For a machine that carries several worlds at once: it ends what hangs, and measures nothing.
      '120000',
      '--retries',
      '1',
      '--reporter',
      './test/reporter.ts',
      ...files,
    ],
    {
      stdio: ['ignore', late ? 'pipe' : 'inherit', late ? 'pipe' : 'inherit'],
      env: { ...process.env, LIFEBOAT_TEST_COUNTS: file },
    },
  );
  const kept: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => kept.push(data));
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
  process.stdout.write(Buffer.concat(kept));
  return { counts: existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Counts) : null, code, outlived };
}

function verdict(lanes: readonly Ended[]): number {
  const passed = lanes.reduce((sum, { counts }) => sum + (counts?.passed ?? 0), 0);
  // Tests that ended before they could be counted are one failure at least.
  const failed = lanes.reduce((sum, { counts }) => sum + (counts?.failed ?? 1), 0);
  const skipped = lanes.flatMap(({ counts }) => counts?.skipped ?? []);
  if (lanes.some(({ counts }) => !counts)) console.error('Some tests ended before they could be counted.');
  const outlived = lanes.some((lane) => lane.outlived);
  if (outlived) console.error(`Tests had ended, but their process lived on for ${grace / 1000} s: a test left something running.`);
  for (const title of skipped) console.error(`SKIPPED: ${title}`);
  const incomplete = skipped.length > 0 && onDebianAsRoot();
  if (incomplete) console.error('On this machine nothing may be skipped.');
  const wanted = process.env['LIFEBOAT_TEST_COUNTS'];
  if (wanted) writeFileSync(wanted, JSON.stringify({ passed, failed, skipped } satisfies Counts));
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
  return failed > 0 || lanes.some(({ code }) => code !== 0) || outlived || incomplete || passed === 0 ? 1 : 0;
}
