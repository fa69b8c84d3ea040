import { mkdtempSync, readFileSync, existsSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { down } from '../../lab/down.ts';
import { ledgerFile, secret, type Lab } from '../../lab/lab.ts';
import { up, type UpOptions } from '../../lab/up.ts';
import { query } from '../query.ts';

/** A lab in a temporary folder, and what ends it. */
export async function practice(options: Omit<UpOptions, 'folder'> = {}): Promise<{ lab: Lab; end: () => Promise<void> }> {
  const parent = mkdtempSync(join(tmpdir(), 'lifeboat-test-'));
  const lab = await up({ ...options, folder: join(parent, 'lab') });
  return {
    lab,
    end: async () => {
      if (existsSync(lab.folder)) await down(lab.folder);
      rmSync(parent, { recursive: true });
    },
  };
}

/** Waits until it holds; throws, saying what was waited for, after `within` milliseconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, within = 15_000): Promise<void> {
  for (const deadline = Date.now() + within; !(await holds()); await sleep(20)) {
    if (Date.now() > deadline) throw new Error(`Waited ${within} ms for ${what}.`);
  }
}

/** What a port says within that many milliseconds: its first words, `silent`, `refused` or `closed`. */
export function hear(port: number, within = 400): Promise<string> {
  return new Promise((done) => {
    const socket: Socket = connect(port, '127.0.0.1');
    const end = (said: string): void => {
      clearTimeout(timer);
      socket.destroy();
      done(said);
    };
    const timer = setTimeout(() => end('silent'), within);
    socket.on('data', (bytes) => end(bytes.toString('utf8').trim()));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED' ? 'refused' : 'closed'));
    socket.on('close', () => end('closed'));
  });
}

/** Runs statements as the superuser through a port, each with a deadline. */
export const sql = (lab: Lab, port: number, text: string, within = 3000): Promise<Record<string, unknown>[]> =>
  query(
    {
      port,
      user: 'lifeboat',
      password: secret(lab, 'lifeboat'),
      database: 'orders',
      connectionTimeoutMillis: within,
      query_timeout: within,
    },
    text,
  );

export function ledger(lab: Lab): { host: string; from: string; to: string; by: string }[] {
  const lines = readFileSync(ledgerFile(lab), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as { host: string; from: string; to: string; by: string });
}

/** Every port that a lab may listen on. */
export function portsOf(lab: Lab): number[] {
  const numbers = (value: unknown): number[] =>
    typeof value === 'number' ? [value] : value !== null && typeof value === 'object' ? Object.values(value).flatMap(numbers) : [];
  return [lab.control, lab.hooks, lab.probe, ...numbers(Object.values(lab.sites).map(({ witness }) => witness)), ...numbers(lab.hosts)];
}
