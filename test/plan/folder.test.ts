import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chooseRunbook } from '../../plan/choose.ts';
import { loadFolder, loadInventory } from '../../plan/load.ts';
import { printProblem } from '../../plan/problem.ts';
import { revisionOf } from '../../plan/revision.ts';
import { head, inventoryText, runbook, whole } from './sample.ts';

const run = promisify(execFile);

describe('a folder of runbooks', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'lifeboat-plan-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('gives the inventory, the runbooks that are right, and the problems of all files', async () => {
    await writeFile(join(folder, 'inventory.yaml'), inventoryText);
    await writeFile(join(folder, 'good.yaml'), `${head}steps:\n${whole}`);
    await writeFile(join(folder, 'same.yml'), `${head}steps:\n${whole}`);
    await writeFile(join(folder, 'wrong.yaml'), 'runbook: [\n');
    await writeFile(join(folder, 'notes.txt'), 'no runbook');
    await mkdir(join(folder, 'folder.yaml'));
    const loaded = await loadFolder(folder);
    assert.deepEqual(Object.keys(loaded.inventory?.data.systems ?? {}), ['orders', 'files']);
    assert.deepEqual(
      loaded.runbooks.map(({ file }) => file),
      ['good.yaml', 'same.yml'],
    );
    assert.deepEqual(
      loaded.problems.map(({ file }) => file),
      ['folder.yaml', 'same.yml', 'wrong.yaml'],
    );
    assert.equal(
      printProblem(loaded.problems[1]!),
      'same.yml:1:10: there is already a runbook "r", in good.yaml — give one of them another name',
    );
  });

  it('says what is missing', async () => {
    assert.match(
      (await loadFolder(folder)).problems.map(printProblem).join('\n'),
      /there is no inventory\.yaml in .+ — write one, or name another folder/,
    );
    assert.match((await loadFolder(join(folder, 'gone'))).problems.map(printProblem).join('\n'), /the folder cannot be read \(ENOENT\)/);
    const { inventory, problems } = await loadInventory(join(folder, 'gone.yaml'));
    assert.equal(inventory, undefined);
    assert.match(problems.map(printProblem).join('\n'), /the file cannot be read \(ENOENT\)/);
  });

  it('has the revision of git, with a plus where files were changed, and none without git', async function () {
    assert.equal(await revisionOf(folder), undefined);
    assert.equal(await revisionOf(join(folder, 'gone')), undefined);
    const git = (...args: string[]) => run('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args]);
    await git('init', '--quiet');
    assert.equal(await revisionOf(folder), undefined);
    await writeFile(join(folder, 'a.yaml'), 'a: 1\n');
    await git('add', '.');
    await git('commit', '--quiet', '--message=first');
    const { stdout } = await git('rev-parse', 'HEAD');
    assert.equal(await revisionOf(folder), stdout.slice(0, 12));
    await writeFile(join(folder, 'b.yaml'), 'b: 1\n');
    assert.equal(await revisionOf(folder), `${stdout.slice(0, 12)}+`);
  });
});

describe('choosing a runbook', () => {
  const of = (name: string, kind: string, system = 'orders') =>
    runbook('  - { id: a, uses: x }\n', `runbook: ${name}\nkind: ${kind}\nsystem: ${system}\ndescription: D.\n`);
  const runbooks = [
    of('orders-failover', 'failover'),
    of('orders-nightly', 'backup'),
    of('orders-weekly', 'backup'),
    of('files-failover', 'failover', 'files'),
  ];

  it('takes the only one of its kind, or the one that is named', () => {
    assert.equal(chooseRunbook({ runbooks, system: 'orders', kind: 'failover' }).data.runbook, 'orders-failover');
    assert.equal(chooseRunbook({ runbooks, system: 'orders', kind: 'backup', name: 'orders-weekly' }).data.runbook, 'orders-weekly');
  });

  it('takes the one of the way that the run goes, where each serves one way only', () => {
    const toward = (name: string, target: string) =>
      runbook('  - { id: a, uses: x }\n', `runbook: ${name}\nkind: failover\nsystem: orders\ntarget: ${target}\ndescription: D.\n`);
    const both = { runbooks: [toward('away', 'site-b'), toward('home', 'site-a')], system: 'orders', kind: 'failover' } as const;
    assert.equal(chooseRunbook({ ...both, target: 'site-a' }).data.runbook, 'home');
    assert.throws(() => chooseRunbook(both), /several runbooks of the kind failover: name one of away, home/);
    assert.throws(
      () => chooseRunbook({ ...both, target: 'site-c' }),
      /has no failover to site-c; it has: away \(to site-b\), home \(to site-a\)/,
    );
  });

  const cases: [what: string, wanted: { system: string; kind: 'backup' | 'failover' | 'restore'; name?: string }, expected: RegExp][] = [
    ['several', { system: 'orders', kind: 'backup' }, /several runbooks of the kind backup: name one of orders-nightly, orders-weekly/],
    ['a mistyped system', { system: 'order', kind: 'failover' }, /no runbook is for the system "order": did you mean "orders"\?/],
    [
      'a mistyped name',
      { system: 'orders', kind: 'failover', name: 'orders-failovr' },
      /there is no runbook "orders-failovr": did you mean "orders-failover"\?/,
    ],
    ['a kind that is not there', { system: 'orders', kind: 'restore' }, /it has: orders-failover \(failover\), orders-nightly \(backup\)/],
    ['a name of another kind', { system: 'orders', kind: 'failover', name: 'orders-weekly' }, /is a backup, not a failover/],
    [
      'a name of another system',
      { system: 'orders', kind: 'failover', name: 'files-failover' },
      /is for the system "files", not for "orders"/,
    ],
  ];
  for (const [what, wanted, expected] of cases)
    it(`says what to do about ${what}`, () => assert.throws(() => chooseRunbook({ runbooks, ...wanted }), expected));
});
