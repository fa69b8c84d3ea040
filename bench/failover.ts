import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { World, type Practice } from '../cli/practice.ts';
import { fault } from '../lab/fault.ts';
import { secret, type Lab } from '../lab/lab.ts';
import type { Entry } from '../record/journal.ts';
import type { RunRecord } from '../record/schema/run.ts';
import { judgeTable, startWriter, type Writer } from '../test/judge/writer.ts';
import { controlQueue, runId, type RunResult, type RunState } from '../workflows/wire.ts';
import { shown, spread, table } from './figures.ts';
import { phases, type Stretch } from './phases.ts';
import { versions } from './versions.ts';

/**
 * How long an unplanned failover takes in the small lab: a new lab each round, the primary killed, the gate approved at
 * once. The machine's part is as the run's record has it (by the probe), and as a writer sees it that owes the product nothing.
 */
const { count } = parseArgs({ options: { count: { type: 'string', default: '5' } } }).values;
const rounds: Round[] = [];
for (let n = 1; n <= Number(count); n += 1) {
  const round = await onWorld(failOver);
  rounds.push(round);
  console.log(`round ${n}: machine ${round.machine} ms by the record, ${round.judged} ms by the writer; writes away ${round.gap} ms`);
}
report(rounds, await versions());

interface Round {
  /** The machine's part as the record has it. */
  readonly machine: number;
  /** The same up to the writer's first acknowledged row. */
  readonly judged: number;
  /** Longest time between two acknowledged rows, the wait at the gate within it. */
  readonly gap: number;
  readonly waits: number;
  readonly phases: readonly Stretch[];
}

async function onWorld<T>(work: (practice: Practice) => Promise<T>): Promise<T> {
  const world = await World.create();
  try {
    return await work(await world.start((line) => console.error(line)));
  } finally {
    await world.end();
  }
}

async function failOver({ address, lab }: Practice): Promise<Round> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const writer = await judge(lab);
  try {
    await until('the writer to write', () => writer.acked().length > 5);
    await fault(lab.folder, 'kill-primary');
    const handle = await client.workflow.start('failover', {
      workflowId: runId('failover', 'orders'),
      taskQueue: controlQueue,
      args: [{ system: 'orders', mode: 'unplanned', by: 'bench' }],
    });
    const approve = await until('the gate', async () =>
      (await handle.query<RunState>('state')).questions[0]?.choices.find(({ choice }) => choice === 'approve'),
    );
    await handle.signal(approve.signal, { by: 'alice@example.com' });
    const result = (await handle.result()) as RunResult;
    if (result.verdict !== 'recovered, unprotected') throw new Error(`the run ended ${result.verdict}: ${result.why}`);
    const first = await until('a row at the new primary', () => writer.acked().find(({ server }) => server === 'b-db'));
    const record = JSON.parse(await readFile(result.records['site-b']!.replace(/html$/u, 'json'), 'utf8')) as RunRecord;
    if (record.machine.milliseconds === null) throw new Error(record.machine.note);
    return {
      machine: record.machine.milliseconds,
      judged: Date.parse(first.at) - Date.parse(record.startedAt) - record.waits,
      gap: writer.longestGap()?.milliseconds ?? 0,
      waits: record.waits,
      phases: phases(record.startedAt, await handle.query<Entry[]>('journal'), 'site-b'),
    };
  } finally {
    await writer.stop();
    await connection.close();
  }
}

/** Writes from outside the sites, knowing both hosts. */
async function judge(lab: Lab): Promise<Writer> {
  const login = { user: 'lifeboat', password: secret(lab, 'lifeboat'), database: 'orders' };
  const hosts = Object.values(lab.hosts).map((host) => ({ host: '127.0.0.1', port: host.seenFrom['outside']![5432] }));
  const client = new pg.Client({ ...login, ...hosts[0]! });
  await client.connect();
  await client.query(judgeTable);
  await client.end();
  return startWriter({ ...login, hosts });
}

async function until<T>(what: string, look: () => T | Promise<T>, within = 60_000): Promise<NonNullable<T>> {
  for (const deadline = Date.now() + within; ;) {
    // A query fails while the run's first task has not been taken.
    const found = await Promise.resolve(look()).catch(() => undefined);
    if (found) return found as NonNullable<T>;
    if (Date.now() > deadline) throw new Error(`not within ${within / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function report(all: readonly Round[], made: string): void {
  const row = (name: string, of: (round: Round) => number): string[] => [name, ...shown(spread(all.map(of)))];
  const names = all[0]?.phases.map(({ name }) => name) ?? [];
  console.log(`\nUnplanned failover in the small lab, ${all.length} rounds, milliseconds\n${made}\n`);
  console.log(
    table(
      ['', 'min', 'median', 'max'],
      [
        row("machine's part, by the record", ({ machine }) => machine),
        row("machine's part, by the writer", ({ judged }) => judged),
        row('writes away, the gate included', ({ gap }) => gap),
        row('time at the gate', ({ waits }) => waits),
        ...names.map((name, n) => row(`  ${name}`, (round) => round.phases[n]!.milliseconds)),
      ],
    ),
  );
}
