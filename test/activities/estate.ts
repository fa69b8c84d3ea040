import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StepError } from '../../activities/error.ts';
import { types } from '../../activities/index.ts';
import type { Backup, Proof, StepContext, StepType } from '../../activities/step.ts';
import type { HostFacts, SystemFacts } from '../../plan/plan.ts';
import { call } from '../../lab/call.ts';
import { down } from '../../lab/down.ts';
import { dataOf, hostOf, ledgerFile, passfileOf, secret, secretFile, type Lab } from '../../lab/lab.ts';

import { machineControl } from '../../lab/machine-control.ts';
import { query } from '../query.ts';

/** A practice estate that a test stands up and ends, and what the test may do to it from outside. */
export interface Estate {
  readonly lab: Lab;
  readonly system: SystemFacts;
  readonly hosts: { readonly [name: string]: HostFacts };
  /** Calls the estate's control interface: cuts, faults, presses. */
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Heals every cut and fault. */
  heal(): Promise<void>;
  service(host: string, act: 'start' | 'stop' | 'enabled'): Promise<string>;
  /** One question to a member, past all lines. */
  sql<Row extends object>(host: string, text: string): Promise<Row[]>;
  /** What really happened to the power: `a-db Off`, oldest first. */
  ledger(): readonly string[];
  /** Power on and the database started, as a person would. */
  restore(host: string): Promise<void>;
  end(): Promise<void>;
}

export async function estate(options: { probe?: boolean } = {}): Promise<Estate> {
  const [{ up }, { program }] = await Promise.all([import('../../lab/up.ts'), import('../../lab/launch.ts')]);
  const base = await mkdtemp(join(tmpdir(), 'lifeboat-activities-'));
  const folder = join(base, 'lab');
  const lab = await up({ folder, probe: options.probe ?? false }).catch(async (error: unknown) => {
    await rm(base, { recursive: true, force: true });
    throw error;
  });
  const hosts = Object.fromEntries(Object.keys(lab.hosts).map((name) => [name, hostFacts(lab, name)]));
  return {
    lab,
    hosts,
    system: systemFacts(lab, program),
    control: (method, path, body) => call(lab.control, secret(lab, 'token'), method, path, body),
    async heal() {
      const { cuts } = (await call(lab.control, secret(lab, 'token'), 'GET', '/state')) as { cuts: readonly { name: string }[] };
      for (const { name } of cuts) await call(lab.control, secret(lab, 'token'), 'DELETE', `/cut/${name}`);
      await call(lab.control, secret(lab, 'token'), 'DELETE', '/fault');
    },
    service: (host, act) => machineControl(lab.folder, host, act),
    sql: (host, text) => ask(lab, host, text),
    ledger: () =>
      existsSync(ledgerFile(lab))
        ? readFileSync(ledgerFile(lab), 'utf8')
            .trim()
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line) as { host: string; to: string })
            .map(({ host, to }) => `${host} ${to}`)
        : [],
    async restore(host) {
      await call(lab.control, secret(lab, 'token'), 'POST', `/power/${host}/on`);
      await until(`${host} to serve`, () =>
        machineControl(lab.folder, host, 'start').then(
          () => true,
          () => false,
        ),
      );
    },
    async end() {
      if (existsSync(folder)) await down(folder);
      await rm(base, { recursive: true, force: true });
    },
  };
}

export interface Options {
  readonly backups?: readonly Backup[];
  readonly earlier?: StepContext['earlier'];
  readonly fences?: readonly Proof[];
  readonly viewpoint?: string;
  readonly proofs?: readonly Proof[];
  readonly stated?: StepContext['stated'];
  readonly seen?: StepContext['seen'];
  readonly resume?: unknown;
  readonly signal?: AbortSignal;
  readonly system?: SystemFacts;
  readonly hosts?: { readonly [name: string]: HostFacts };
  readonly notify?: StepContext['notify'];
  readonly live?: boolean;
  readonly step?: string;
  readonly stillOurs?: () => Promise<void>;
}

let runs = 0;
/** Keys are this process's own: jobs are remembered by them on hosts that outlive it. */
const session = randomBytes(4).toString('hex');

/** What jobs of this machine leave is this process's own, and of those that it starts. */
if (process.env['LIFEBOAT_TEST_STATE'] === undefined) {
  const state = mkdtempSync(join(tmpdir(), 'lifeboat-state-'));
  process.env['XDG_STATE_HOME'] = process.env['LIFEBOAT_TEST_STATE'] = state;
  process.once('exit', () => rmSync(state, { recursive: true, force: true }));
}

