import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { down } from '../../lab/down.ts';
import { hooksFile, ledgerFile, type Lab } from '../../lab/lab.ts';
import { startServer, type Server } from '../../lab/server.ts';
import { tools } from '../../lab/tools.ts';
import { up } from '../../lab/up.ts';
import type { Entry } from '../../record/journal.ts';
import { ask } from '../judge/crowd.ts';
import { controlQueue, runId, type OpenQuestion, type RunResult, type RunState, type Waiting } from '../../workflows/wire.ts';
import { forget } from './forget.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A real server, the real small lab and worker processes that can be killed: what every end-to-end test stands on. */
export class World {
  readonly folder: string;
  server: Server;
  readonly client: Client;
  readonly workers: LiveWorker[] = [];
  #lab: Lab | undefined;
  #labs = 0;

  private constructor(folder: string, server: Server, client: Client) {
    this.folder = folder;
    this.server = server;
    this.client = client;
  }

  /** Server and, unless told otherwise, a lab and a worker for each of its sites. */
  static async up({ lab = true, workers = true, ui = false } = {}): Promise<World> {
    const found = await tools(() => undefined);
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-test-'));
    // A profile of the person who runs the tests is not for them.
    await writeFile(join(folder, 'temporal.toml'), '[profile.default]\n');
    const server = await startServer({ folder: join(folder, 'temporal'), tools: found, ui });
    const connection = await Connection.connect({ address: server.address });
    const world = new World(folder, server, new Client({ connection }));
    try {
      if (lab) await world.newLab();
      if (lab && workers) await Promise.all(['site-a', 'site-b'].map((site) => world.startWorker(site)));
      return world;
    } catch (error) {
      await world.down();
      throw error;
    }
  }

  /** Kills the server (-9) and starts it on the same file and ports. */
  async restartServer(): Promise<void> {
    await this.server.kill();
    const { port, uiPort } = this.server;
    this.server = await startServer({
      folder: join(this.folder, 'temporal'),
      tools: await tools(() => undefined),
      port,
      uiPort,
      ui: false,
    });
  }

