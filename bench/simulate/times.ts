import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { optionsOf } from '../../cli/schedules/options.ts';
import { timesBetween } from '../../cli/schedules/times.ts';
import { startServer } from '../../lab/server.ts';
import { tools } from '../../lab/tools.ts';
import type { Entry } from '../../plan/schedules/timetable.ts';

/** One start of a schedule. */
export interface Start {
  readonly entry: Entry;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Every start of these schedules between two times, in order, as a real server computes them from Schedules that are there, paused. */
export async function startsOf(entries: readonly Entry[], from: number, until: number): Promise<Start[]> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-year-'));
  const server = await startServer({ folder, tools: await tools(), ui: false });
  try {
    const connection = await Connection.connect({ address: server.address });
    const client = new Client({ connection });
    const temporal = { client, namespace: 'default', address: server.address, within: <T>(_: number, call: () => Promise<T>) => call() };
    const all: Start[][] = [];
    for (const entry of entries) {
      const paused = { ...entry, paused: 'only its times are wanted' };
      await client.schedule.create(optionsOf(paused, 'simulated year', []));
      const times = await timesBetween(temporal, entry.name, new Date(from), new Date(until));
      all.push(times.map((at) => ({ entry, at: at.getTime() })));
    }
    await connection.close();
    return all.flat().toSorted((one, other) => one.at - other.at);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
