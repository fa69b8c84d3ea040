import { dirname } from 'node:path';
import type { HostFacts } from '../../../plan/plan.ts';
import { StepError } from '../../error.ts';
import { run, type CommandResult } from '../../host/run.ts';
import type { StepContext } from '../../step.ts';
import { as } from './command.ts';

/** A user's files on a host. */
export interface Files {
  readonly host: HostFacts;
  readonly owner?: string;
}

type Context = Pick<StepContext, 'signal' | 'viewpoint'>;

/** A file's text, or undefined where there is none. At most 64 KiB. */
export async function readText(files: Files, path: string, context: Context): Promise<string | undefined> {
  const answer = await command(files, ['cat', '--', path], context);
  if (answer.code === 0) return answer.stdout;
  if (/No such file|Not a directory/.test(answer.stderr)) return undefined;
  throw refused(files, `read ${path}`, answer);
}

/** Writes a file whole: a reader sees the old one or the new one. */
export async function writeText(files: Files, path: string, text: string, context: Context): Promise<void> {
  await must(files, `write ${path}`, ['dd', `of=${path}.new`, 'status=none'], context, text);
  await must(files, `write ${path}`, ['mv', '-f', '--', `${path}.new`, path], context);
}

export function makeFolder(files: Files, path: string, context: Context): Promise<unknown> {
  return must(files, `make ${path}`, ['mkdir', '-p', '-m', '0700', '--', path], context);
}

/** What is in a directory: undefined where there is none. */
export async function list(files: Files, path: string, context: Context): Promise<readonly string[] | undefined> {
  const answer = await command(files, ['ls', '-A', '--', path], context);
  if (answer.code === 0) return answer.stdout.split('\n').filter(Boolean);
  if (/No such file/.test(answer.stderr)) return undefined;
  throw refused(files, `list ${path}`, answer);
}

/** Removes a directory with everything in it; of a mount point the content. The caller MUST know that it is its own. */
export async function removeTree(files: Files, path: string, context: Context): Promise<void> {
  if ((await list(files, path, context)) === undefined) return;
  await must(files, `empty ${path}`, ['find', path, '-xdev', '-mindepth', '1', '-delete'], context, undefined, 600_000);
  await command(files, ['rmdir', '--', path], context);
}

/** Bytes that the user may still write where a directory is, or will be made. */
export async function freeBytes(files: Files, path: string, context: Context): Promise<number> {
  const answer = await command(files, ['df', '--output=avail', '-B1', '--', path], context);
  if (answer.code === 0) return Number(answer.stdout.trim().split('\n').at(-1));
  if (path !== '/' && /No such file/.test(answer.stderr)) return freeBytes(files, dirname(path), context);
  throw refused(files, `see how much room there is at ${path}`, answer);
}

export async function must(
  files: Files,
  what: string,
  argv: readonly string[],
  context: Context,
  input?: string,
  deadline?: number,
): Promise<string> {
  const answer = await command(files, argv, context, input, deadline);
  if (answer.code === 0) return answer.stdout;
  throw refused(files, what, answer);
}

function command(files: Files, argv: readonly string[], context: Context, input?: string, deadline = 10_000): Promise<CommandResult> {
  return run(files.host, argv, {
    deadline,
    signal: context.signal,
    viewpoint: context.viewpoint,
    ...as(files.owner),
    ...(input === undefined ? {} : { input }),
  });
}

function refused({ host, owner }: Files, what: string, { code, stderr }: CommandResult): StepError {
  const full = /No space left/.test(stderr);
  return new StepError(
    full ? 'disk-full' : 'files-refused',
    `${owner ?? 'The user'} on ${host.name} could not ${what} (exit code ${code}): ${stderr.trim().slice(0, 300)}`,
    'person',
  );
}
