import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeIdentity } from '../launch.ts';
import { controlGroups } from './control-groups.ts';
import { diskOf, labTag, ledgerFile, logFile, namespaceOf, nameOf, rootOf, runFile, upperOf, type FullLab } from './full-lab.ts';
import { leaderOf } from './inside.ts';
import { plug, unplug } from './network.ts';
import { attempt } from './tool.ts';

export type Power = 'On' | 'Off';

/** How systemd-nspawn ends when its host wants to start again. */
const restarts = 133;

/** A host: a systemd of its own in its own namespaces, on a disk that lasts. Killing its first process is cutting its power. */
export class Machine {
  readonly #lab: FullLab;
  readonly #name: string;
  #nspawn: ChildProcess | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #by = 'itself';
  #again = false;

  constructor(lab: FullLab, name: string) {
    this.#lab = lab;
    this.#name = name;
  }

  get power(): Power {
    return leaderOf(this.#lab, this.#name) === null ? 'Off' : 'On';
  }

  on = (by: string): Promise<void> => this.#next(() => this.#on(by));
  /** Power cut: SIGKILL to its first process, and the kernel ends all the rest at once. */
  off = (by: string): Promise<void> => this.#next(() => this.#off(by));
  /** The button pressed shortly: it shuts down by itself, later. */
  soft = (by: string): Promise<void> => this.#next(async () => this.#signal('SIGRTMIN+4', by));

  async #on(by: string | null): Promise<void> {
    if (this.power === 'On') return;
    await this.#settled();
    const [lab, name] = [this.#lab, this.#name];
    const [upper, work, mount] = [upperOf(lab, name), join(diskOf(lab, name), 'disk/wk'), rootOf(lab, name)];
    const { code, err } = await attempt([
      'mount',
      '-t',
      'overlay',
      nameOf(lab, name),
      '-o',
      `lowerdir=/,upperdir=${upper},workdir=${work}`,
      mount,
    ]);
    if (code !== 0) throw new Error(`The disk of ${name} could not be mounted: ${err.trim()}`);
    await plug(lab, name);
    const nspawn = this.#boot(mount);
    for (const deadline = Date.now() + 10_000; leaderOf(lab, name) === null; await sleep(10)) {
      if (nspawn.exitCode === null && Date.now() < deadline) continue;
      throw new Error(`${name} did not boot: ${lastWords(logFile(lab, name))}`);
    }
    if (by !== null) this.#enter('Off', 'On', by);
  }

  #boot(mount: string): ChildProcess {
    const [lab, name] = [this.#lab, this.#name];
    const groups = controlGroups(nameOf(lab, name));
    for (const group of groups) mkdirSync(group, { recursive: true });
    const log = openSync(logFile(lab, name), 'a', 0o600);
    // Into its own control groups before it is anybody: hosts in one group hang at logins and stops.
    const enter = ['sh', '-c', 'for group in $1; do echo $$ > "$group/cgroup.procs"; done; shift; exec "$@"', 'enter', groups.join(' ')];
    const nspawn = spawn(enter[0]!, [...enter.slice(1), ...bootLine(lab, name, mount)], {
      detached: true,
      stdio: ['ignore', log, log],
      env: { PATH: process.env['PATH'], ...labTag(lab) },
    });
    closeSync(log);
    if (nspawn.pid === undefined) throw new Error('systemd-nspawn could not be started. Is the package systemd-container there?');
    writeIdentity(runFile(lab, `host-${name}`), nspawn.pid);
    this.#nspawn = nspawn;
    nspawn.once('exit', (code) => {
      this.#ended(code === restarts).catch((error: Error) => console.error(error.message));
    });
    return nspawn;
  }

  /** It shut down by itself, was cut off, or wants to start again: then its power never went. */
  async #ended(again: boolean): Promise<void> {
    this.#again = again && this.#by === 'itself';
    await unplug(this.#lab, this.#name);
    if (!this.#again) this.#enter('On', 'Off', this.#by);
    this.#by = 'itself';
    try {
      await this.#unmounted();
    } finally {
      this.#nspawn = null;
    }
    if (this.#again) await this.#next(async () => this.#again && this.#on(null));
  }

  async #off(by: string): Promise<void> {
    this.#again = false;
    await unplug(this.#lab, this.#name);
    await this.#signal('KILL', by);
    await this.#settled();
  }

  async #signal(name: string, by: string): Promise<void> {
    const leader = leaderOf(this.#lab, this.#name);
    if (leader === null) return;
    this.#by = by;
    await attempt(['kill', '-s', name, String(leader)]);
  }

  /** A host that ended leaves systemd-nspawn on its way out and its disk mounted: the next boot must not find a stale tree. */
  async #settled(): Promise<void> {
    for (const deadline = Date.now() + 20_000; this.#nspawn !== null; await sleep(10)) {
      if (Date.now() > deadline) throw new Error(`${this.#name} is still on its way out after 20 s.`);
    }
  }

  async #unmounted(): Promise<void> {
    const mount = rootOf(this.#lab, this.#name);
    for (const deadline = Date.now() + 10_000; isMounted(mount); await sleep(10)) {
      if (spawnSync('umount', [mount]).status === 0) continue;
      if (Date.now() > deadline) throw new Error(`The disk of ${this.#name} is still in use after 10 s.`);
    }
    rmSync(runFile(this.#lab, `host-${this.#name}`), { force: true });
    forgetBoot(this.#lab, this.#name);
  }

  #next<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act, act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** The ledger holds what really happened to the power, once each: the judge of what anyone claims to have done. */
  #enter(from: Power, to: Power, by: string): void {
    if (!existsSync(this.#lab.folder)) return;
    appendFileSync(ledgerFile(this.#lab), `${JSON.stringify({ at: new Date().toISOString(), host: this.#name, from, to, by })}\n`);
  }
}

/** What systemd-nspawn leaves of a host on this machine. */
export function forgetBoot(lab: FullLab, host: string): void {
  rmSync(`/run/systemd/nspawn/propagate/${nameOf(lab, host)}`, { recursive: true, force: true });
}

export function isMounted(mount: string): boolean {
  return readFileSync('/proc/self/mounts', 'utf8').includes(` ${mount} `);
}

function bootLine(lab: FullLab, name: string, mount: string): string[] {
  return [
    ...['systemd-nspawn', '--quiet', '--directory', mount, '--boot', '--register=no', '--keep-unit', '--link-journal=no', '--console=pipe'],
    ...[`--network-namespace-path=${namespaceOf(lab, name)}`, `--machine=${nameOf(lab, name)}`, `--hostname=${name}`],
    ...['--tmpfs=/tmp:mode=1777', '--resolv-conf=off', '--timezone=off', '--kill-signal=SIGRTMIN+3'],
    ...['--', 'systemd.unit=lifeboat.target', 'systemd.show_status=0'],
  ];
}

function lastWords(log: string): string {
  return readFileSync(log, 'utf8').trim().split('\n').slice(-3).join(' / ');
}
