import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json, lifeboat, root } from './call.ts';

describe('lifeboat check and plan on a runbooks folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-folder-'));
    await cp(join(root, 'runbooks'), folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true }));

  const change = async (from: string, to: string): Promise<void> => {
    const file = join(folder, 'orders-failover.yaml');
    const text = await readFile(file, 'utf8');
    assert.ok(text.includes(from));
    await writeFile(file, text.replace(from, to));
  };

  it('finds nothing to refuse in the shipped runbooks', async () => {
    const called = await lifeboat(['check', folder, '--json']);
    assert.equal(called.code, 0, called.out);
    assert.equal(json(called).ok, true);
    assert.deepEqual(json(called).problems, []);
    assert.deepEqual(json(called).runbooks, ['orders-failback', 'orders-failover']);
  });

  it('refuses a mistyped step type with file, line, column and fix, and ends with 1', async () => {
    await change('uses: postgres.promote', 'uses: postgres.promot');
    const called = await lifeboat(['check', folder]);
    assert.equal(called.code, 1);
    assert.match(called.out, /^refused {2}orders-failover\.yaml:\d+:\d+: .*postgres\.promot.*did you mean "postgres\.promote"/m);
    const [problem] = json(await lifeboat(['check', '--runbooks', folder, '--json'])).problems;
    assert.equal(problem.file, 'orders-failover.yaml');
    assert.ok(Number.isInteger(problem.line) && Number.isInteger(problem.column) && problem.fix !== '');
  });

  it('tells once what is wrong with the inventory, however many runbooks it concerns', async () => {
    const file = join(folder, 'inventory.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('    tier: 1\n', '    tier: 1\n    rehearsal: { at: { site-c: {} } }\n'));
    const { problems } = json(await lifeboat(['check', folder, '--json']));
    assert.deepEqual(
      (problems as { message: string }[]).map(({ message }) => message),
      ['there is no site "site-c"'],
    );
  });

  it('refuses a promotion that no gate precedes', async () => {
    await change('needs: [cut-over]', 'needs: []');
    await change('needs: [cut-over]', 'needs: []');
    assert.equal((await lifeboat(['check', folder])).code, 1);
  });

  it('refuses broken YAML, and still tells the problems of the other files', async () => {
    await writeFile(join(folder, 'broken.yaml'), 'runbook: [x\nkind: failover\n');
    await writeFile(join(folder, 'other.yaml'), 'runbook: other\nkind: nonsense\nsystem: orders\nsteps: []\n');
    const called = await lifeboat(['check', folder]);
    assert.equal(called.code, 1);
    assert.match(called.out, /broken\.yaml:\d+:\d+: /);
    assert.match(called.out, /other\.yaml:\d+:\d+: /);
  });

  it('does not call an empty folder checked', async () => {
    for (const file of ['inventory.yaml', 'schedules.yaml', 'orders-failback.yaml', 'orders-failover.yaml']) await rm(join(folder, file));
    assert.equal((await lifeboat(['check', folder])).code, 1);
    await cp(join(root, 'runbooks/inventory.yaml'), join(folder, 'inventory.yaml'));
    const called = await lifeboat(['check', folder]);
    assert.equal(called.code, 1);
    assert.match(called.out, /There is no runbook/);
  });

  it('shows the run of a whole site: a gate a tier, and a run for each system', async () => {
    const called = await lifeboat(['plan', '--site', 'site-a', '--from', 'site-a', '--runbooks', folder]);
    assert.equal(called.code, 0, called.err);
    assert.match(called.out, /^failover of site-a: site-a → site-b$/m);
    assert.match(called.out, /gate: Move tier 1 of site-a: orders/);
    assert.match(called.out, /system-orders +run orders-failover of orders: site-a → site-b/);
    assert.match(called.out, /failover --site site-a --planned\|--unplanned --digest [0-9a-f]{64}/);
    const back = json(
      await lifeboat(['plan', '--site', 'site-a', '--kind', 'failback', '--from', 'site-b', '--runbooks', folder, '--json']),
    );
    assert.deepEqual(
      [back.plan.kind, back.plan.source.site, back.plan.target.site, back.plan.whole],
      ['failback', 'site-b', 'site-a', 'site-a'],
    );
    const none = await lifeboat(['plan', '--site', 'site-a', '--kind', 'backup', '--from', 'site-a', '--runbooks', folder]);
    assert.equal(none.code, 1);
    assert.match(none.err, /nothing of site-a can be backed up: orders is not backed up: "orders" has no runbook of the kind backup/);
  });

  it('shows both paths of a failover in order, its longest path and its digest', async () => {
    const called = await lifeboat(['plan', 'orders', '--from', 'site-a', '--runbooks', folder]);
    assert.equal(called.code, 0, called.err);
    assert.match(called.out, /^failover of orders: site-a → site-b$/m);
    assert.match(called.out, /^planned: about .*longest path facts → cut-over → quiesce → promote → rows → tell$/m);
    assert.match(called.out, /^unplanned: about .*longest path facts → cut-over → fence → promote → rows → tell$/m);
    assert.match(called.out, /digest [0-9a-f]{64}/);
    assert.match(called.out, /gate: Move orders from site-a to site-b/);
  });

  it('gives the plan as JSON, the same digest for both modes, another one for the other direction', async () => {
    const of = async (...args: string[]) => json(await lifeboat(['plan', 'orders-failover', '--runbooks', folder, '--json', ...args]));
    const [planned, unplanned, back] = await Promise.all([
      of('--from', 'site-a', '--planned'),
      of('--from', 'site-a', '--unplanned'),
      of('--from', 'site-b'),
    ]);
    assert.equal(planned.plan.digest, unplanned.plan.digest);
    assert.notEqual(planned.plan.digest, back.plan.digest);
    assert.deepEqual(Object.keys(planned.estimates), ['planned']);
    assert.ok(unplanned.estimates.unplanned.path.includes('fence'));
    assert.equal(back.plan.target.site, 'site-a');
  });

  it('exports a checklist for people', async () => {
    const file = join(folder, 'checklist.md');
    const called = await lifeboat(['plan', 'orders', '--from', 'site-a', '--unplanned', '--export', file, '--runbooks', folder]);
    assert.equal(called.code, 0, called.err);
    const text = await readFile(file, 'utf8');
    assert.match(text, /^# orders-failover: unplanned failover of orders/);
    assert.match(text, /fence/);
  });

  it('says that it cannot tell who serves where no member answers, and what to do', async () => {
    const called = await lifeboat(['plan', 'orders', '--runbooks', folder]);
    assert.equal(called.code, 3);
    assert.match(called.err, /cannot be told from here which site serves orders/);
    assert.match(called.err, /--from site-a or --from site-b/);
  });
});
