import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { down } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { startServer } from '../lab/server.ts';
import { tools } from '../lab/tools.ts';
import { up } from '../lab/up.ts';
import { registerAttributes } from '../worker/attributes.ts';
import { workflowBundle } from '../worker/bundle.ts';
import { stepActivities } from '../worker/join.ts';
import { control, steps } from '../worker/main.ts';
import { runActivities } from '../worker/run/index.ts';
import { journalSink } from '../worker/sink.ts';
import type { Site } from '../worker/site.ts';
import { controlQueue, siteQueue, type RunResult } from '../workflows/wire.ts';
import { chain, instant } from './chain.ts';
import { shown, spread, table } from './figures.ts';
import { lengths, type Lengths } from './lengths.ts';
import { versions } from './versions.ts';

/**
 * What a walk costs beside a workflow written by hand: chains of instant steps on the same site queue of the same
 * server, in turns. Exit status 1 where the walk takes more than `limit` times as long on the tuned server.
 */
const limit = 1.15;
const aim = 1.3;
const handQueue = 'bench-hand-written';
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    steps: { type: 'string', default: '200' },
    stock: { type: 'boolean', default: false },
  },
});
const [rounds, count] = [Number(values.rounds), Number(values.steps)];

Runtime.install({ logger: new DefaultLogger('ERROR') });
console.log(`Chains of ${count} instant steps, ${rounds} rounds in turns, milliseconds\n${await versions()}\n`);
if (values.stock) await measured('as the server comes', true);
const ratio = await measured('tuned server', false);
if (ratio > limit) {
  console.error(`The walk takes ${ratio.toFixed(2)} times as long as the hand-written workflow; the limit is ${limit}.`);
  process.exitCode = 1;
}

interface Round {
  readonly hand: Lengths;
  readonly run: Lengths;
}

/** @returns the ratio of the medians of walk and hand-written workflow. */
async function measured(name: string, stock: boolean): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-bench-'));
  const found = await tools();
  const server = await startServer({ folder: join(folder, 'temporal'), tools: found, ui: false, stock });
  const lab = await up({ folder: join(folder, 'lab'), tools: found });
  try {
    await writeFile(join(lab.folder, 'runbooks/chain.yaml'), chain(count));
    return report(name, await onWorkers(server.address, lab, play));
  } finally {
    await down(lab.folder);
    await server.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** One process carries everything, so that both sides have the same share of the machine. */
async function onWorkers<T>(address: string, lab: Lab, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await NativeConnection.connect({ address });
  try {
    await registerAttributes(connection, 'default');
    const byHand = await bundleWorkflowCode({ workflowsPath: byHandPath(), logger: new DefaultLogger('ERROR') });
    const workers = await Promise.all([
      Worker.create({
        connection,
        ...control,
        taskQueue: controlQueue,
        workflowBundle: await workflowBundle(),
        activities: runActivities(siteOf(lab, 'site-b')),
        sinks: journalSink(),
      }),
      Worker.create({ connection, ...control, taskQueue: handQueue, workflowBundle: byHand }),
      ...Object.keys(lab.sites).map((name) => {
        const site = siteOf(lab, name);
        const activities = { ...runActivities(site), ...stepActivities(site), instant: (step: string) => Promise.resolve(step) };
        return Worker.create({ connection, ...steps, taskQueue: siteQueue(name), activities });
      }),
    ]);
    const running = Promise.all(workers.map((worker) => worker.run()));
    try {
      return await work(new Client({ connection }));
    } finally {
      for (const worker of workers) worker.shutdown();
      await running;
    }
  } finally {
    await connection.close();
  }
}

function siteOf(lab: Lab, site: string): Site {
  return { site, runbooks: join(lab.folder, 'runbooks'), namespace: 'default', types: [instant] };
}
function byHandPath(): string {
  return fileURLToPath(new URL(`hand-written${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));
}

async function play(client: Client): Promise<Round[]> {
  const all: Round[] = [];
  // The first round warms both up, and is not counted.
  for (let n = 0; n <= rounds; n += 1) {
    const turns = [() => byHand(client, n), () => byPlan(client, n)];
    const answers: Lengths[] = [];
    for (const turn of n % 2 === 0 ? turns : turns.toReversed()) answers.push(await turn());
    const [hand, run] = n % 2 === 0 ? answers : answers.toReversed();
    if (n > 0) all.push({ hand: hand!, run: run! });
  }
  return all;
}

async function byHand(client: Client, n: number): Promise<Lengths> {
  const handle = await client.workflow.start('handWritten', {
    workflowId: `hand-written-${n}`,
    taskQueue: handQueue,
    args: [siteQueue('site-b'), count],
  });
  await handle.result();
  return lengths(await handle.fetchHistory(), (activity) => activity === 'instant');
}

async function byPlan(client: Client, n: number): Promise<Lengths> {
  const handle = await client.workflow.start('restore', {
    workflowId: `restore-orders-${n}`,
    taskQueue: controlQueue,
    args: [{ system: 'orders', by: 'bench' }],
  });
  const result = (await handle.result()) as RunResult;
  if (result.verdict !== 'recovered') throw new Error(`the run ended ${result.verdict}: ${result.why}`);
  return lengths(await handle.fetchHistory(), (activity) => activity === `${instant.name}.execute`);
}

function report(name: string, all: readonly Round[]): number {
  const [handSteps, handWhole] = [spread(all.map(({ hand }) => hand.steps)), spread(all.map(({ hand }) => hand.whole))];
  const [walk, whole] = [spread(all.map(({ run }) => run.steps)), spread(all.map(({ run }) => run.whole))];
  const times = (a: { median: number }, b: { median: number }): number => a.median / b.median;
  console.log(
    table(
      [name, 'min', 'median', 'max', 'a step', 'ratio', 'limit'],
      [
        ['steps, written by hand', ...shown(handSteps), (handSteps.median / count).toFixed(1), '', ''],
        ['steps, walked', ...shown(walk), (walk.median / count).toFixed(1), times(walk, handSteps).toFixed(2), String(limit)],
        ['whole workflow, written by hand', ...shown(handWhole), '', '', ''],
        ['whole run: compile, preflight, lock, walk, record', ...shown(whole), '', times(whole, handWhole).toFixed(2), `aim ${aim}`],
      ],
    ),
    '\n',
  );
  return times(walk, handSteps);
}
