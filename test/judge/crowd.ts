import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { secret, type Lab } from '../../lab/lab.ts';
import { query } from '../query.ts';
import { judgeTable, startWriter, type Acked, type Session, type Writer } from './writer.ts';

/**
 * Writers at every viewpoint, outside and inside each site, each with a ledger of its own: together the judge of who took writes,
 * when, and what became of them.
 */
export class Crowd {
  readonly writers: { readonly [viewpoint: string]: Writer };
  readonly #where: Where;

  private constructor(where: Where, writers: Crowd['writers']) {
    this.#where = where;
    this.writers = writers;
  }

  /** Starts them in the small lab, on the pair's primary, and returns once each has a row acknowledged. */
  static start(lab: Lab, primary = 'a-db'): Promise<Crowd> {
    return Crowd.startAt(smallLab(lab), primary);
  }

  static async startAt(where: Where, primary = 'a-db'): Promise<Crowd> {
    await where.ask(primary, `${judgeTable}; grant all on judge to app`);
    const crowd = new Crowd(where, Object.fromEntries(where.viewpoints.map((viewpoint) => [viewpoint, where.writer(viewpoint)])));
    for (const viewpoint of where.viewpoints) await crowd.writes(primary, viewpoint);
    return crowd;
  }

  get acked(): readonly Acked[] {
    return Object.values(this.writers).flatMap((writer) => writer.acked());
  }

  get sessions(): readonly Session[] {
    return Object.values(this.writers).flatMap((writer) => writer.sessions());
  }

  /** Waits until a server acknowledges a row that was sent from now on, to one viewpoint or to each. */
  async writes(server: string, viewpoint?: string, within = 20_000): Promise<void> {
    const since = new Date().toISOString();
    const all = Object.entries(this.writers).filter(([name]) => viewpoint === undefined || name === viewpoint);
    const still = (): string[] =>
      all.filter(([, writer]) => !writer.acked().some((row) => row.sentAt > since && row.server === server)).map(([name]) => name);
    for (const deadline = Date.now() + within; still().length > 0; await sleep(20)) {
      if (Date.now() < deadline) continue;
      const words = all.map(([name, writer]) => `${name}: ${writer.errors().at(-1)?.message ?? 'no error'}`);
      throw new Error(`${server} took no write from ${still().join(', ')} within ${within} ms. ${words.join('; ')}`);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.writers).map((writer) => writer.stop()));
  }

  /**
   * Holds the ledgers to what must be true of a move: the old server acknowledged its last row before the new one took its first, and
   * nobody had a session that could write on the old one after that.
   */
  neverTwo(old: string, next: string): void {
    const last = this.acked.filter(({ server }) => server === old).reduce((at, row) => (row.at > at ? row.at : at), '');
    const first = this.acked.filter(({ server }) => server === next).reduce((at, row) => (row.sentAt < at ? row.sentAt : at), '9');
    const began = this.acked.filter(({ server }) => server === next).reduce((at, row) => (row.at < at ? row.at : at), '9');
    assert.notEqual(last, '', `${old} never took a write`);
    assert.notEqual(first, '9', `${next} never took a write`);
    assert.ok(last < began, `${old} acknowledged a row at ${last}, and ${next} one at ${began} already: two primaries took writes`);
    assert.deepEqual(
      this.sessions.filter(({ server, at }) => server === old && at > began),
      [],
      `a writer got a session that can write on ${old} after ${next} took over`,
    );
  }

  /** Nobody but this server ever took a write. */
  onlyEver(server: string): void {
    assert.deepEqual([...new Set(this.acked.map((row) => row.server))], [server]);
  }

  /** Acknowledged rows that a server does not have, oldest first. */
  async lostOn(server: string): Promise<readonly Acked[]> {
    // Before the question: what is acknowledged while it is answered may not be in the answer.
    const acked = [...this.acked];
    const rows = (await this.#where.ask(server, 'select id from judge')) as { id: string }[];
    const there = new Set(rows.map(({ id }) => id));
    return acked.filter(({ id }) => !there.has(id)).toSorted((a, b) => a.at.localeCompare(b.at));
  }

  /** Longest time without an acknowledged row that any writer saw, milliseconds. */
  get gap(): number {
    return Math.max(...Object.values(this.writers).map((writer) => writer.longestGap()?.milliseconds ?? 0));
  }
}

/** Where a crowd writes. */
export interface Where {
  readonly viewpoints: readonly string[];
  /** A writer that sees the members as this viewpoint does. */
  writer(viewpoint: string): Writer;
  /** Asks a member past all lines. */
  ask(host: string, text: string): Promise<readonly object[]>;
}

function smallLab(lab: Lab): Where {
  return {
    viewpoints: Object.keys(Object.values(lab.hosts)[0]!.seenFrom),
    writer: (viewpoint) => {
      const hosts = Object.values(lab.hosts).map(({ seenFrom }) => ({ host: '127.0.0.1', port: seenFrom[viewpoint]![5432] }));
      return startWriter({ hosts, database: 'orders', user: 'app', password: secret(lab, 'app'), name: viewpoint, every: 40 });
    },
    ask: (host, text) => ask(lab, host, text),
  };
}

/** Asks a database directly, by none of the lab's lines. */
export const ask = <Row extends object>(lab: Lab, host: string, text: string): Promise<Row[]> =>
  query<Row>({ port: lab.hosts[host]!.database, user: 'postgres', password: secret(lab, 'postgres'), database: 'orders' }, text);
