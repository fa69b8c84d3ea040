import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type ScheduleDescription, type ScheduleHandle } from '@temporalio/client';
import { timesBetween } from '../../cli/schedules/times.ts';
import { startServer, type Server } from '../../lab/server.ts';
import { tools } from '../../lab/tools.ts';
import { json, lifeboat, root, type Called } from './call.ts';

export const hour = 3_600_000;
export const whole = {
  'orders-monthly': "{ rehearse: orders-failover, on: first sunday, at: '04:00', mode: unplanned, parameters: { incident: monthly } }",
  'orders-ready': '{ check: orders, every: 30 minutes, jitter: 1 minute }',
};

/** A real server on a file of its own, and a runbooks folder whose schedules.yaml a test writes. */
export class Timekeeper {
  readonly #folder: string;
  #server: Server;
  client: Client;

  private constructor(folder: string, server: Server, client: Client) {
    this.#folder = folder;
    this.#server = server;
    this.client = client;
  }

  static async up(): Promise<Timekeeper> {
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-schedules-'));
    await mkdir(join(folder, 'runbooks'));
    for (const name of ['inventory.yaml', 'orders-failover.yaml']) await cp(join(root, 'runbooks', name), join(folder, 'runbooks', name));
    const server = await startServer({ folder: join(folder, 'temporal'), tools: await tools(), ui: false });
    return new Timekeeper(folder, server, new Client({ connection: await Connection.connect({ address: server.address }) }));
  }

  /** Kills the server (-9), and starts it again on its file after so many milliseconds. */
  async outage(milliseconds: number): Promise<void> {
    await this.client.connection.close();
    await this.#server.kill();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    this.#server = await startServer({ folder: join(this.#folder, 'temporal'), tools: await tools(), ui: false, port: this.#server.port });
    this.client = new Client({ connection: await Connection.connect({ address: this.#server.address }) });
  }

  write(
    schedules: { readonly [name: string]: string },
    head = 'time-zone: Europe/Berlin\njitter: 5 minutes\ncatch-up: 6 hours\n',
  ): Promise<void> {
    const lines = Object.entries(schedules).map(([name, text]) => `  ${name}: ${text}\n`);
    return writeFile(join(this.#folder, 'runbooks/schedules.yaml'), `${head}schedules:\n${lines.join('')}`);
  }

  readonly call = (...args: string[]): Promise<Called> =>
    lifeboat(['schedules', ...args], { TEMPORAL_ADDRESS: this.#server.address, LIFEBOAT_AS: 'zoe' }, this.#folder);

  /** Applies the file; what was changed. */
  async changes(): Promise<string[]> {
    const called = await this.call('apply', '--yes', '--json');
    assert.equal(called.code, 0, called.err);
    return (json(called).changes as { name: string; how: string }[]).map(({ name, how }) => `${how} ${name}`);
  }

  readonly handle = (name: string): ScheduleHandle => this.client.schedule.getHandle(`lifeboat-${name}`);
  readonly described = (name: string): Promise<ScheduleDescription> => this.handle(name).describe();

  /** A schedule that nobody applied from this folder's file. */
  async another(name: string, system: string, owner?: string): Promise<void> {
    await this.client.schedule.create({
      scheduleId: `lifeboat-${name}`,
      spec: { intervals: [{ every: '1 day' }] },
      action: { type: 'startWorkflow', workflowType: 'readiness', taskQueue: 'lifeboat', workflowId: 'another', args: [{ system }] },
      state: { paused: true },
      ...(owner === undefined ? {} : { memo: { lifeboat: owner } }),
    });
  }

  /** Ids as lists have them: a moment late. */
  async listed(): Promise<string[]> {
    const ids: string[] = [];
    for await (const { scheduleId } of this.client.schedule.list()) ids.push(scheduleId);
    return ids;
  }

  /** Times as the server computes them, ISO, to the minute. */
  async times(name: string, from: string, until: string): Promise<string[]> {
    const temporal = { client: this.client, namespace: 'default', address: '', within: <T>(_: number, ask: () => Promise<T>) => ask() };
    return (await timesBetween(temporal, name, new Date(from), new Date(until))).map((at) => at.toISOString().slice(0, 16));
  }

  async down(): Promise<void> {
    await this.client.connection.close().catch(() => undefined);
    await this.#server.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