/** A context over real parts, as a worker makes one; each is another run's unless it is handed on. */
export function context(at: Pick<Estate, 'system' | 'hosts'>, options: Options = {}): StepContext & { readonly beats: unknown[] } {
  const hosts = options.hosts ?? at.hosts;
  const signal = options.signal ?? new AbortController().signal;
  const beats: unknown[] = [];
  runs += 1;
  const made: StepContext & { readonly beats: unknown[] } = {
    beats,
    run: {
      workflowId: 'failover-orders',
      runId: `run-${runs}`,
      link: 'http://127.0.0.1:8233/run',
      mode: 'unplanned',
      live: options.live ?? true,
      startedAt: '2026-11-22T10:00:00.000Z',
    },
    step: { id: options.step ?? 'step', attempt: 1 },
    key: `${options.step ?? 'step'}-${runs}-${session}`,
    viewpoint: options.viewpoint ?? 'site-b',
    system: options.system ?? at.system,
    source: { site: 'site-a' },
    target: { site: 'site-b' },
    host(name) {
      const host = hosts[name];
      if (!host) throw new StepError('unknown-host', `No host ${name}.`, 'mistake');
      return host;
    },
    aws: (name) => {
      throw new StepError('unknown-site', `No AWS site ${name}.`, 'mistake');
    },
    earlier: options.earlier ?? { promoted: [], changed: [] },
    proofs: options.proofs ?? [],
    stated: options.stated ?? [],
    seen: options.seen ?? {},
    resume: options.resume,
    notify: options.notify ?? {},
    backups: async () => options.backups ?? [],
    fences: async () => options.fences ?? [],
    exports: async () => exportsFolder(),
    signal,
    heartbeat: (details) => void beats.push(details),
    sleep: (milliseconds) => sleep(milliseconds, undefined, { signal }),
    secret,
    stillOurs: options.stillOurs ?? (async () => {}),
    async reread(proof) {
      const again = await typeOf(proof.by).verify(proof.with, made);
      const fresh = again.proofs?.find(({ kind }) => kind === proof.kind);
      if (!fresh) throw new StepError('no-proof', `${proof.by} proves nothing any more.`);
      return fresh;
    },
  };
  return made;

  async function secret(reference: string): Promise<string> {
    if (reference.startsWith('file:')) return (await readFile(reference.slice(5), 'utf8')).trim();
    throw new StepError('no-secret', `${reference} is not there.`, 'person');
  }
}

/** A folder of its own for each call, gone when the tests end. */
function exportsFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-exports-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function typeOf(name: string): StepType {
  const type = types.find((one) => one.name === name);
  if (!type) throw new Error(`No step type ${name}.`);
  return type;
}

/** Executes and verifies, as one activity of a run does. */
export async function carryOut(name: string, input: unknown, made: StepContext) {
  const type = typeOf(name);
  await type.execute(input, made);
  return type.verify(input, made);
}

export function undo(name: string, input: unknown, made: StepContext): Promise<readonly string[]> {
  const { undo } = typeOf(name);
  if (typeof undo !== 'function') throw new Error(`${name} has no undo.`);
  return undo(input, made);
}

export function rehearse(name: string, input: unknown, made: StepContext) {
  const { rehearse } = typeOf(name);
  if (typeof rehearse !== 'function') throw new Error(`${name} has no rehearsal.`);
  return rehearse(input, made);
}

/** The StepError that a promise ends with. */
export async function failure(promise: Promise<unknown>): Promise<StepError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof StepError) return error;
    throw error;
  }
  throw new Error('It should have failed, and it did not.');
}

export async function until(what: string, holds: () => Promise<boolean> | boolean, within = 10_000): Promise<void> {
  for (const deadline = Date.now() + within; !(await holds()); await sleep(20))
    if (Date.now() > deadline) throw new Error(`Waited ${within} ms for ${what}.`);
}

const ask = <Row extends object>(lab: Lab, host: string, text: string): Promise<Row[]> =>
  query<Row>({ port: hostOf(lab, host).database, user: 'lifeboat', password: secret(lab, 'lifeboat'), database: 'orders' }, text);

function hostFacts(lab: Lab, name: string): HostFacts {
  const { site, seenFrom, controller } = hostOf(lab, name);
  const local = (ports: object) => ({
    address: '127.0.0.1',
    ports: Object.fromEntries(Object.entries(ports)) as { [port: string]: number },
  });
  return {
    name,
    site,
    connection: 'local',
    alive: 22,
    views: Object.fromEntries(Object.entries(seenFrom).map(([viewpoint, ports]) => [viewpoint, local(ports)])),
    witness: {
      port: 22,
      views: Object.fromEntries(
        Object.entries(lab.sites[site]?.witness ?? {}).map(([viewpoint, port]) => [viewpoint, local({ 22: port })]),
      ),
    },
    power: {
      driver: 'redfish',
      address: `https://127.0.0.1:${controller!.port}`,
      user: 'lifeboat',
      password: `file:${secretFile(lab, `controller-${name}`)}`,
      certificate: secretFile(lab, 'controllers.pem'),
    },
  };
}

function systemFacts(lab: Lab, program: (path: string) => string[]): SystemFacts {
  const bySite = <T>(value: (name: string) => T): { [site: string]: T } =>
    Object.fromEntries(Object.entries(lab.hosts).map(([name, { site }]) => [site, value(name)]));
  const service = (name: string, act: string) => [...program('lab/machine-control'), lab.folder, name, act];
  return {
    name: 'orders',
    tier: 1,
    postgres: {
      members: bySite((name) => name),
      port: 5432,
      data: bySite((name) => dataOf(lab, name)),
      bin: bySite(() => lab.postgres),
      database: 'orders',
      user: 'lifeboat',
      password: `file:${secretFile(lab, 'lifeboat')}`,
      ...(lab.user === null ? {} : { owner: lab.user.name }),
      replication: { user: 'repl', rewindUser: 'rewinder', passfile: passfileOf(lab) },
      service: bySite((name) => ({ start: service(name, 'start'), stop: service(name, 'stop'), enabled: service(name, 'enabled') })),
    },
    probe: { every: 100, good: 5, url: `http://127.0.0.1:${lab.probe}` },
  };
}
