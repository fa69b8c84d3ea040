/**
 * Runs the tests: `npm test`, or `npm test -- FILE…` for some of them, `npm test -- --quick` for those that need no lab.
 * As root on Debian it first installs the packages they need, and then nothing may be skipped.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emulatorPackages } from '../lab/aws/packages.ts';
import { tools } from '../lab/tools.ts';
import { environment } from '../lab/venv.ts';
import { mailPackages } from './activities/mailbox.ts';
import { pdfPackages } from './cli/pdf-packages.ts';
import { sum, type Counts } from './counts.ts';
import { installPackages, onDebianAsRoot } from './debian.ts';
import { grace, runLane, type Ended } from './lane.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const quick = ['architecture', 'plan', 'record'];
/** Groups that run side by side, where all are run: tests that stand a whole world up wait much and compute little. */
const lanes: readonly RegExp[] = [
  /(?:full|torture)\/|lab\/full/u,
  /activities\/(?:aws|ec2|rds|route53|s3|secrets)-|cloud|lab\/aws/u,
  /activities\//u,
  /./u,
];

const words = process.argv.slice(2);
const some = words.filter((word) => !word.startsWith('--'));
process.chdir(root);
if (some.length === 0 && !words.includes('--quick')) {
  installPackages();
  build();
  // What is fetched once would else be fetched within the time of whichever test needs it first.
  await tools((line) => console.log(line));
  for (const packages of [emulatorPackages, mailPackages, pdfPackages]) await environment(packages, (line) => console.log(line));
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
  const again = running.length > 1 ? failedIn(ended) : [];
  const alone = new Map<string, Ended>();
  for (const name of again) {
    console.log(`\nRETRIED: ${name}, alone`);
    alone.set(name, await runLane([name], join(folder, 'alone.json'), false));
  }
  rmSync(folder, { recursive: true, force: true });
  return verdict(ended, alone);
}

/**
 * Files with a test that failed while others ran beside them: on two cores with whole worlds on them a deadline can pass for want
 * of a processor. They are tried once more by themselves, from their start: tests of one file build upon each other. What chance
 * found is never tried again: it might not be found twice.
 */
function failedIn(ended: readonly Ended[]): string[] {
  const files = ended.flatMap(({ counts }) => Object.entries(counts ?? {}).flatMap(([name, { failed }]) => (failed > 0 ? [name] : [])));
  return files.filter((name) => name !== '' && !/torture/u.test(name));
}

/** What a file came to alone stands for what it came to in its lane. */
function verdict(lanes: readonly Ended[], alone: ReadonlyMap<string, Ended>): number {
  const all = [...lanes, ...alone.values()];
  const { passed, failed, skipped } = sum([
    ...lanes.flatMap(({ counts }) => Object.entries(counts ?? {}).flatMap(([name, one]) => (alone.has(name) ? [] : [one]))),
    ...[...alone.values()].flatMap(({ counts }) => Object.values(counts ?? {})),
    // Tests that ended before they could be counted are one failure at least.
    ...all.flatMap(({ counts }) => (counts ? [] : [{ passed: 0, failed: 1, skipped: [] }])),
  ]);
  if (all.some(({ counts }) => !counts)) console.error('Some tests ended before they could be counted.');
  const outlived = all.some((lane) => lane.outlived);
  if (outlived) console.error(`Tests had ended, but their process lived on for ${grace / 1000} s: a test left something running.`);
  for (const name of alone.keys())
    console.error(`RETRIED: ${name} failed beside others, and was run alone: above is what it came to. It is one to mend.`);
  for (const title of skipped) console.error(`SKIPPED: ${title}`);
  const incomplete = skipped.length > 0 && onDebianAsRoot();
  if (incomplete) console.error('On this machine nothing may be skipped.');
  const wanted = process.env['LIFEBOAT_TEST_COUNTS'];
  if (wanted) writeFileSync(wanted, JSON.stringify({ passed, failed, skipped } satisfies Counts));
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
  const unexplained = lanes.some(({ counts, code }) => code !== 0 && (!counts || sum(Object.values(counts)).failed === 0));
  return failed > 0 || unexplained || outlived || incomplete || passed === 0 ? 1 : 0;
}