  get lab(): Lab {
    if (!this.#lab) throw new Error('no lab stands');
    return this.#lab;
  }

  /** A new pair under the same server, after the old one is gone. Its workers MUST be started anew: they read its runbooks. */
  async newLab(): Promise<Lab> {
    if (this.#lab) {
      await down(this.#lab.folder);
      this.#lab = undefined;
      // What is known of the old pair is not true of the new one.
      await forget(this.client, 'orders');
    }
    this.#labs += 1;
    this.#lab = await up({ folder: join(this.folder, `lab-${this.#labs}`), tools: await tools(() => undefined), ui: this.server.ui });
    return this.#lab;
  }

  get environment(): NodeJS.ProcessEnv {
    const { TEMPORAL_ADDRESS: _, ...rest } = process.env;
    return {
      ...rest,
      TEMPORAL_ADDRESS: this.server.address,
      TEMPORAL_CONFIG_FILE: join(this.folder, 'temporal.toml'),
      LIFEBOAT_UI: this.server.ui,
    };
  }

  /** `crash`: `ACTIVITY@before|middle|after:kill|freeze`; it happens once for each `mark`. */
  async startWorker(site: string, crash?: { readonly at: string; readonly mark: string }): Promise<LiveWorker> {
    const env = { ...this.environment, ...(crash ? { LIFEBOAT_CRASH: crash.at, LIFEBOAT_CRASH_MARK: join(this.folder, crash.mark) } : {}) };
    const child = spawn(process.execPath, [join(root, 'test/e2e/crashing-worker.mjs'), site, join(this.lab.folder, 'runbooks')], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const worker = new LiveWorker(site, child);
    this.workers.push(worker);
    await worker.ready();
    return worker;
  }

  async stopWorkers(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.kill()));
  }

  async start(mode: 'planned' | 'unplanned', input: object = {}, workflowId = runId('failover', 'orders')): Promise<WorkflowHandle> {
    return this.client.workflow.start('failover', {
      workflowId,
      taskQueue: controlQueue,
      workflowTaskTimeout: '3 seconds',
      args: [{ system: 'orders', mode, by: 'zoe@example.com', ...input }],
    });
  }

  /** The command line, as built. */
  async cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), ...args], {
      env: { ...this.environment, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    const code = await new Promise<number>((resolve) => child.on('close', (exit) => resolve(exit ?? -1)));
    return { code, out, err };
  }

  /** Asks a database directly, by none of the lab's lines. */
  sql<Row extends object>(host: string, text: string): Promise<Row[]> {
    return ask<Row>(this.lab, host, text);
  }

  /** How often a host was promoted: each promotion begins a timeline. */
  async promotions(host: string): Promise<number> {
    const [row] = await this.sql<{ timeline: string }>(host, 'select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as timeline');
    return Number.parseInt(row!.timeline, 16) - 1;
  }

  /** Power transitions that really happened. */
  power = (): Promise<{ host: string; from: string; to: string; at: string }[]> => lines(ledgerFile(this.lab));
  /** Deliveries of the webhook. */
  hooks = (): Promise<{ key: string; [name: string]: unknown }[]> => lines(hooksFile(this.lab));

  async down(): Promise<void> {
    await this.stopWorkers();
    await this.client.connection.close().catch(() => undefined);
    await this.server.stop();
    if (this.#lab && existsSync(this.#lab.folder)) await down(this.#lab.folder);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class LiveWorker {
  readonly site: string;
  readonly #child: ChildProcess;
  readonly ended: Promise<void>;
  #said = '';

  constructor(site: string, child: ChildProcess) {
    this.site = site;
    this.#child = child;
    child.stdout?.on('data', (data: Buffer) => (this.#said += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (this.#said += data.toString()));
    this.ended = new Promise((resolve) => child.on('close', () => resolve()));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get said(): string {
    return this.#said;
  }

  async ready(): Promise<void> {
    await until(() => this.#said.includes('ready') || !this.alive, `worker of ${this.site}`, 20_000);
    if (!this.alive) throw new Error(`the worker of ${this.site} ended: ${this.#said}`);
  }

  freeze = (): boolean => this.#child.kill('SIGSTOP');
  thaw = (): boolean => this.#child.kill('SIGCONT');

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}

export async function until<T>(look: () => T | Promise<T>, what: string, within = 45_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + within;
  let problem: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found) return found as NonNullable<T>;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${what}`, { cause: problem });
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export const stateOf = (handle: WorkflowHandle): Promise<RunState> => handle.query<RunState>('state');
export const journalOf = (handle: WorkflowHandle): Promise<Entry[]> => handle.query<Entry[]>('journal');

export function asked(handle: WorkflowHandle, id: string, attempt = 1, within = 30_000): Promise<OpenQuestion> {
  return until(
    async () => (await stateOf(handle)).questions.find((open) => open.id === id && open.attempt === attempt),
    `question ${id} #${attempt}`,
    within,
  );
}

/** The name of a choice, from the memo: readable with no worker alive. */
export function signalFor(handle: WorkflowHandle, choice: string, within = 60_000): Promise<string> {
  return until(
    async () => ((await handle.describe()).memo?.['waiting'] as Waiting[] | undefined)?.map(({ choices }) => choices[choice]).find(Boolean),
    `choice ${choice} in the memo`,
    within,
  );
}

/** Makes a choice as the command line does. */
export async function choose(
  handle: WorkflowHandle,
  question: OpenQuestion,
  choice: string,
  by = 'alice@example.com',
  reason?: string,
): Promise<void> {
  const open = question.choices.find((one) => one.choice === choice);
  if (!open) throw new Error(`no choice ${choice} among ${question.choices.map((one) => one.choice).join(', ')}`);
  await handle.signal(open.signal, { by, ...(reason === undefined ? {} : { reason }) });
}

/** The end of a run, also of one that did not end well. */
export async function endOf(handle: WorkflowHandle): Promise<RunResult> {
  try {
    return (await handle.result()) as RunResult;
  } catch (error) {
    const cause = (error as { cause?: { details?: unknown[] } }).cause;
    if (cause?.details?.[0]) return cause.details[0] as RunResult;
    throw error;
  }
}

async function lines<T>(file: string): Promise<T[]> {
  if (!existsSync(file)) return [];
  return (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
