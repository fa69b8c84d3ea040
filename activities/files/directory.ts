import { dirname } from 'node:path/posix';
import { StepError } from '../error.ts';
import { run, type CommandResult } from '../host/run.ts';
import type { Repository } from '../restic/repository.ts';
import type { StepContext } from '../step.ts';
import { userOf } from './kept.ts';

type At = Pick<Repository, 'host' | 'as'>;

/** Where a restore is made, beside its directory: of this step of this run only, so that a later attempt goes on in it. */
export function partOf(directory: string, context: StepContext): string {
  return `${directory}.lifeboat-${context.key}`;
}

/** Throws unless the directory is not there, or is empty. */
export async function checkEmpty(at: At, directory: string, context: StepContext): Promise<void> {
  const answer = await command(at, ['find', directory, '-maxdepth', '1', '-mindepth', '0', '-printf', '%y %d\\n'], context);
  const lines = answer.stdout.split('\n').filter(Boolean);
  if (lines.length === 0 && /No such file or directory/.test(answer.stderr)) return;
  if (answer.code === 0 && lines.length === 1 && lines[0] === 'd 0') return;
  if (lines.length === 0)
    throw new StepError(
      'directory-unread',
      `${directory} on ${at.host} cannot be looked into: ${answer.stderr.trim().slice(0, 200)}`,
      'person',
    );
  throw new StepError(
    'directory-in-use',
    `${directory} on ${at.host} is there and not empty. Nothing is restored over data: name a new directory.`,
    'person',
  );
}

/** The snapshot that this step of this run has brought there whole, by its full id; undefined where it has not. */
export async function restoredHere(at: At, directory: string, context: StepContext): Promise<string | undefined> {
  const answer = await command(at, ['cat', '--', markIn(directory, context)], context);
  const id = answer.stdout.trim();
  return answer.code === 0 && /^[0-9a-f]{64}$/.test(id) ? id : undefined;
}

/** In one move, so that the directory is there when everything in it is, and not before. */
export async function moveIntoPlace(
  at: At,
  { part, directory, snapshot }: { readonly part: string; readonly directory: string; readonly snapshot: string },
  context: StepContext,
): Promise<void> {
  await context.stillOurs();
  const answer = await command(
    at,
    ['sh', '-c', moveScript, 'sh', part, directory, markIn(part, context), dirname(directory)],
    context,
    snapshot,
  );
  if (answer.code === 0) return;
  throw new StepError(
    'not-restored',
    `What was restored lies in ${part} on ${at.host} and could not be moved to ${directory}: ${answer.stderr.trim().slice(0, 200)}`,
    'person',
  );
}

/** `mv -T` onto a directory that is not empty fails. */
const moveScript = 'set -eu; cat > "$3"; mkdir -p -- "$4"; mv -T -- "$1" "$2"';

function markIn(directory: string, context: StepContext): string {
  return `${directory}/.lifeboat-${context.key}`;
}

function command({ host, as }: At, argv: readonly string[], context: StepContext, input?: string): Promise<CommandResult> {
  const options = {
    deadline: 10_000,
    signal: context.signal,
    viewpoint: context.viewpoint,
    ...userOf({ as }),
  };
  return run(context.host(host), argv, { ...options, ...(input === undefined ? {} : { input }) });
}
