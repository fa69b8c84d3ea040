import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Crowd } from '../judge/crowd.ts';

/** A pair in service, of either lab. */
export interface Watched {
  sql<Row extends object>(host: string, text: string): Promise<Row[]>;
  power(): Promise<unknown>;
  hooks(): Promise<unknown>;
}

interface Sample {
  readonly replayed: string;
  readonly paused: boolean;
  readonly streaming: number;
}

/**
 * Watches a pair in service from outside while something else goes on: writers at every viewpoint, a reader at the standby, and what
 * both servers say of themselves before and after.
 */
export class Watch {
  readonly #world: Watched;
  readonly #crowd: Crowd;
  readonly #before: unknown;
  readonly #samples: Sample[] = [];
  #over = false;
  readonly #watching: Promise<void>;

  private constructor(world: Watched, crowd: Crowd, before: unknown) {
    this.#world = world;
    this.#crowd = crowd;
    this.#before = before;
    this.#watching = this.#sample();
  }

  static async start(world: Watched, crowd: Crowd): Promise<Watch> {
    return new Watch(world, crowd, await selves(world));
  }

  /** Throws where anything of it was paused, moved, changed or lost meanwhile. `gap`: longest time without an acknowledged write, milliseconds. */
  async end(gap: number): Promise<void> {
    await this.#crowd.writes('a-db');
    this.#over = true;
    await this.#watching;
    await this.#crowd.stop();
    this.#crowd.onlyEver('a-db');
    assert.deepEqual(await this.#crowd.lostOn('a-db'), []);
    assert.ok(this.#crowd.gap < gap, `no write was acknowledged for ${this.#crowd.gap} ms`);
    assert.deepEqual(
      this.#samples.filter(({ paused, streaming }) => paused || streaming !== 1),
      [],
      'replication was paused, or another standby was there',
    );
    const positions = new Set(this.#samples.map(({ replayed }) => replayed));
    assert.ok(positions.size > 3, `the standby replayed nothing: ${[...positions].join(', ')}`);
    assert.deepEqual(await selves(this.#world), this.#before);
  }

  stop(): Promise<void> {
    this.#over = true;
    return this.#crowd.stop();
  }

  async #sample(): Promise<void> {
    while (!this.#over) {
      const [standby] = await this.#world.sql<{ replayed: string; paused: boolean }>(
        'b-db',
        `select pg_last_wal_replay_lsn()::text as replayed, pg_is_wal_replay_paused() as paused`,
      );
      const [primary] = await this.#world.sql<{ n: number }>(
        'a-db',
        `select count(*)::int as n from pg_stat_replication where state = 'streaming'`,
      );
      this.#samples.push({ ...standby!, streaming: primary!.n });
      await sleep(100);
    }
  }
}

/** What must be the same afterwards: settings, roles, databases, tables, slots, and the rows that nobody writes. */
async function selves(world: Watched): Promise<unknown> {
  const one = async (host: string): Promise<unknown> => {
    const [row] = await world.sql(
      host,
      `select pg_is_in_recovery() as recovering, pg_postmaster_start_time()::text as started,
        (select md5(string_agg(name || '=' || setting, ',' order by name)) from pg_settings where name not like 'application_name' and name not in ('transaction_read_only', 'in_hot_standby')) as settings,
        (select string_agg(rolname, ',' order by rolname) from pg_roles) as roles,
        (select string_agg(datname, ',' order by datname) from pg_database) as databases,
        (select string_agg(relname, ',' order by relname) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace) as tables,
        (select string_agg(slot_name, ',' order by slot_name) from pg_replication_slots) as slots,
        (select count(*)::int from orders) as orders`,
    );
    return row;
  };
  return { a: await one('a-db'), b: await one('b-db'), power: await world.power(), hooks: await world.hooks() };
}
