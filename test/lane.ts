import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { CountsByFile } from './counts.ts';

/** How long the process of the tests may live on when all have ended, milliseconds. */
export const grace = 20_000;

export interface Ended {
  /** Null: the tests ended before they could be counted. */
  readonly counts: CountsByFile | null;
  readonly code: number;
  /** A process that outlives its tests has left something running, and fails. */
  readonly outlived: boolean;
}

/**
 * Runs test files one after another in one process, and counts them in the file `into`.
 * `late`: what it prints is kept until it has ended, so that two lanes can be read.
 */
export async function runLane(files: readonly string[], into: string, late: boolean): Promise<Ended> {
  rmSync(into, { force: true });
  const child = spawn(
    process.execPath,
    [
      // Before mocha's own arguments: among them it would start a process of its own, which outlives this one where it is killed.
      '--import=tsx',
      'node_modules/mocha/bin/mocha.js',
      '--timeout',
      // For a machine that carries several worlds at once: it ends what hangs, and measures nothing.
      '120000',
      '--reporter',
      './test/reporter.ts',
      ...files,
    ],
    {
      stdio: ['ignore', late ? 'pipe' : 'inherit', late ? 'pipe' : 'inherit'],
      env: { ...process.env, LIFEBOAT_TEST_COUNTS: into },
    },
  );
  const kept: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => kept.push(data));
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGINT', pass).on('SIGTERM', pass);
  let outlived = false;
  let since = 0;
  const watch = setInterval(() => {
    if (since === 0 && existsSync(into)) since = Date.now();
    if (since === 0 || outlived || Date.now() - since < grace) return;
    outlived = true;
    child.kill('SIGKILL');
  }, 500);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve(status ?? 1));
    });
    return { counts: existsSync(into) ? (JSON.parse(readFileSync(into, 'utf8')) as CountsByFile) : null, code, outlived };
  } finally {
    clearInterval(watch);
    process.off('SIGINT', pass).off('SIGTERM', pass);
    process.stdout.write(Buffer.concat(kept));
  }
}
