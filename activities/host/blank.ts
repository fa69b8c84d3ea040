import { StepError } from '../error.ts';
import type { Repository } from '../restic/repository.ts';
import type { StepContext } from '../step.ts';
import { run, type CommandResult } from './run.ts';

type At = Pick<Repository, 'host' | 'as'>;

/** Throws where one of the paths is there: then the disk is not blank, and nothing is restored over it. */
export async function checkBlank(at: At, root: string, blank: readonly string[], context: StepContext): Promise<void> {
  const paths = blank.map((path) => under(root, path));
  const { code, stdout, stderr } = await command(at, ['sh', '-c', thereScript, 'sh', ...paths], context);
  if (code !== 0) throw new StepError('disk-unread', `${at.host} does not say what is on its disk: ${stderr.trim().slice(0, 200)}`);
  if (stdout === '') return;
  throw new StepError(
    'disk-not-blank',
    `${at.host} is no blank host: ${stdout.trim().split('\n').slice(0, 3).join(', ')} is there. Nothing was restored over it.`,
    'person',
  );
}

/** The snapshot, by its full id, that this step of this run has begun to restore there. */
export function begunBefore(at: At, root: string, context: StepContext): Promise<string | undefined> {
  return marked(at, root, 'begun', context);
}

/** The snapshot, by its full id, that this step of this run has restored there as a whole. */
export function wholeSince(at: At, root: string, context: StepContext): Promise<string | undefined> {
  return marked(at, root, 'whole', context);
}

/** Marks the disk for later attempts of this step: from `begun` on it is not blank, by our own doing. */
export async function beginOn(at: At, root: string, snapshot: string, word: 'begun' | 'whole', context: StepContext): Promise<void> {
  await context.stillOurs();
  const answer = await command(at, ['sh', '-c', putScript, 'sh', markOn(root, word, context)], context, snapshot);
  if (answer.code !== 0) throw notWritten(at, markOn(root, word, context), answer);
}

/** Puts on a host what it lacks to open its store; the content goes by standard input. */
export async function placeKeys(
  at: At,
  keys: readonly { readonly file: string; readonly secret: string }[],
  context: StepContext,
): Promise<void> {
  for (const { file, secret } of keys) {
    const answer = await command(at, ['sh', '-c', putScript, 'sh', file], context, `${(await context.secret(secret)).trimEnd()}\n`);
    if (answer.code !== 0) throw notWritten(at, file, answer);
  }
}

const thereScript = 'for path; do if [ -e "$path" ] || [ -L "$path" ]; then printf "%s\\n" "$path"; fi; done';
const putScript = 'set -eu; umask 077; mkdir -p -m 755 -- "${1%/*}"; cat > "$1.new"; mv -T -- "$1.new" "$1"';

async function marked(at: At, root: string, word: 'begun' | 'whole', context: StepContext): Promise<string | undefined> {
  const answer = await command(at, ['cat', '--', markOn(root, word, context)], context);
  const id = answer.stdout.trim();
  return answer.code === 0 && /^[0-9a-f]{64}$/.test(id) ? id : undefined;
}

function markOn(root: string, word: string, context: StepContext): string {
  return under(root, `/var/lib/lifeboat/rebuild-${context.key}.${word}`);
}

function under(root: string, path: string): string {
  return `${root === '/' ? '' : root.replace(/\/+$/, '')}${path}`;
}

function notWritten({ host }: At, file: string, { stderr, code }: CommandResult): StepError {
  return new StepError(
    'not-written',
    `${file} could not be written on ${host}: ${stderr.trim().slice(0, 200) || `exit code ${code}`}`,
    'person',
  );
}

function command({ host, as }: At, argv: readonly string[], context: StepContext, input?: string): Promise<CommandResult> {
  const options = { deadline: 10_000, signal: context.signal, viewpoint: context.viewpoint, ...(as === undefined ? {} : { as }) };
  return run(context.host(host), argv, { ...options, ...(input === undefined ? {} : { input }) });
}
