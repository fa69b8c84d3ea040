import { mkdtemp, readFile, rm, chmod, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { killChildren } from '../../cli/practice.ts';
import { judgeTable, startWriter, type Acked, type Writer } from '../../test/judge/writer.ts';
import { folderFor } from './command.ts';
import type { Loss, Mode, Peer, Standing } from './peer.ts';
import { killIn } from './processes.ts';
import { sql } from './sql.ts';

/** Milliseconds between two rows of one writer, its own time for each left out. */
const every = 20;
/** Together they send more than 200 rows a second. */
const planned = 6;

const interrupted = new AbortController();

/** Ends the round under way: it fails, and cleans up after itself. */
export function interrupt(): void {
  interrupted.abort();
  killChildren();
}

/** Milliseconds after the kill. */
export interface Failover {
  /** First write that a writer from outside had acknowledged at the other site. */
  readonly firstWrite: number;
  /** When its own log says that it has given the primary up; null where it was told. */
  readonly detected: number | null;
}

export interface Switchover {
  /** Longest time between two acknowledged rows that any writer saw, milliseconds. */
  readonly gap: number;
  readonly rowsPerSecond: number;
  readonly acknowledged: number;
  /** Of those acknowledged, not there at the new primary. */
  readonly lost: number;
}

/** Kills a primary and waits for the first write at the other site. */
export function failOver(peer: Peer, mode: 'told' | 'automatic', loss: Loss): Promise<Failover> {
  return onPair(peer, mode, 1, async (standing, [writer]) => {
    const { detection } = standing;
    const timeline = writer!.acked().at(-1)!.timeline;
    const said = mode === 'automatic' && detection ? (await readFile(detection.log)).length : 0;
    const killedAt = Date.now();
    await standing.kill(loss);
    // A command may go on waiting for the machine that is lost: the writer is the judge.
    const told = mode === 'told' ? standing.tell() : Promise.resolve();
    const detected = mode === 'automatic' && detection ? appears(detection, said) : Promise.resolve(null);
    const [first, seen] = await Promise.all([firstOn(writer!, timeline, told), detected]);
    return { firstWrite: Date.parse(first.at) - killedAt, detected: seen === null ? null : seen - killedAt };
  });
}

/** Moves a primary that serves, under more than 200 rows a second. */
export function switchOver(peer: Peer): Promise<Switchover> {
  return onPair(peer, 'planned', planned, async (standing, writers) => {
    const timeline = writers[0]!.acked().at(-1)!.timeline;
    await sleep(2_000);
    const told = standing.tell();
    await Promise.all(writers.map((writer) => firstOn(writer, timeline, told)));
    await sleep(1_000);
    await Promise.all(writers.map((writer) => writer.stop()));
    const all = writers.flatMap((writer) => writer.acked());
    const before = all.filter((row) => row.timeline === timeline);
    const [from, to] = [before[0]!, before.at(-1)!].map(({ at }) => Date.parse(at));
    const rows = await sql<{ id: string }>({ ...standing.login, port: standing.hosts[1]!.port }, ['select id from judge']);
    const there = new Set(rows.map(({ id }) => id));
    return {
      gap: Math.max(...writers.map((writer) => writer.longestGap()!.milliseconds)),
      rowsPerSecond: (before.length * 1000) / (to! - from!),
      acknowledged: all.length,
      lost: all.filter(({ id }) => !there.has(id)).length,
    };
  });
}

async function onPair<T>(peer: Peer, mode: Mode, count: number, work: (standing: Standing, writers: Writer[]) => Promise<T>): Promise<T> {
  const parent = await realpath(await mkdtemp(join(tmpdir(), 'lifeboat-bench-')));
  await chmod(parent, 0o755);
  const folder = folderFor(join(parent, 'round'));
  let standing: Standing | undefined;
  let writers: Writer[] = [];
  try {
    standing = await peer.up(folder, mode);
    writers = await judges(standing, count);
    return await work(standing, writers);
  } finally {
    await Promise.all(writers.map((writer) => writer.stop()));
    await standing?.down?.();
    await killIn(parent);
    await rm(parent, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Writers that owe no peer anything, each with a ledger of its own; returns once each has some rows acknowledged. */
async function judges({ hosts, login }: Standing, count: number): Promise<Writer[]> {
  await sql({ ...login, port: hosts[0]!.port }, [judgeTable]);
  const all = Array.from({ length: count }, (_, n) => startWriter({ hosts, ...login, every, name: `judge-${n}` }));
  await until('the writers to write', () => all.every((writer) => writer.acked().length > 10) || null);
  return all;
}

async function firstOn(writer: Writer, timeline: number, told: Promise<void>): Promise<Acked> {
  let failure: Error | null = null;
  told.catch((error: Error) => (failure = error));
  return until('a write at the other site', () => {
    const first = writer.acked().find((row) => row.timeline > timeline);
    if (!first && failure) throw failure;
    return first ?? null;
  });
}

/** When a log said it, in what comes after its first `said` bytes. */
async function appears({ log, says }: NonNullable<Standing['detection']>, said: number): Promise<number> {
  return until(`${says} in ${log}`, async () => (says.test((await readFile(log)).toString('utf8', said)) ? Date.now() : null));
}

async function until<T>(what: string, look: () => T | null | Promise<T | null>, within = 180_000): Promise<T> {
  for (const deadline = Date.now() + within; ; await sleep(5)) {
    if (interrupted.signal.aborted) throw new Error('interrupted');
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > deadline) throw new Error(`not within ${within / 1000} s: ${what}`);
  }
}
