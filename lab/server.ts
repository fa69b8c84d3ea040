import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers } from './server-answers.ts';
import { launch } from './launch.ts';
import { freePort, isFree } from './ports.ts';
import { gone, identify, signal, type Identity } from './process.ts';
import type { Tools } from './tools.ts';

export interface ServerOptions {
  /** Where its SQLite file and its log lie. Started again on the same folder and ports, it goes on where it was. */
  readonly folder: string;
  readonly tools: Pick<Tools, 'temporal'>;
  readonly port?: number;
  readonly uiPort?: number;
  /** Whether it serves the web UI. Default: yes. */
  readonly ui?: boolean;
  /** Leaves the server's own settings as they come, which are several times slower. For comparison only. */
  readonly stock?: boolean;
}
export interface Server {
  /** `HOST:PORT`, for TEMPORAL_ADDRESS. */
  readonly address: string;
  /** Base URL of the web UI. */
  readonly ui: string;
  readonly port: number;
  readonly uiPort: number;
  readonly pid: number;
  /** Ends it; a server that does not stop in time is killed. */
  stop(): Promise<void>;
  /** Kills it (-9). */
  kill(): Promise<void>;
}

/** Starts Temporal's development server on loopback and waits until its namespace answers. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const [port, uiPort] = [await freePort(options.port), await freePort(options.uiPort)];
  for (const wanted of [port, uiPort])
    if (!(await isFree(wanted))) throw new Error(`Port ${wanted} is taken: end what listens there, or choose another.`);
  await mkdir(options.folder, { recursive: true });
  const log = join(options.folder, 'temporal.log');
  const child = launch(
    [options.tools.temporal, ...flags(options.folder, port, options.ui === false ? null : uiPort), ...(options.stock ? [] : tuned)],
    { log },
  );
  const identity = identify(child.pid) ?? { pid: child.pid, started: '' };
  await ready(port, child, log).catch(async (error: unknown) => {
    await end(identity, 'SIGKILL');
    throw error;
  });
  return {
    address: `127.0.0.1:${port}`,
    ui: `http://127.0.0.1:${uiPort}`,
    port,
    uiPort,
    pid: child.pid,
    stop: () => end(identity, 'SIGTERM'),
    kill: () => end(identity, 'SIGKILL'),
  };
}

// One workflow lives in one shard, and a shard polls 20 times a second unless told otherwise: 50 ms a step.
const tuned = [
  ...['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=1000'],
  ...['--dynamic-config-value', 'history.timerProcessorMaxPollRPS=1000'],
  ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'],
];

function flags(folder: string, port: number, uiPort: number | null): string[] {
  return [
    ...[
      'server',
      'start-dev',
      '--ip',
      '127.0.0.1',
      '--port',
      String(port),
      '--db-filename',
      join(folder, 'temporal.db'),
      '--log-level',
      'error',
    ],
    ...(uiPort === null ? ['--headless'] : ['--ui-ip', '127.0.0.1', '--ui-port', String(uiPort), '--ui-disable-news-fetch']),
  ];
}

async function ready(port: number, child: { exitCode: number | null; signalCode: string | null }, log: string): Promise<void> {
  for (const deadline = Date.now() + 30_000; !(await answers(port)); await sleep(20)) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (!ended && Date.now() < deadline) continue;
    const words = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-3).join(' / ') : '';
    throw new Error(`The Temporal server ${ended ? 'ended' : 'did not answer within 30 s'} on port ${port}. See ${log}. It said: ${words}`);
  }
}

async function end(identity: Identity, how: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  signal(identity, 'SIGCONT');
  if (!signal(identity, how) || (await gone(identity, 5000))) return;
  signal(identity, 'SIGKILL');
  await gone(identity, 5000);
}
