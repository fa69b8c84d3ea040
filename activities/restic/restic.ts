import type { CommandResult } from '../host/run.ts';
import { run } from '../host/run.ts';
import { job } from '../host/job.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';
import { explain } from './explain.ts';
import { opening, type Repository } from './repository.ts';

/** How long a short question may take: its key alone costs restic most of a second, a far store some more. */
const short = 60_000;

/** How much of its output is kept, characters: a list of some ten thousand snapshots. */
const most = 8 * 1024 * 1024;

export interface Long {
  /** Tells the jobs of one step apart. */
  readonly name: string;
  /** What it may take, milliseconds. */
  readonly within: number;
}

/** Asks a repository and changes nothing, not even a lock. Throws a StepError that says what is wrong. */
export async function ask(repository: Repository, argv: readonly string[], context: StepContext): Promise<string> {
  return succeeded(await resticOnce(repository, ['--no-lock', ...argv], context), repository).stdout;
}

/**
 * Changes a repository; MUST be called by one who has looked whether it is done already. A lock that a killed restic left is taken away, once, and only if it is stale.
 * The answer is whatever restic's end was: MUST be read with `succeeded`, or by exit code.
 */
export async function restic(
  repository: Repository,
  argv: readonly string[],
  context: StepContext,
  options: { readonly long?: Long; readonly input?: string } = {},
): Promise<CommandResult> {
  const first = await resticOnce(repository, argv, context, options);
  if (first.code === 0 || explain(first, repository).code !== 'store-locked') return first;
  await context.stillOurs();
  await resticOnce(repository, ['unlock'], context);
  return resticOnce(repository, argv, context, options);
}

/** The answer, if restic ended well. */
export function succeeded(answer: CommandResult, repository: Repository): CommandResult {
  if (answer.code === 0) return answer;
  throw explain(answer, repository);
}

function resticOnce(
  repository: Repository,
  argv: readonly string[],
  context: StepContext,
  { long, input }: { readonly long?: Long; readonly input?: string } = {},
): Promise<CommandResult> {
  const command = ['restic', ...opening(repository), ...argv];
  const how = { ...(repository.as === undefined ? {} : { as: repository.as }), ...(input === undefined ? {} : { input }) };
  if (long) return job(repository.host, { ...long, argv: command, again: 'always', ...how }, context);
  return beating(
    context,
    run(context.host(repository.host), command, { deadline: short, signal: context.signal, viewpoint: context.viewpoint, most, ...how }),
  );
}
