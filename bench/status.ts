import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { startServer } from '../lab/server.ts';
import { tools } from '../lab/tools.ts';
import { systemId, type Summary } from '../workflows/wire.ts';
import { table } from './figures.ts';

/**
 * How long `lifeboat status` takes over many systems, beside `temporal workflow list` of the same: whole processes, from start to end.
 * The server is real; no worker runs, for what is shown stands in memos. Exit status 1 where it shows another number of systems.
 */
const { values } = parseArgs({ options: { systems: { type: 'string', default: '200' }, rounds: { type: 'string', default: '7' } } });
const [many, rounds] = [Number(values.systems), Number(values.rounds)];
const folder = await mkdtemp(join(tmpdir(), 'lifeboat-status-'));
const { temporal } = await tools((line) => console.error(line));
const server = await startServer({ folder: join(folder, 'temporal'), tools: { temporal } as Awaited<ReturnType<typeof tools>>, ui: false });
const connection = await Connection.connect({ address: server.address });
try {
  const { workflow } = new Client({ connection });
  const names = Array.from({ length: many }, (_, n) => `system-of-people-${String(n).padStart(3, '0')}`);
  for (let at = 0; at < many; at += 20)
    await Promise.all(
      names.slice(at, at + 20).map((name) =>
        workflow.start('system', {
          workflowId: systemId(name),
          taskQueue: 'nobody',
          args: [name],
          memo: { summary: summaryOf(name) },
        }),
      ),
    );
  for (const deadline = Date.now() + 60_000; (await workflow.count(`WorkflowType = 'system'`)).count < many;)
    if (Date.now() > deadline) throw new Error('the server does not list them all');
  const env = { ...process.env, TEMPORAL_ADDRESS: server.address, NO_COLOR: '1' };
  const ours = measured(process.execPath, [join(import.meta.dirname, '../cli/main.js'), 'status', '--json'], env);
  const theirs = measured(
    temporal,
    ['workflow', 'list', '--limit', '1000', '-o', 'json', '--query', `WorkflowType = 'system'`, '--address', server.address],
    env,
  );
  const shown = (JSON.parse(ours.out) as { systems: unknown[] }).systems.length;
  console.log(
    table(
      [`${many} systems`, 'min ms', 'median ms', 'max ms'],
      [
        ['lifeboat status', ...ours.times],
        ['temporal workflow list', ...theirs.times],
      ],
    ),
  );
  if (shown !== many) {
    console.error(`${shown} of ${many} systems were shown.`);
    process.exitCode = 1;
  }
} finally {
  await connection.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

function measured(program: string, argv: readonly string[], env: NodeJS.ProcessEnv): { readonly out: string; readonly times: string[] } {
  let out = '';
  const times = Array.from({ length: rounds }, () => {
    const begun = performance.now();
    const done = spawnSync(program, argv, { env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    if (done.status !== 0) throw new Error(`${program}: ${done.stderr}`);
    out = done.stdout;
    return performance.now() - begun;
  }).toSorted((one, other) => one - other);
  return { out, times: [times[0]!, times[Math.floor(rounds / 2)]!, times.at(-1)!].map((time) => time.toFixed(0)) };
}

function summaryOf(system: string): Summary {
  const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
  const day = 24 * 3_600_000;
  return {
    system,
    active: 'site-a',
    epoch: 12,
    holder: null,
    fences: 0,
    unprotectedSince: null,
    proven: { backup: ago(9), rehearsal: ago(500), exercise: ago(3_000), readiness: ago(0.3) },
    promised: { backup: 2 * day, rehearsal: 36 * day, exercise: 370 * day, readiness: day / 24 },
    ready: true,
    because: '',
    alarms: [],
    findings: { open: 2, must: 0, accepted: 1 },
    rest: null,
    stopped: null,
    head: { count: 41, digest: 'ab'.repeat(32), at: ago(9) },
    lastRun: { run: `backup-${system}`, verdict: 'proven', at: ago(9) },
    trend: Array.from({ length: 12 }, (_, n) => ({ at: ago((12 - n) * 720), live: n === 2, time: 30_000 + n * 250, good: true })),
  };
}
