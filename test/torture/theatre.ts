import { readFile } from 'node:fs/promises';
import { sql } from '../../lab/full/pair.ts';
import type { RunRecord } from '../../record/schema/run.ts';
import { systemId, type SystemState } from '../../workflows/wire.ts';
import { leftBy } from '../e2e/scene.ts';
import { FullWorld } from '../full/world.ts';
import { journalOf, type LiveWorker } from '../e2e/world.ts';
import type { Cast } from './disturbances.ts';

const hostAt: { readonly [site: string]: string } = { 'site-a': 'a-db', 'site-b': 'b-db' };

/** The full lab, and what a series of rounds does to it. */
export class Theatre {
  readonly world: FullWorld;
  #workers = new Map<string, LiveWorker>();
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(world: FullWorld) {
    this.world = world;
  }

  static async open(): Promise<Theatre> {
    const theatre = new Theatre(await FullWorld.up({ workers: false }));
    // Writers stand inside each site: a cut at its router is no fence here.
    const inventory = await readFile(`${theatre.world.runbooks}/inventory.yaml`, 'utf8');
    await theatre.world.write('inventory.yaml', inventory.replaceAll('nothing-writes-inside: true', 'nothing-writes-inside: false'));
    // A run that cannot go on is led back, or asks, sooner, so that a series takes less time; and a network fence would stay
    // after its round, for people to lift.
    const runbook = await readFile(`${theatre.world.runbooks}/orders-failover.yaml`, 'utf8');
    await theatre.world.write(
      'orders-failover.yaml',
      runbook
        .replace('outage: 1 minute', 'outage: 15 seconds')
        .replace('retry: { times: 2,', 'retry: { times: 0,')
        .replace('[fence.network, fence.manual]', '[fence.manual]'),
    );
    await theatre.#hire();
    return theatre;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.world.down();
  }

  /** Who serves now, by asking both members. Throws unless exactly one takes writes. */
  async cast(): Promise<Cast> {
    const sites = Object.keys(hostAt);
    const roles = await Promise.all(sites.map((site) => this.roleOf(hostAt[site]!)));
    const serving = sites.filter((_, nth) => roles[nth] === 'primary');
    if (serving.length !== 1)
      throw new Error(serving.length === 0 ? 'no member takes writes' : `two primaries: ${serving.join(' and ')} take writes`);
    const source = serving[0]!;
    const target = sites.find((site) => site !== source)!;
    return { source: { site: source, host: hostAt[source]! }, target: { site: target, host: hostAt[target]! } };
  }

  async roleOf(host: string): Promise<'primary' | 'standby' | 'silent'> {
    const [row] = await sql<{ standby: boolean }>(this.world.lab, host, 'select pg_is_in_recovery() as standby', 1_500).catch(() => []);
    return row === undefined ? 'silent' : row.standby ? 'standby' : 'primary';
  }

  /** The standby follows, or there is none. */
  async follows(host: string): Promise<boolean> {
    const rows = await this.world
      .sql<{ n: number }>(host, `select count(*)::int as n from pg_stat_replication where state = 'streaming'`)
      .catch(() => []);
    return (rows[0]?.n ?? 0) > 0;
  }

  fault = (name: string, ...words: readonly string[]): Promise<string> => this.world.fault(name, ...words);

  /** Kills the worker of a site; another one stands up a little later. */
  async killWorker(site: string): Promise<void> {
    await this.#workers.get(site)?.kill();
    this.#later(1_500, () => this.#hire(site));
  }

  /** Freezes the worker of a site for longer than its heartbeats are waited for. */
  async freezeWorker(site: string): Promise<void> {
    const worker = this.#workers.get(site);
    worker?.freeze();
    this.#later(6_000, async () => worker?.thaw());
  }

  /** Ends every fault that can be ended, and brings workers and the standby's database back, as operators would. */
  async mend(): Promise<void> {
    await this.world.heal();
    for (const worker of this.#workers.values()) worker.thaw();
    await this.#hire();
    await Promise.all(Object.values(hostAt).map((host) => this.#restart(host)));
  }

  /** The member that served last, as the system's workflow knows it, is switched on and started by hand. */
  async reviveSource(): Promise<void> {
    const { active } = await this.state();
    const host = hostAt[active ?? 'site-a']!;
    await this.world.fault('power', host, 'on').catch(() => undefined);
    for (let tries = 0; (await this.roleOf(host)) === 'silent' && tries < 40; tries += 1) {
      await this.world.fault('start-postgres', host).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** Whether a machine that a question names is really without power. */
  async isOff(question: string): Promise<boolean> {
    const host = Object.values(hostAt).find((name) => question.includes(name));
    if (host === undefined) return false;
    return await this.world.at(host, ['true']).then(
      () => false,
      () => true,
    );
  }

  /** What the last run did, and how the members stand: for whoever looks into a violation. */
  async story(): Promise<readonly string[]> {
    const told: string[] = [];
    for (const host of Object.values(hostAt)) {
      told.push(`${host}: ${await this.roleOf(host)}`);
      const log = await this.world
        .at(host, ['journalctl', '--no-pager', '--output=cat', '--lines=15', '--unit=orders-db'])
        .catch(() => 'no power');
      told.push(
        ...log
          .trim()
          .split('\n')
          .map((line) => `  ${line}`),
      );
    }
    for (const kind of ['failover', 'failback']) {
      const entries = await journalOf(this.world.client.workflow.getHandle(`${kind}-orders`)).catch(() => []);
      for (const entry of entries) {
        const words = Object.entries(entry).filter(
          ([name, value]) => !['proofs', 'evidence', 'seen', 'facts', 'at'].includes(name) && typeof value !== 'object',
        );
        told.push(`${entry.at.slice(11, 23)} ${kind}: ${words.map(([name, value]) => `${name}=${String(value).slice(0, 160)}`).join(' ')}`);
      }
    }
    return told;
  }

  state = (): Promise<SystemState> => this.world.client.workflow.getHandle(systemId('orders')).query<SystemState>('state');

  async record(end: Parameters<typeof leftBy>[0]): Promise<RunRecord> {
    return (await leftBy(end, Object.keys(end.records)[0]!)).record;
  }

  /** A standby whose database was killed is started again; a primary that lost its place never is. */
  async #restart(host: string): Promise<void> {
    if ((await this.roleOf(host)) !== 'silent') return;
    const signal = await this.world.at(host, ['test', '-f', '/var/lib/postgresql/orders/standby.signal']).then(
      () => true,
      () => false,
    );
    if (signal) await this.world.fault('start-postgres', host).catch(() => undefined);
  }

  async #hire(only?: string): Promise<void> {
    for (const site of only === undefined ? Object.keys(hostAt) : [only])
      if (!this.#workers.get(site)?.alive) this.#workers.set(site, await this.world.startWorker(site));
  }

  #later(milliseconds: number, act: () => Promise<unknown>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act().catch(() => undefined);
    }, milliseconds);
    this.#timers.add(timer);
  }
}
