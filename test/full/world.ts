import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { downFull } from '../../lab/full/down.ts';
import { faultFull, healFull } from '../../lab/full/fault.ts';
import { hq, ledgerFile, outsideOf, type FullLab } from '../../lab/full/full-lab.ts';
import { inside } from '../../lab/full/inside.ts';
import { sql } from '../../lab/full/pair.ts';
import { renew } from '../../lab/full/renew.ts';
import { siteCommand } from '../../lab/full/site-command.ts';
import { upFull } from '../../lab/full/up.ts';
import { hooksFile } from '../../lab/lab.ts';
import { freePorts } from '../../lab/ports.ts';
import { startServer, type Server } from '../../lab/server.ts';
import { tools } from '../../lab/tools.ts';
import { controlQueue, runId } from '../../workflows/wire.ts';
import { forget } from '../e2e/forget.ts';
import { LiveWorker, root } from '../e2e/world.ts';

/** The full lab, a real server at hq and worker processes inside its sites: what the shipped runbooks are proved on. */
export class FullWorld {
  readonly folder: string;
  readonly lab: FullLab;
  readonly server: Server;
  readonly client: Client;
  readonly workers: LiveWorker[] = [];

  private constructor(folder: string, lab: FullLab, server: Server, client: Client) {
    this.folder = folder;
    this.lab = lab;
    this.server = server;
    this.client = client;
  }

  /** Lab, server and a worker inside each site. As root on Debian only: see `needsFullLab`. */
  static async up({ net = netOfTests(), workers = true, ui = false } = {}): Promise<FullWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-full-'));
    // PostgreSQL's user passes through it.
    await chmod(folder, 0o755);
    // A profile of the person who runs the tests is not for them.
    await writeFile(join(folder, 'temporal.toml'), '[profile.default]\n');
    let lab: FullLab | undefined;
    let server: Server | undefined;
    let world: FullWorld | undefined;
    try {
      const [port, uiPort] = await freePorts(2);
      server = await startServer({
        folder: join(folder, 'temporal'),
        tools: await tools(() => undefined),
        port: port!,
        uiPort: uiPort!,
        ui,
      });
      lab = await upFull({ folder: join(folder, 'lab'), net, temporal: server.port, ui: server.ui });
      const connection = await Connection.connect({ address: server.address });
      world = new FullWorld(folder, lab, server, new Client({ connection }));
      if (workers) await world.startWorkers();
      return world;
    } catch (error) {
      // A worker that goes on would keep the process of the tests from ending.
      await world?.stopWorkers();
      await world?.client.connection.close().catch(() => undefined);
      await server?.kill();
      if (lab) await downFull(lab.folder);
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /**
   * A fresh primary on a-db and its standby on b-db, everything else as it came up; what the server knew of the old pair is forgotten,
   * and workers stand at both sites.
   */
  async renew(): Promise<void> {
    await this.stopWorkers();
    await this.#endRuns();
    await forget(this.client, 'orders');
    // Records of the old pair would tell the same.
    await Promise.all(['site-a', 'site-b'].map((site) => rm(join(this.lab.records, site), { recursive: true, force: true })));
    await renew(this.lab);
    await this.startWorkers();
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

  /** Where the workers' runbooks are; a test may write its own beside them. */
  get runbooks(): string {
    return join(this.lab.folder, 'runbooks');
  }

  /** Writes a file of the runbooks folder. */
  write = (name: string, text: string): Promise<void> => writeFile(join(this.runbooks, name), text);

  /** A worker inside a site's network. `crash`: `ACTIVITY@before|middle|after:kill|freeze`; it happens once for each `mark`. */
  async startWorker(site: string, crash?: { readonly at: string; readonly mark: string }): Promise<LiveWorker> {
    const env: NodeJS.ProcessEnv = {
      ...this.environment,
      ...(crash ? { LIFEBOAT_CRASH: crash.at, LIFEBOAT_CRASH_MARK: join(this.folder, crash.mark) } : {}),
    };
    const argv = [process.execPath, join(root, 'test/e2e/crashing-worker.mjs'), site, this.runbooks];
    env['TEMPORAL_ADDRESS'] = `${outsideOf(this.lab)}:${hq.temporal}`;
    const [program, ...rest] = siteCommand(this.lab, site, argv);
    const worker = new LiveWorker(site, spawn(program!, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] }));
    this.workers.push(worker);
    await worker.ready();
    return worker;
  }

  async startWorkers(): Promise<void> {
    await Promise.all(['site-a', 'site-b'].map((site) => this.startWorker(site)));
  }

  async stopWorkers(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.kill()));
  }

  /** `kind`: `backup`, `failover`, `failback`, `restore` or `rehearsal`. */
  async start(kind: string, input: object = {}, workflowId = runId(kind, 'orders')): Promise<WorkflowHandle> {
    return this.client.workflow.start(kind, {
      workflowId,
      taskQueue: controlQueue,
      workflowTaskTimeout: '3 seconds',
      args: [{ system: 'orders', by: 'zoe@example.com', ...input }],
    });
  }

  /** The command line, as built, at hq. */
  async cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), ...args], {
      env: { ...this.environment, LIFEBOAT_RUNBOOKS: this.runbooks, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    const code = await new Promise<number>((resolve) => child.on('close', (exit) => resolve(exit ?? -1)));
    return { code, out, err };
  }

  /** Something goes wrong, or is put right: the lab's own faults. */
  fault = (name: string, ...args: string[]): Promise<string> => faultFull(this.lab.folder, name, args);
  heal = (name?: string): Promise<string> => healFull(this.lab.folder, name);

  /** Asks a database as its superuser, from hq. */
  sql = <Row extends object>(host: string, text: string): Promise<Row[]> => sql<Row>(this.lab, host, text);

  /** Runs a program on a host as a person at its keyboard would, past network and logins. */
  at = (host: string, argv: readonly string[], as?: string): Promise<string> =>
    inside(this.lab, host, argv, as === undefined ? {} : { as });

  /** How often a host was promoted: each promotion begins a timeline. */
  async promotions(host: string): Promise<number> {
    const [row] = await this.sql<{ timeline: string }>(host, 'select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as timeline');
    return Number.parseInt(row!.timeline, 16) - 1;
  }

  /** Power transitions that really happened since the lab came up or was renewed. */
  power = (): Promise<{ host: string; from: string; to: string; at: string; by: string }[]> => lines(ledgerFile(this.lab));
  /** Deliveries of the webhook. */
  hooks = (): Promise<{ key: string; [name: string]: unknown }[]> => lines(hooksFile(this.lab));

  /** A test that failed must not leave its run to the next, nor somebody waiting for its end. */
  async #endRuns(): Promise<void> {
    for await (const { workflowId, runId: run } of this.client.workflow.list({ query: 'ExecutionStatus = "Running"' })) {
      await this.client.workflow
        .getHandle(workflowId, run)
        .terminate('the next test begins')
        .catch(() => undefined);
    }
  }

  async down(): Promise<void> {
    await this.stopWorkers();
    await this.#endRuns().catch(() => undefined);
    await this.client.connection.close().catch(() => undefined);
    await this.server.stop();
    await downFull(this.lab.folder);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Nets that tests take: one that nobody's practice lab stands on. */
export function netOfTests(): number {
  return Number(process.env['LIFEBOAT_LAB_NET'] ?? 76);
}

async function lines<T>(file: string): Promise<T[]> {
  if (!existsSync(file)) return [];
  return (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
