import { StepError } from '../error.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';
import { digestOf, launch, lookAt, stop, type Standing } from './job-acts.ts';
import { jobPlace, type JobPlace } from './job-place.ts';
import { mustStop } from './must-stop.ts';
import { notRun, type CommandResult } from '../tool/spawn.ts';

/**
 * Long work on a host: it outlives the worker and the line to it, and is run once. What it leaves running in the background ends
 * with it: a server that shall stay is started by `run`.
 */
export interface Job {
  /** Tells the jobs of one step apart: lower-case letters, digits and dashes. Run and step are added. */
  readonly name: string;
  /** MUST be the same in every attempt of the step: other words under the same name are another job, which waits for the first to end. */
  readonly argv: readonly string[];
  readonly as?: string;
  /** What it may take, milliseconds. */
  readonly within: number;
  readonly input?: string;
  /**
   * What becomes of an end that was there before this call. `failed`, the default: any but exit code 0 is run again. `never`: the end is
   * the answer, whatever it was; for what must not be repeated. `always`: the end is no answer; for what reads the world.
   */
  readonly again?: 'failed' | 'never' | 'always';
}

/** A host that has just started a job needs a moment to show it, milliseconds. */
const moment = 3_000;
/** How long a host is asked to wait for a job's end; it answers at once when that comes. Milliseconds. */
const round = 5_000;
const lineDown = new Set(['ssh-unreachable', 'ssh-lost', 'command-silent']);

/**
 * Starts a job on a host, or finds the one that an earlier attempt of this step started there, and waits for its end with
 * heartbeats. Once it is started, a line that is down does not fail the step: the job goes on, and is asked again until the step's
 * time is up. Cancelling the step ends the job. Its exit code is no proof of anything; null: it was killed, by a reboot or by people.
 * Of each output the last 64 KiB are kept, those of 30 days.
 * @throws StepError `command-silent` where it took longer than `within`, `job-not-started`, `cancelled`, and those of run.ts.
 */
export async function job(name: string, wanted: Job, context: StepContext): Promise<CommandResult> {
  const place = jobPlace(context.host(name), context.key, wanted.name);
  const progress: Progress = { begun: false };
  try {
    return answer(await beating(context, follow(place, wanted, context, progress), () => progress.saying), place, wanted);
  } catch (error) {
    if (progress.begun && context.signal.aborted && (await mustStop(context))) await ended(place, context);
    throw error;
  }
}

/** How a job of this step stands, without waiting for it; undefined where it was never started. Only reads. */
export async function jobBefore(name: string, job: string, context: StepContext): Promise<Standing | undefined> {
  const standing = await lookAt(jobPlace(context.host(name), context.key, job), 0, context);
  return standing.state === 'none' ? undefined : standing;
}

interface Progress {
  /** From here on something may run on the host. */
  begun: boolean;
  /** What heartbeats say beside the step's own note. */
  saying?: string | undefined;
}

async function follow(place: JobPlace, wanted: Job, context: StepContext, progress: Progress): Promise<Standing> {
  /** An end answers if the job had been started more often than this. */
  let before: number | undefined;
  let launched = -Infinity;
  for (;;) {
    try {
      const now = await lookAt(place, progress.begun ? round : 0, context);
      progress.saying = undefined;
      before ??= olderThan(now, wanted);
      if (now.state === 'running') {
        progress.begun = true;
        continue;
      }
      if (now.runs > before && now.digest === digestOf(wanted)) return now;
      if (Date.now() - launched > moment) {
        await context.stillOurs();
        launched = Date.now();
        progress.begun = true;
        await launch(place, wanted, now.runs, context);
      } else await context.sleep(50);
    } catch (error) {
      if (!progress.begun || !(error instanceof StepError) || !lineDown.has(error.code)) throw error;
      progress.saying = `The line to ${place.host.name} is down; ${place.unit} goes on there and is asked again: ${error.message}`;
      await context.sleep(1_000);
    }
  }
}

/** Up to which start an end is no answer to this call. */
function olderThan({ state, runs, digest, result }: Standing, wanted: Job): number {
  if (digest !== digestOf(wanted)) return runs;
  if (state === 'running' || wanted.again === 'never') return runs - 1;
  return wanted.again !== 'always' && state === 'ended' && result.code === 0 ? runs - 1 : runs;
}

function answer({ result }: Standing, { host }: JobPlace, { argv, within }: Job): CommandResult {
  if ((result.code === 124 || result.code === 137) && /^timeout: sending signal /m.test(result.stderr))
    throw new StepError('command-silent', `${argv[0]} on ${host.name} did not end within ${within} ms and was ended.`);
  if ((result.code === 127 || result.code === 126) && /^(timeout|env|setpriv): .*(no such file|permission denied)/im.test(result.stderr))
    throw notRun(argv[0] ?? '', host.name, result.stderr.trim().slice(0, 200));
  return result;
}

async function ended(place: JobPlace, context: StepContext): Promise<void> {
  await beating(context, stop(place, context.viewpoint)).catch((error: unknown) => {
    throw new StepError(
      'job-not-stopped',
      `${place.unit} on ${place.host.name} could not be ended with its step, and may go on: ${(error as Error).message} End it there: \`systemctl stop ${place.unit}\`.`,
      'person',
    );
  });
}
