import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { cloudControl } from '../lab/aws/control.ts';
import { startEmulator } from '../lab/aws/emulator.ts';
import { program } from '../lab/launch.ts';
import { freePorts } from '../lab/ports.ts';
import { startServer } from '../lab/server.ts';
import { tools } from '../lab/tools.ts';
import { controlQueue, runId, type RunResult, type RunState } from '../workflows/wire.ts';
import { table } from './figures.ts';
import { chain, largest, slots, throttled, type Bound } from './scale/bound.ts';
import { account, east, fill, tellLag, west } from './scale/estate.ts';
import { writeFiles } from './scale/files.ts';
import { histories } from './scale/histories.ts';
import { versions } from './versions.ts';

/**
 * A backup and a failover of a whole region: how long they take beside what they may not be faster than, and whether histories,
 * memory and the account's limits are kept. Against the emulator, which takes as long as it is told for each state; its token buckets
 * are those that AWS publishes. Exit status 1 where a limit was not kept.
 */
// The SDK's own switch: which Node runs is not the bench's to say.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
const { values } = parseArgs({
  options: {
    systems: { type: 'string', default: '200' },
    instances: { type: 'string', default: '10' },
    /** Seconds that a snapshot, a copy, an instance, a database takes. */
    state: { type: 'string', default: '2' },
    only: { type: 'string', default: 'backup,failover' },
  },
});
const [systems, instances, state] = [Number(values.systems), Number(values.instances), Number(values.state)];
const limits = { events: 4_096, bytes: 50 * 1024 * 1024, memory: 512 };
const people = ['alice@example.com', 'bob@example.com'];
/** How often the same is tried again where people are asked. */
const patience = 4;

