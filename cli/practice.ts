import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { down } from '../lab/down.ts';
import { readLab, type Lab } from '../lab/lab.ts';
import { launch, program } from '../lab/launch.ts';
import { freePorts } from '../lab/ports.ts';
import { gone, identify, killAll, signal, type Identity } from '../lab/process.ts';
import { shown, type Progress } from '../lab/progress.ts';
import { startServer, type Server } from '../lab/server.ts';
import { tools } from '../lab/tools.ts';
import { up } from '../lab/up.ts';
import { awaitPollers } from './pollers.ts';

/** A whole world to practise in, on this machine: a Temporal server with its UI, the small lab, a worker for each site. */
export interface Practice {
  /** Everything lies in it, and goes with it. */
  readonly folder: string;
  readonly address: string;
  readonly ui: string;
  readonly lab: Lab;
  readonly runbooks: string;
}

/** What has been started so far, so that it can be ended at any moment. */
export class World {
  readonly folder: string;
  #server: Server | undefined;
  readonly #workers: Identity[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<World> {
    const world = new World(await mkdtemp(join(tmpdir(), 'lifeboat-')));
    await world.#forgetProfiles();
    return world;
  }

  /** Stands it all up. `records`: parent folder of the record stores, kept afterwards; absent: they go with the rest. */
  async start(progress: Progress, records?: string): Promise<Practice> {
    const found = await tools(progress);
    const [port, uiPort] = (await freePorts(2)) as [number, number];
    const ui = `http://127.0.0.1:${uiPort}`;
    const address = `127.0.0.1:${port}`;
    process.env['TEMPORAL_ADDRESS'] = address;
    process.env['LIFEBOAT_UI'] = ui;
    const folder = join(this.folder, 'lab');
    const runbooks = join(folder, 'runbooks');
    const [server, lab] = await settled([
      startServer({ folder: join(this.folder, 'temporal'), tools: found, port, uiPort }).then((started) => (this.#server = started)),
      up({ folder, tools: found, ui, progress, ...(records === undefined ? {} : { records }) }),
    ]);
    await shown(progress, 'Starting a worker for each site', this.#startWorkers(Object.keys(lab.sites), runbooks, server));
    return { folder: this.folder, address, ui, lab, runbooks };
  }

  /** Ends every process and removes every file, however far it got. MUST NOT be called while `start` goes on: see {@link killChildren}. */
  async end(): Promise<void> {
    const workers = this.#workers.map((worker) => stop(worker));
    const lab = hasLab(join(this.folder, 'lab')) ? down(join(this.folder, 'lab')) : Promise.resolve();
    const ended = await Promise.allSettled([...workers, lab]);
    await this.#server?.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
  }

  /** A profile of the person's own, with its key, is not for a practice server. */
  async #forgetProfiles(): Promise<void> {
    for (const name of Object.keys(process.env)) if (name.startsWith('TEMPORAL_')) delete process.env[name];
    const file = join(this.folder, 'temporal.toml');
    await writeFile(file, '[profile.default]\n');
    process.env['TEMPORAL_CONFIG_FILE'] = file;
  }

  async #startWorkers(sites: readonly string[], runbooks: string, server: Server): Promise<void> {
    const env = { TEMPORAL_ADDRESS: server.address, TEMPORAL_CONFIG_FILE: process.env['TEMPORAL_CONFIG_FILE'] ?? '', LIFEBOAT_UI: server.ui };
    const logs = sites.map((site) => {
      const log = join(this.folder, `worker-${site}.log`);
      const child = launch([...program('cli/main'), 'worker', '--site', site, '--runbooks', runbooks], { log, env });
      this.#workers.push(identify(child.pid) ?? { pid: child.pid, started: '' });
      return { site, log, child };
    });
    await awaitPollers(server.address, logs);
  }
}

/** Kills what this process has started and still is its child: a phase that is under way then fails at once. */
export async function killChildren(): Promise<void> {
  const self = identify(process.pid);
  if (self === null) return;
  const { members } = await import('../lab/process.ts');
  for (const one of members({ roots: [self] })) if (one.pid !== process.pid) signal(one, 'SIGKILL');
}

async function stop(worker: Identity): Promise<void> {
  signal(worker, 'SIGCONT');
  if (!signal(worker, 'SIGTERM') || (await gone(worker, 3000))) return;
  await killAll({ roots: [worker] });
}

function hasLab(folder: string): boolean {
  try {
    readLab(folder);
    return true;
  } catch {
    return false;
  }
}

/** As Promise.all, but waits for all to settle before it fails: nothing goes on behind a failure. */
async function settled<T extends readonly unknown[]>(work: { readonly [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const all = await Promise.allSettled(work);
  for (const one of all) if (one.status === 'rejected') throw one.reason;
  return all.map((one) => (one as PromiseFulfilledResult<unknown>).value) as unknown as T;
}
