import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { longestGap, type Acked, type Session, type Writer, type WriterOptions } from './writer.ts';

/** A writer in another network namespace: `at` makes the argument vector that runs a program there. */
export function startFarWriter(at: (argv: readonly string[]) => readonly string[], options: WriterOptions): Writer {
  const acked: Acked[] = [];
  const sessions: Session[] = [];
  const errors: { at: string; message: string }[] = [];
  const [program, ...rest] = at([process.execPath, '--import=tsx', fileURLToPath(new URL('write.ts', import.meta.url))]);
  const child = spawn(program!, rest, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, JUDGE: JSON.stringify(options) } });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ledgers: { readonly [name: string]: unknown[] } = { acked, session: sessions, error: errors };
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [name, entry] = JSON.parse(line) as [string, unknown];
    ledgers[name]!.push(entry);
  });
  return {
    acked: () => acked,
    sessions: () => sessions,
    errors: () => errors,
    longestGap: () => longestGap(acked),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