console.log(`${systems} systems: ${systems * instances} instances and ${systems} databases\n${await versions()}\n`);
const folder = await mkdtemp(join(tmpdir(), 'lifeboat-scale-'));
const ending: (() => Promise<unknown> | void)[] = [() => rm(folder, { recursive: true, force: true, maxRetries: 5 })];
const problems: string[] = [];
try {
  await measured();
} finally {
  for (const end of ending.toReversed()) await end();
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

async function measured(): Promise<void> {
  const [port] = await freePorts(1);
  const emulator = await startEmulator({ port: port!, log: join(folder, 'emulator.log') });
  ending.push(() => void process.kill(emulator.pid, 'SIGKILL'));
  const { endpoint } = emulator;
  const control = cloudControl(endpoint, [account]);
  // An account of this size has had its quotas raised.
  const vcpus = 2 * systems * instances;
  await control.settings({ quotas: { 'L-1216C47A': 2 * vcpus, 'rds:instances': 2 * systems, 'rds:snapshots': 4 * systems } });
  const begun = Date.now();
  const filled = await fill(endpoint, systems, instances);
  console.log(`The emulated regions stand after ${seconds(Date.now() - begun)} s.`);
  await control.settings({
    seconds: { 'ec2:snapshot': state, 'ec2:instance': state, 'rds:snapshot': state, 'rds:instance': state },
    buckets: {
      'ec2:CreateSnapshots': { size: 100, rate: 5 },
      'ec2:CopySnapshot': { size: 100, rate: 5 },
      'ec2:RunInstances': { size: 5, rate: 2 },
    },
  });
  await writeFiles(join(folder, 'runbooks'), endpoint, filled, instances);
  const server = await startServer({ folder: join(folder, 'temporal'), tools: await tools(), ui: false });
  ending.push(() => server.stop());
  const connection = await Connection.connect({ address: server.address });
  ending.push(() => connection.close());
  const client = new Client({ connection });
  const workers = await Promise.all([east, west].map((site) => worker(site, server.address)));
  const rows: string[][] = [];
  for (const kind of values.only.split(',') as ('backup' | 'failover')[]) {
    if (kind === 'failover') {
      await tellLag(endpoint, filled.systems);
      await control.settings({ unreachable: [east] });
    }
    const from = Date.now();
    const { result, asked } = await whole(client, kind);
    const took = (Date.now() - from) / 1000;
    const bounds = kind === 'backup' ? backupBounds() : failoverBounds();
    const bound = largest(bounds);
    const { count, mostEvents, mostBytes, largestOf } = await histories(client);
    const memory = Math.max(...workers.map(({ pid }) => peak(pid!)));
    const made = (await control.ledger()).filter(({ tags }) => tags['lifeboat:run'] !== undefined && tags['lifeboat:step'] !== undefined);
    rows.push([
      kind,
      result.verdict,
      took.toFixed(0),
      bound.seconds.toFixed(0),
      (took / bound.seconds).toFixed(2),
      String(count),
      String(mostEvents),
      (mostBytes / 1024).toFixed(0),
      memory.toFixed(0),
      String(made.length),
      String(asked),
    ]);
    console.log(
      `${kind}: bounds ${bounds.map((one) => `${one.what} = ${one.seconds.toFixed(0)} s`).join('; ')}\n  longest history: ${largestOf}`,
    );
    check(kind, result, { mostEvents, mostBytes, memory });
  }
  console.log(
    `\n${table(['run', 'verdict', 'took s', 'bound s', 'ratio', 'workflows', 'most events', 'most KiB', 'worker MiB', 'resources', 'asked beside'], rows, [0, 1])}`,
  );
}

function backupBounds(): Bound[] {
  const all = systems * instances;
  return [
    throttled('CreateSnapshots', all, 100, 5),
    throttled('CopySnapshot', all, 100, 5),
    slots('copies of volumes', all, state, 20),
    slots('copies of databases', systems, state, 20),
    chain('snapshot, copy', state, state),
  ];
}

function failoverBounds(): Bound[] {
  return [
    throttled('RunInstances', systems, 5, 2),
    throttled('instances', systems * instances, 1_000, 2),
    chain('three tiers of fence and promotion', 3 * (state + 5)),
  ];
}

function check(
  kind: string,
  result: RunResult,
  { mostEvents, mostBytes, memory }: { mostEvents: number; mostBytes: number; memory: number },
): void {
  if (kind === 'failover' && !result.verdict.startsWith('recovered'))
    problems.push(`The failover ended "${result.verdict}": ${result.why}`);
  if (mostEvents > limits.events) problems.push(`A history has ${mostEvents} events, more than ${limits.events}.`);
  if (mostBytes > limits.bytes) problems.push(`A history has ${mostBytes} bytes.`);
  if (memory > limits.memory) problems.push(`A worker took ${memory.toFixed(0)} MiB, more than ${limits.memory}.`);
}

/**
 * Runs the whole region's run. Two people approve what it asks, and answer what the runs that it started ask beyond that: how often
 * that was is told.
 */
async function whole(client: Client, kind: 'backup' | 'failover'): Promise<{ readonly result: RunResult; readonly asked: number }> {
  const workflowId = runId(kind, `site-${east}`);
  const handle = await client.workflow.start(kind, {
    workflowId,
    taskQueue: controlQueue,
    args: [{ site: east, by: 'zoe', ...(kind === 'failover' ? { mode: 'unplanned' } : {}) }],
    workflowTaskTimeout: '10 seconds',
  });
  let over = false;
  const result = handle.result().catch((error: Error & { cause?: { details?: unknown[] } }) => {
    const told = error.cause?.details?.[0];
    if (told) return told;
    throw error;
  });
  void result.then(
    () => (over = true),
    () => (over = true),
  );
  const answered = new Set<string>();
  for (let turn = 0; !over; turn += 1) {
    await Promise.race([result, sleep(500)]);
    if (over) break;
    await answer(handle, answered).catch(() => undefined);
    if (turn % 20 !== 0) continue;
    for (const child of await waiting(client))
      if (child !== workflowId) await answer(client.workflow.getHandle(child), answered).catch(() => undefined);
  }
  return { result: (await result) as RunResult, asked: [...answered].filter((key) => !key.startsWith(`${workflowId} `)).length };
}

async function waiting(client: Client): Promise<string[]> {
  const found = client.workflow.list({
    query: `ExecutionStatus = 'Running' and LifeboatState in ('waiting for approval', 'waiting for intervention')`,
  });
  const ids: string[] = [];
  for await (const { workflowId } of found) ids.push(workflowId);
  return ids;
}

async function answer(handle: WorkflowHandle, answered: Set<string>): Promise<void> {
  const { questions } = await handle.query<RunState>('state');
  for (const { id, attempt, choices, kind } of questions) {
    const key = `${handle.workflowId} ${id} ${attempt}`;
    if (answered.has(key)) continue;
    answered.add(key);
    // As an operator would: what did not answer is tried again before it is given up.
    const wanted = kind === 'gate' ? 'approve' : attempt < patience ? 'retry' : 'skip';
    const choice = choices.find((one) => one.choice === wanted) ?? choices[0]!;
    for (const by of people) await handle.signal(choice.signal, { by, reason: 'the benchmark' });
  }
}

async function worker(site: string, address: string): Promise<ChildProcess> {
  await writeFile(join(folder, 'temporal.toml'), '[profile.default]\n');
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_CONFIG_FILE: join(folder, 'temporal.toml'),
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const [node, ...argv] = program('cli/main');
  const child = spawn(node!, [...argv, 'worker', '--site', site, '--runbooks', join(folder, 'runbooks')], {
    env,
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  ending.push(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await new Promise<void>((ready, fail) => {
    // It warns of each run that does not end well, as no backup without a restore does: only its end is of interest here.
    let said = '';
    child.once('exit', () => fail(new Error(`The worker of ${site} ended: ${said.trim()}`)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-2_000);
      if (said.includes('asks for work')) ready();
    });
  });
  return child;
}

/** The most memory that a process ever held, MiB. */
function peak(pid: number): number {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes ?? 0) / 1024;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1);
}
