import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { greets } from './greeting.ts';
import { kept, type Gap, type Log } from './log.ts';
import { Member } from './member.ts';
import { account } from './outage.ts';
import type { Target } from './targets.ts';

/** The source's flush position when it was last sampled. */
export interface Flush {
  readonly lsn: string;
  readonly at: string;
  readonly host: string;
  readonly timeline: number;
}

/** Probes one system for as long as it runs. */
export class Prober {
  readonly target: Target;
  readonly log: Log;
  readonly seen: { [host: string]: string } = {};
  flush: Flush | null = null;
  /** Our clock minus the server's, milliseconds. */
  clockOffset: number | null = null;
  goodInARow = 0;
  /** Number of the last marker whose fate is known. */
  resolved: number;
  /** Why the last marker was missed, in the database's or the network's words. */
  problem: string | null = null;
  readonly #members: readonly Member[];
  /** Sessions of their own for what must not hold up a marker. */
  readonly #readers: ReadonlyMap<string, Member>;
  readonly #stop = new AbortController();
  #serving: Member | null = null;

  constructor(target: Target, log: Log, password: string | undefined) {
    this.target = target;
    this.log = log;
    this.resolved = log.lastSeq;
    this.#members = target.members.map((place) => new Member(place, target, password));
    this.#readers = new Map(target.members.map((place) => [place.host, new Member(place, target, password)]));
  }

  /** The member that takes our writes. */
  get serving(): Member | null {
    return this.#serving;
  }

  /** A second session with the serving member. Throws while none serves. */
  get reader(): Member {
    const reader = this.#serving && this.#readers.get(this.#serving.place.host);
    if (!reader) throw new Error(`${this.target.system} does not serve now: ask again once it does.`);
    return reader;
  }

  /** Runs until {@link stop}. */
  async run(): Promise<void> {
    const samples = Promise.all([
      this.#each(1000, () => this.#sample()),
      this.#each(1000, () => this.#look()),
      this.#each(1000, () => this.#account()),
      this.#each(60_000, () => this.#forget()),
    ]);
    await this.#each(this.target.every, () => this.#mark());
    await samples;
    for (const member of [...this.#members, ...this.#readers.values()]) member.drop();
  }

  stop(): void {
    this.#stop.abort();
  }

  /** A commit that takes longer is a missed marker. Its time is when it was sent, so patience costs no accuracy. */
  get patience(): number {
    return Math.max(2 * this.target.every, 1000);
  }

  async #mark(): Promise<void> {
    let at = Date.now();
    try {
      if (!this.#serving) {
        await this.#find();
        at = Date.now();
      }
      const seq = this.resolved + 1;
      const id = randomUUID();
      await this.#write(this.#serving!, id, seq, at).finally(() => (this.resolved = seq));
      this.#good(at);
    } catch (error) {
      this.#serving = null;
      this.problem = words(error);
      this.#missed(at);
    }
  }

  async #write(member: Member, id: string, seq: number, at: number): Promise<void> {
    const values = [id, this.log.probe, seq, new Date(at).toISOString()];
    await member.query('insert into lifeboat_markers(id, probe, seq, at) values ($1, $2, $3, $4)', values, this.patience);
    this.log.acknowledge({ id, seq, at });
    const found = await member.query('select 1 from lifeboat_markers where id = $1', [id], this.patience);
    if (found.length !== 1) throw new Error('The marker is not there.');
  }

  /** The first member that takes writes. All are asked side by side, again and again, so that a frozen one does not hold up the other. */
  async #find(): Promise<void> {
    const found = new AbortController();
    const deadline = Date.now() + this.patience;
    const ask = async (member: Member): Promise<Member> => {
      for (;;) {
        const answer = await member.writable(this.patience).catch((error: Error) => error);
        if (answer === true) return member;
        if (found.signal.aborted || this.#stop.signal.aborted || Date.now() > deadline)
          throw answer || new Error(`${member.place.host} takes no writes`);
        await sleep(Math.min(this.target.every / 2, 1000));
      }
    };
    const member = await Promise.any(this.#members.map(ask)).finally(() => found.abort());
    await this.#prepare(member);
    this.#serving = member;
    // At once: a source that dies young has been sampled all the same.
    void this.#sample();
  }

  async #prepare(member: Member): Promise<void> {
    const [row] = await member.query<{ there: boolean }>(`select to_regclass('lifeboat_markers') is not null as there`, [], this.patience);
    if (row?.there) return;
    const columns = 'id uuid primary key, probe text not null, seq bigint not null, at timestamptz not null default clock_timestamp()';
    await member.query(`create table if not exists lifeboat_markers(${columns})`, [], 5000);
    await member.query('create index if not exists lifeboat_markers_probe_seq_idx on lifeboat_markers(probe, seq)', [], 5000);
  }

  #good(at: number): void {
    const gap = this.log.gaps.at(-1);
    if (this.goodInARow === 0) this.#servedAt = at;
    this.goodInARow += 1;
    if (gap && gap.servedAt === null && this.goodInARow >= this.target.good) {
      this.log.served(this.#servedAt);
      this.#over = gap;
    }
  }
  #servedAt = 0;
  /** An interruption that is over, and whose losses are not yet remembered. */
  #over: Gap | null = null;

  async #account(): Promise<void> {
    const gap = this.#over;
    if (gap === null || !this.#serving) return;
    await account(this, gap).then(
      () => (this.#over = this.#over === gap ? null : this.#over),
      () => undefined,
    );
  }

  #missed(at: number): void {
    const gap = this.log.gaps.at(-1);
    this.goodInARow = 0;
    if (!gap || gap.servedAt !== null) this.log.missed(at);
  }

  async #sample(): Promise<void> {
    if (!this.#serving) return;
    const member = this.reader;
    const before = Date.now();
    const text = `select pg_current_wal_flush_lsn()::text as lsn, extract(epoch from clock_timestamp()) * 1000 as clock,
      ('x' || substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8))::bit(32)::int as timeline`;
    const rows = await member.query<{ lsn: string; clock: string; timeline: number }>(text, [], this.patience).catch(() => []);
    const after = Date.now();
    for (const { lsn, clock, timeline } of rows) {
      this.flush = { lsn, at: new Date(after).toISOString(), host: member.place.host, timeline };
      this.clockOffset = Math.round(((before + after) / 2 - Number(clock)) * 10) / 10;
    }
  }

  async #forget(): Promise<void> {
    if (!this.#serving) return;
    const old = [this.log.probe, this.resolved - 2 * kept];
    await this.reader.query('delete from lifeboat_markers where probe = $1 and seq < $2', old, 5000).catch(() => {});
  }

  async #look(): Promise<void> {
    const looks = this.target.alive.map(async ({ host, address, port }) => {
      if (await greets(address, port, 900)) this.seen[host] = new Date().toISOString();
    });
    await Promise.all(looks);
  }

  /** Does it again and again at this pace; one that takes longer than the pace leaves the next out. */
  async #each(every: number, act: () => Promise<void>): Promise<void> {
    for (let due = Date.now(); !this.#stop.signal.aborted;) {
      await act();
      due = Math.max(due + every, Date.now());
      await sleep(Math.max(0, due - Date.now()), undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }
}

function words(error: unknown): string {
  const errors = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  return errors.map((one) => (one instanceof Error ? one.message : String(one))).join('; ');
}
