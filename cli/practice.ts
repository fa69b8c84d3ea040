import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { credentials, sitesOf } from '../lab/aws/home.ts';
import { down } from '../lab/down.ts';
import { readLab, type Lab } from '../lab/lab.ts';
import { launch, program } from '../lab/launch.ts';
import { freePorts } from '../lab/ports.ts';
import { identify, killAll, members, signal, type Identity } from '../lab/process.ts';
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

  /**
   * Stands it all up. `records`: parent folder of the record stores, kept afterwards; absent: they go with the rest.
   * `cloud`: whether there is an emulated AWS, and whether the standby of `orders` is in it.
   */
  async start(progress: Progress, records?: string, cloud: { readonly aws?: boolean; readonly hybrid?: boolean } = {}): Promise<Practice> {
    const found = await tools(progress);
    const [port, uiPort] = (await freePorts(2)) as [number, number];
    const ui = `http://127.0.0.1:${uiPort}`;
    const address = `127.0.0.1:${port}`;
    process.env['TEMPORAL_ADDRESS'] = address;
    process.env['LIFEBOAT_UI'] = ui;
    const folder = join(this.folder, 'lab');
    const runbooks = join(folder, 'runbooks');
    const server = startServer({ folder: join(this.folder, 'temporal'), tools: found, port, uiPort }).then(
      (started) => (this.#server = started),
    );
    const lab = up({ folder, tools: found, ui, progress, ...cloud, ...(records === undefined ? {} : { records }) });
    const workers = Promise.all([server, described(folder, lab)]).then(([{ address }, described]) =>
      this.#startWorkers(described, runbooks, address),
    );
    const [, made] = await settled([server, lab, shown(progress, 'Starting a worker for each site', workers)]);
    return { folder: this.folder, address, ui, lab: made, runbooks };
  }

  /** Ends every process and removes every file, however far it got. Where `start` still goes on, {@link killChildren} MUST come first. */
  async end(): Promise<void> {
    const workers = this.#workers.map((worker) => killAll({ roots: [worker] }));
    const lab = endLab(join(this.folder, 'lab'));
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

  async #startWorkers(lab: Lab, runbooks: string, address: string): Promise<void> {
    const env = {
      TEMPORAL_ADDRESS: address,
      TEMPORAL_CONFIG_FILE: process.env['TEMPORAL_CONFIG_FILE'] ?? '',
      LIFEBOAT_UI: process.env['LIFEBOAT_UI'] ?? '',
      ...(lab.aws ? credentials : {}),
    };
    const logs = sitesOf(lab).map((site) => {
      const log = join(this.folder, `worker-${site}.log`);
      const child = launch([...program('cli/main'), 'worker', '--site', site, '--runbooks', runbooks], { log, env });
      this.#workers.push(identify(child.pid) ?? { pid: child.pid, started: '' });
      return { site, log, child };
    });
    await awaitPollers(address, logs);
  }
}

/** Kills what this process has started and still is its child; returns how many. A phase that waits for them gets nowhere any more. */
export function killChildren(): number {
  const self = identify(process.pid);
  const children = self === null ? [] : members({ roots: [self] }).filter((one) => one.pid !== process.pid);
  return children.filter((one) => signal(one, 'SIGKILL')).length;
}

/** The lab's description, once its runbooks lie there for a worker to read; the lab itself may still be starting. */
async function described(folder: string, lab: Promise<Lab>): Promise<Lab> {
  let over = false;
  const settle = lab.then(
    () => (over = true),
    () => (over = true),
  );
  while (!over && !existsSync(join(folder, 'runbooks/inventory.yaml'))) await Promise.race([settle, sleep(30)]);
  return over ? await lab : readLab(folder);
}

/** A start that fails meanwhile ends the lab too: then there is nothing left to end. */
async function endLab(folder: string): Promise<void> {
  if (!hasLab(folder)) return;
  await down(folder).catch((error: unknown) => {
    if (hasLab(folder)) throw error;
  });
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
