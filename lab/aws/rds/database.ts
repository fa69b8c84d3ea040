import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { secretIn } from '../../lab.ts';
import { Line } from '../../line.ts';
import { Postgres } from '../../postgres.ts';
import { killAll, signalAll } from '../../process.ts';
import type { CloudHome } from '../home.ts';
import { admin, begin, configure, copyFiles, copyRunning, type Disk } from './cluster.ts';

/** As DescribeDBInstances says it. */
export type Phase = 'creating' | 'backing-up' | 'available' | 'starting' | 'stopping' | 'stopped' | 'rebooting' | 'modifying' | 'failed';

/** Who owns what is in it. */
export interface Master {
  readonly user: string;
  readonly password: string;
}

/** A real database behind one of the emulated RDS. What is asked of it is done in turn; `phase` tells how far it is. */
export class Database {
  readonly disk: Disk;
  /** Where clients reach it: a line that its security groups cut. */
  readonly port: number;
  /** Where it listens itself. */
  readonly #own: number;
  readonly #home: CloudHome;
  readonly #line: Line;
  readonly #postgres: Postgres;
  #phase: Phase = 'creating';
  #follows = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(home: CloudHome, disk: Disk, [port, own]: readonly [number, number]) {
    this.disk = disk;
    this.port = port;
    this.#own = own;
    this.#home = home;
    this.#line = new Line(port, { port: own });
    const { postgres: bin, user, id } = home;
    this.#postgres = new Postgres({ name: disk.folder, bin, user, disk: disk.folder, data: disk.data, env: { LIFEBOAT_LAB: id } });
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** A new one, with a database and the role that owns it. @param empty folder of an empty cluster, once it is whole. */
  create(empty: Promise<string>, database: string | undefined, master: Master): Promise<void> {
    return this.#next('creating', async () => {
      configure(this.#home, this.disk, this.#own);
      await copyFiles(await empty, this.disk.data);
      await this.#serve();
      const owner = name(master.user);
      await this.#sql(`create role ${owner} login createdb createrole password ${text(master.password)}`);
      await this.#sql(`grant pg_monitor, pg_read_all_data to ${owner} with admin option`);
      if (database !== undefined) await this.#sql(`create database ${name(database)} owner ${owner}`);
      await this.#save();
    });
  }

  /** One that follows another and takes no writes. */
  follow(source: Database): Promise<void> {
    this.#follows = true;
    return this.#next('creating', async () => {
      await source.#turn;
      configure(this.#home, this.disk, this.#own, { archive: source.disk.archive, port: source.#own });
      // What was written since is still with the source, or in its archive.
      await copyFiles(source.disk.base, this.disk.data);
      begin(this.#home, this.disk, 'standby');
      await this.#serve();
    });
  }

  /** One with the rows of a copy, once that is whole. */
  restore(copy: Promise<string>): Promise<void> {
    return this.#next('creating', async () => {
      configure(this.#home, this.disk, this.#own);
      await copyFiles(await copy, this.disk.data);
      begin(this.#home, this.disk, 'primary');
      await this.#serve();
      await this.#save();
    });
  }

  /** One with the rows that another had at a time (ISO), or has now. */
  rewind(source: Database, until?: string): Promise<void> {
    return this.#next('creating', async () => {
      // The source may not answer: what is in the archive has to do.
      await source.#closeLog().catch(() => {});
      const { archive, base } = source.disk;
      configure(this.#home, this.disk, this.#own, { archive, ...(until === undefined ? {} : { until }) });
      await copyFiles(base, this.disk.data);
      begin(this.#home, this.disk, 'recovery');
      await this.#recovers();
      await this.#line.open();
      await this.#save();
    });
  }

  promote(): Promise<void> {
    return this.#next('modifying', async () => {
      await this.#sql('select pg_promote(true, 60)');
      this.#follows = false;
      this.#phase = 'available';
      await this.#save();
    });
  }

  stop(): Promise<void> {
    return this.#next(
      'stopping',
      async () => {
        await this.#line.close();
        await this.#closeLog();
        await this.#postgres.stop();
      },
      'stopped',
    );
  }

  start(how: 'starting' | 'rebooting' = 'starting'): Promise<void> {
    return this.#next(how, async () => {
      await this.#postgres.stop();
      await this.#serve();
    });
  }

  /** Copies its files as they are now. It serves meanwhile. */
  copy(to: string): Promise<void> {
    return this.#next(null, () => (this.#postgres.running ? copyRunning(this.#home, this.#own, to) : copyFiles(this.disk.data, to)));
  }

  /** Whether its security groups let anybody in. Where not, its line is dead: taken, and nothing answers. */
  let(open: boolean): void {
    if (open) this.#line.heal();
    else this.#line.cut();
  }

  async freeze(): Promise<void> {
    await signalAll({ data: this.disk.data }, 'SIGSTOP');
  }

  async thaw(): Promise<void> {
    await signalAll({ data: this.disk.data }, 'SIGCONT');
  }

  setPassword(user: string, password: string): Promise<void> {
    return this.#next(null, async () => void (await this.#sql(`alter role ${name(user)} password ${text(password)}`)));
  }

  /** Ends it and removes its files. @param keep what restores to a point in time need stays. */
  end(keep: boolean): Promise<void> {
    return this.#next(
      'stopping',
      async () => {
        await this.#line.close();
        await this.#closeLog().catch(() => {});
        await killAll({ data: this.disk.data });
        rmSync(keep ? this.disk.data : this.disk.folder, { recursive: true, force: true });
      },
      'stopped',
    );
  }

  async #serve(): Promise<void> {
    await this.#postgres.start();
    await this.#line.open();
  }

  /** The copy that restores to a point in time begin with. */
  async #save(): Promise<void> {
    if (this.#phase === 'creating') this.#phase = 'backing-up';
    rmSync(this.disk.base, { recursive: true, force: true });
    await copyRunning(this.#home, this.#own, this.disk.base);
  }

  /** Starts it and waits until its recovery is over. */
  async #recovers(): Promise<void> {
    await this.#postgres.start();
    for (; this.#postgres.running; await sleep(20)) {
      const [row] = await this.#sql('select pg_is_in_recovery() as still').catch(() => []);
      if (row?.['still'] === false) return;
    }
    throw new Error('It did not recover: see its postgres.log.');
  }

  /** Brings everything up to now into the archive; nothing to do for one that does not write. */
  async #closeLog(): Promise<void> {
    if (!this.#postgres.running || this.#follows) return;
    // A recovery only finds a time where something was written after it.
    await this.#sql('select pg_current_xact_id()');
    await this.#sql(archive);
  }

  async #sql(statement: string): Promise<Record<string, unknown>[]> {
    const login = { user: admin, password: secretIn(this.#home.folder, 'rds'), database: 'postgres' };
    const client = new pg.Client({ host: '127.0.0.1', port: this.#own, ...login, connectionTimeoutMillis: 5000, query_timeout: 70_000 });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  }

  /** @param during null: its phase stays what it is. */
  #next(during: Phase | null, act: () => Promise<void>, after: Phase = 'available'): Promise<void> {
    const turn = this.#turn.then(async () => {
      if (during !== null) this.#phase = during;
      try {
        await act();
        if (during !== null) this.#phase = after;
      } catch (error) {
        if (during !== null) this.#phase = 'failed';
        throw error;
      }
    });
    this.#turn = turn.catch((error: unknown) => console.error(`${this.disk.folder}:`, error));
    return turn;
  }
}

/** Closes the segment that is written, and waits until it is in the archive. */
const archive = `do $$
  declare segment text := pg_walfile_name(pg_switch_wal());
  begin
    while coalesce((select last_archived_wal from pg_stat_archiver), '') < segment loop
      perform pg_sleep(0.02);
      perform pg_stat_clear_snapshot();
    end loop;
  end $$`;

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
const name = (value: string): string => `"${value.replaceAll('"', '""')}"`;
