import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';
import { run, type CommandResult } from './run.ts';

/** Long work on a host: it outlives the worker and the line to it, and is run once. */
export interface Job {
  /** Tells the jobs of one step apart: lower-case letters, digits and dashes. Run and step are added. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly as?: string;
  /** What it may take, milliseconds. */
  readonly within: number;
  readonly input?: string;
}

/**
 * Starts a job on a host, or finds the one that an earlier attempt of this step started there, and waits for its end with
 * heartbeats. Cancelling the step ends the job. Its exit code is no proof of anything.
 */
export async function job(name: string, wanted: Job, context: StepContext): Promise<CommandResult> {
  return beating(
    context,
    run(context.host(name), wanted.argv, {
      deadline: wanted.within,
      signal: context.signal,
      ...(wanted.as === undefined ? {} : { as: wanted.as }),
      ...(wanted.input === undefined ? {} : { input: wanted.input }),
    }),
  );
}
