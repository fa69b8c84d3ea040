import { createHash } from 'node:crypto';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { said, type CommandResult } from '../tool/spawn.ts';
import type { JobPlace } from './job-place.ts';
import { readJob, runJob, stopJob, takeInput } from './job-script.ts';
import type { Job } from './job.ts';
import { asRoot } from './rights.ts';
import { actAs, run } from './run.ts';

/** How a job stands on its host. */
export interface Standing {
  readonly state: 'none' | 'running' | 'ended' | 'cut';
  /** How often it was started. */
  readonly runs: number;
  readonly digest: string;
  /** Of an end; its code is null where it was cut short or stopped. */
  readonly result: CommandResult;
}

/** How long a host may take to answer beside what it was asked to wait, milliseconds. */
const patience = 5_000;
const kept = 64 * 1024;

/** Looks at a job, waiting up to `wait` milliseconds for its end. Only reads. */
export async function lookAt(place: JobPlace, wait: number, context: StepContext): Promise<Standing> {
  const { signal, viewpoint } = context;
  const argv = ['sh', '-c', readJob, 'lifeboat', place.folder, String(wait / 1_000)];
  const answer = await run(place.host, argv, { deadline: wait + patience, signal, viewpoint, most: kept + 1_000 });
  const [first = ''] = answer.stdout.split('\n', 1);
  const [state, runs, digest = '', end = '', out, err] = first.split(' ');
  if (state !== 'none' && state !== 'running' && state !== 'ended' && state !== 'cut')
    throw new StepError('job-unread', `The state of ${place.unit} on ${place.host.name} cannot be read: ${said(answer)}`, 'person');
  const code = state === 'ended' && /^\d+$/.test(end) ? Number(end) : null;
  const result = {
    code,
    stdout: answer.stdout.slice(first.length + 1),
    stderr: answer.stderr,
    cut: Number(out) > kept || Number(err) > kept,
  };
  return { state, runs: Number(runs), digest, result };
}

/** Starts a job that was started `had` times before. Does nothing where it runs, or was started meanwhile. */
export async function launch(place: JobPlace, wanted: Job, had: number, context: StepContext): Promise<void> {
  const { signal, viewpoint } = context;
  const options = { deadline: 2 * patience, signal, viewpoint };
  const argv = place.root || wanted.as === undefined ? wanted.argv : actAs(wanted.as, wanted.argv);
  const parameters = [place.folder, String(had), digestOf(wanted), String(Math.ceil(wanted.within / 1_000))];
  const files = [wanted.input === undefined ? '' : place.inputFile, readerOf(place)];
  const script = ['/bin/sh', '-c', runJob, 'lifeboat', ...parameters, ...files, place.root ? userOf(place, wanted) : '', ...argv];
  if (wanted.input !== undefined) {
    const take = ['/bin/sh', '-c', takeInput, 'lifeboat', place.inputFile];
    const took = await run(place.host, aside(place, take), { ...options, ...rights(place), input: wanted.input });
    if (took.code !== 0) throw notStarted(place, wanted, took);
  }
  if (place.carrier === 'session') {
    const started = await run(place.host, ['setsid', '--fork', ...script], options);
    if (started.code !== 0) throw notStarted(place, wanted, started);
    return;
  }
  const seconds = Math.ceil(wanted.within / 1_000) + 30;
  const unit = [
    '--quiet',
    '--collect',
    `--unit=${place.unit}`,
    `--description=Lifeboat ${context.run.workflowId}, step ${context.step.id}`,
  ];
  const properties = [`--property=RuntimeMaxSec=${seconds}`, '--property=TimeoutStopSec=15', '--setenv=LC_ALL=C'];
  const command = ['systemd-run', ...unit, ...properties, '--', ...script.map((word) => carried(place, word))];
  const started = await run(place.host, command, { ...options, ...rights(place) });
  if (started.code !== 0 && !/already (loaded|exists)/.test(started.stderr)) throw notStarted(place, wanted, started);
}

/** Ends a job and what it started, and waits for that. */
export async function stop(place: JobPlace, viewpoint: string): Promise<void> {
  const options = { deadline: 20_000, viewpoint };
  if (place.carrier === 'session') await run(place.host, ['sh', '-c', stopJob, 'lifeboat', place.folder], options);
  else await run(place.host, ['systemctl', 'stop', `${place.unit}.service`], { ...options, ...rights(place) });
}

/** Tells jobs under one name apart by what they run. */
export function digestOf({ argv, as, input }: Job): string {
  return createHash('sha256')
    .update(JSON.stringify([argv, as, input]))
    .digest('hex')
    .slice(0, 20);
}

/** systemd reads `$` in the arguments of a unit's command as a variable. */
function carried({ carrier }: JobPlace, word: string): string {
  return carrier === 'systemd' ? word.replaceAll('$', '$$$$') : word;
}

/** Root's file can only be written by root: on a host of systemd by a unit for that moment. */
function aside(place: JobPlace, argv: readonly string[]): readonly string[] {
  if (place.carrier === 'session' || place.host.connection === 'local') return argv;
  return ['systemd-run', '--quiet', '--collect', '--pipe', '--wait', '--', ...argv.map((word) => carried(place, word))];
}

function rights({ carrier, host }: JobPlace): { readonly as?: 'root' } {
  return carrier === 'systemd' ? asRoot(host) : {};
}

function readerOf({ host }: JobPlace): string {
  return host.connection === 'ssh' ? (host.ssh?.user ?? 'root') : '';
}

function userOf(place: JobPlace, { as }: Job): string {
  const user = as ?? (readerOf(place) || 'root');
  return user === 'root' ? '' : user;
}

function notStarted({ host, unit, carrier }: JobPlace, { argv }: Job, answer: CommandResult): StepError {
  const need =
    carrier === 'systemd' ? 'It takes systemd there, and the right to call systemd-run as root.' : 'It takes setsid and flock there.';
  return new StepError('job-not-started', `${argv[0]} was not started on ${host.name} as ${unit}: ${said(answer)}. ${need}`, 'person');
}
