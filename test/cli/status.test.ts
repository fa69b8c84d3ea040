import assert from 'node:assert/strict';
import { readFile, rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { showSystems, roomOf } from '../../cli/show-systems.ts';
import { startServer, type Server } from '../../lab/server.ts';
import { tools } from '../../lab/tools.ts';
import { standings } from '../../record/dashboard/standing.ts';
import { systemId, type Summary } from '../../workflows/wire.ts';
import { now, overview, summary } from '../record/samples/overview.ts';
import { until } from '../workflows/stage.ts';
import { json, lifeboat } from './call.ts';

describe('lifeboat status without a name', () => {
  let server: Server;
  let connection: Connection;
  let env: { TEMPORAL_ADDRESS: string };
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-status-'));
    server = await startServer({ folder: join(folder, 'temporal'), tools: await tools(() => undefined), ui: false });
    connection = await Connection.connect({ address: server.address });
    const { workflow } = new Client({ connection });
    env = { TEMPORAL_ADDRESS: server.address };
    // No worker has to be alive: what is shown stands in memos.
    for (const [system, one] of overview.systems)
      await workflow.start('system', {
        workflowId: systemId(system),
        taskQueue: 'nobody',
        args: [system],
        memo: one === null ? { loan: { epoch: 1, active: null, runId: null } } : { summary: fresh(one) },
      });
    await until(async () => (await workflow.count(`WorkflowType = 'system'`)).count >= overview.systems.size, 'systems listed');
  });
  after(async () => {
    await connection?.close();
    await server?.stop();
    await rm(folder, { recursive: true });
  });

  it('shows each system on a line, the worst first: served where, protected, ready, ages against promises, findings, under way, why', async () => {
    const { out, code, err } = await lifeboat(['status'], env);
    assert.equal(code, 0, err);
    const lines = out.split('\n');
    assert.equal(lines[0], '5 systems: 2 could not be relied upon, 2 need a look, 1 as promised');
    assert.deepEqual(
      lines.slice(2, 7).map((line) => line.trim().split(/\s+/u).slice(0, 2).join(' ')),
      ['✗ orders', '✗ billing', '! files', '! ledger', '✓ shop'],
    );
    assert.match(
      lines[2]!,
      /site-a +yes +no +9 h of 2 d +51 d of 35 d ! +never of 370 d +10 min of 1 h +1 must, 3 open +rehearsal-orders +not ready: b-db follows a-db 14 minutes behind \(and 3 more\)/u,
    );
    assert.match(lines[3]!, /site-b +no, 3 d/u);
    assert.match(out, /^Runs$/mu);
  });

  it('tells scripts the same', async () => {
    const { systems } = json(await lifeboat(['status', '--json'], env)) as {
      systems: { system: string; tone: string; head: string | null; summary: Summary | null }[];
    };
    assert.deepEqual(
      systems.map(({ system, tone }) => [system, tone]),
      [
        ['orders', 'bad'],
        ['billing', 'bad'],
        ['files', 'mixed'],
        ['ledger', 'mixed'],
        ['shop', 'good'],
      ],
    );
    assert.equal(systems[4]!.head, `shop:41:${'ab'.repeat(32)}`);
    assert.equal(systems[0]!.summary?.findings.must, 1);
  });

  it('shows one system in full, also where no worker answers', async () => {
    const { out, code } = await lifeboat(['status', 'system-orders'], env);
    assert.equal(code, 0);
    assert.match(out, /no worker answers/u);
    assert.match(out, /not ready: b-db follows a-db/u);
    assert.equal((await lifeboat(['status', 'system-order'], env)).code, 2);
  });

  it('writes the dashboard as one page', async () => {
    const file = join(folder, 'dashboard.html');
    const { code, err, out } = await lifeboat(['dashboard', file, '--runbooks', folder], env);
    assert.equal(code, 0, err);
    assert.match(out, /Written: .*dashboard\.html/u);
    const page = await readFile(file, 'utf8');
    assert.match(page, /2 of 5 systems could not be relied upon/u);
    assert.match(page, /Findings could not be read: no worker answers/u);
    const nowhere = await lifeboat(['dashboard', join(folder, 'none/x.html')], env);
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.err, /cannot be written \(ENOENT\)/u);
  });

  it('counts those that are as promised where the terminal has no room for them, and no others', () => {
    const many = new Map([...Array(60).keys()].map((n) => [`s${n}`, summary(`s${n}`, n < 3 ? { ready: false, because: 'x' } : {})]));
    const lines = printed(() =>
      showSystems(standings(many, [], now.getTime()), new Map(), now.getTime(), roomOf({ isTTY: true, rows: 24, columns: 60 }, 4)),
    );
    assert.equal(lines.length, 22);
    assert.match(lines.at(-1)!, /… and 41 more that are as promised: lifeboat status --all/u);
    assert.ok(lines.every((line) => line.length <= 60 || line.startsWith('60 systems')));
    assert.deepEqual(roomOf({ isTTY: false, rows: 24, columns: 60 }, 4), { lines: Infinity, columns: Infinity });
  });
});

/** As old now as the sample was at its own time. */
function fresh(one: Summary): Summary {
  const shift = Date.now() - now.getTime();
  const moved = (at: string): string => new Date(Date.parse(at) + shift).toISOString();
  return {
    ...one,
    proven: Object.fromEntries(Object.entries(one.proven).map(([what, at]) => [what, moved(at)])),
    unprotectedSince: one.unprotectedSince === null ? null : moved(one.unprotectedSince),
  };
}

function printed(show: () => void): string[] {
  const { write } = process.stdout;
  let out = '';
  process.stdout.write = ((text: string) => ((out += text), true)) as typeof write;
  try {
    show();
  } finally {
    process.stdout.write = write;
  }
  return out.trimEnd().split('\n');
}
