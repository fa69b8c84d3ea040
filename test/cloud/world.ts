import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { clientsAt, type Clients } from '../../lab/aws/clients.ts';
import { readFilled } from '../../lab/aws/cloud.ts';
import { cloudControl, type CloudControl } from '../../lab/aws/control.ts';
import { accounts, credentials, endpointOf, homeIn, sitesOf, type CloudSite } from '../../lab/aws/home.ts';
import { down } from '../../lab/down.ts';
import { fault, heal } from '../../lab/fault.ts';
import { hooksFile, ledgerFile, type Lab } from '../../lab/lab.ts';
import { startServer, type Server } from '../../lab/server.ts';
import { tools } from '../../lab/tools.ts';
import { up } from '../../lab/up.ts';
import { controlQueue, runId, systemId, type SystemState } from '../../workflows/wire.ts';
import { LiveWorker, root } from '../e2e/world.ts';
import { ask } from '../judge/crowd.ts';

/** A real server, the small lab with its emulated AWS, and worker processes: what the runbooks of the cloud are proved on. */
export class CloudWorld {
  readonly folder: string;
  readonly lab: Lab;
  readonly server: Server;
  readonly client: Client;
  readonly workers: LiveWorker[] = [];
  /** What the emulator is told and asked beside the API, over all accounts. */
  readonly cloud: CloudControl;
  /** Ids of everything that the lab put there. */
  readonly filled: ReturnType<typeof readFilled>;

  private constructor(folder: string, lab: Lab, server: Server, client: Client) {
    this.folder = folder;
    this.lab = lab;
    this.server = server;
    this.client = client;
    const home = homeIn(lab.folder);
    this.cloud = cloudControl(endpointOf(home), Object.values(accounts));
    this.filled = readFilled(home);
  }

  /** `hybrid`: the standby of `orders` is an instance at AWS. `sites`: those that have a worker; all. */
  static async up({ hybrid = false, sites }: { readonly hybrid?: boolean; readonly sites?: readonly string[] } = {}): Promise<CloudWorld> {
    const found = await tools(() => undefined);
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-cloud-'));
    // A profile of the person who runs the tests is not for them.
    await writeFile(join(folder, 'temporal.toml'), '[profile.default]\n');
    let server: Server | undefined;
    let lab: Lab | undefined;
    let world: CloudWorld | undefined;
    try {
      server = await startServer({ folder: join(folder, 'temporal'), tools: found, ui: false });
      lab = await up({ folder: join(folder, 'lab'), tools: found, ui: server.ui, aws: true, hybrid });
      const connection = await Connection.connect({ address: server.address });
      const made = (world = new CloudWorld(folder, lab, server, new Client({ connection })));
      await Promise.all((sites ?? sitesOf(lab)).map((site) => made.startWorker(site)));
      return made;
    } catch (error) {
      // A worker that goes on would keep the process of the tests from ending.
      await Promise.all((world?.workers ?? []).map((worker) => worker.kill()));
      await world?.client.connection.close().catch(() => undefined);
      await server?.stop();
      if (lab) await down(lab.folder);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      throw error;
    }
  }

  get environment(): NodeJS.ProcessEnv {
    const { TEMPORAL_ADDRESS: _, ...rest } = process.env;
    return {
      ...rest,
      ...credentials,
      TEMPORAL_ADDRESS: this.server.address,
      TEMPORAL_CONFIG_FILE: join(this.folder, 'temporal.toml'),
      LIFEBOAT_UI: this.server.ui,
    };
  }

  /** Where the workers' runbooks are; a test may write its own beside them. */
  get runbooks(): string {
    return join(this.lab.folder, 'runbooks');
  }

  /** `crash`: `ACTIVITY@before|middle|after:kill|freeze`; it happens once for each `mark`. */
  async startWorker(site: string, crash?: { readonly at: string; readonly mark: string }): Promise<LiveWorker> {
    const env = { ...this.environment, ...(crash ? { LIFEBOAT_CRASH: crash.at, LIFEBOAT_CRASH_MARK: join(this.folder, crash.mark) } : {}) };
    const child = spawn(process.execPath, [join(root, 'test/e2e/crashing-worker.mjs'), site, this.runbooks], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const worker = new LiveWorker(site, child);
    this.workers.push(worker);
    await worker.ready();
    return worker;
  }

  /** `kind`: `backup`, `failover`, `failback`, `restore` or `rehearsal`. */
  start(kind: string, system: string, input: object = {}): Promise<WorkflowHandle> {
    return this.client.workflow.start(kind, {
      workflowId: runId(kind, system),
      taskQueue: controlQueue,
      workflowTaskTimeout: '3 seconds',
      args: [{ system, by: 'zoe@example.com', ...input }],
    });
  }

  /** What is known of a system: where it serves, its fences, whether it is protected. */
  known(system: string): Promise<SystemState> {
    return this.client.workflow.getHandle(systemId(system)).query<SystemState>('state');
  }

  /** The lab's own clients at a site, past the product's. */
  at(site: CloudSite): Promise<Clients> {
    return clientsAt(homeIn(this.lab.folder), site);
  }

  /** Something goes wrong, or is put right: the lab's own faults. */
  fault = (name: string, ...args: string[]): Promise<string> => fault(this.lab.folder, name, args);
  heal = (name?: string): Promise<string> => heal(this.lab.folder, name);

  /** Asks a database of a host directly, by none of the lab's lines. */
  sql<Row extends object>(host: string, text: string): Promise<Row[]> {
    return ask<Row>(this.lab, host, text);
  }

  /** Weights of the records of a name, by set identifier. */
  async weights(record: string): Promise<{ readonly [identifier: string]: number }> {
    const { route53 } = await this.at('us-east-1');
    const { ResourceRecordSets = [] } = await route53.listResourceRecordSets({ HostedZoneId: this.filled.zone });
    const sets = ResourceRecordSets.filter(({ Name, SetIdentifier }) => Name === record && SetIdentifier !== undefined);
    return Object.fromEntries(sets.map(({ SetIdentifier, Weight = 0 }) => [SetIdentifier!, Weight]));
  }

  /** Power transitions that really happened. */
  power = (): Promise<{ host: string; from: string; to: string; at: string; by: string }[]> => lines(ledgerFile(this.lab));
  /** Deliveries of the webhook. */
  hooks = (): Promise<{ key: string; [name: string]: unknown }[]> => lines(hooksFile(this.lab));

  async down(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.kill()));
    await this.client.connection.close().catch(() => undefined);
    await this.server.stop();
    if (existsSync(this.lab.folder)) await down(this.lab.folder);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function lines<T>(file: string): Promise<T[]> {
  if (!existsSync(file)) return [];
  return (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
