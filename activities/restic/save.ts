import { StepError } from '../error.ts';
import { jobBefore } from '../host/job.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';
import { lastWords } from './explain.ts';
import type { Repository } from './repository.ts';
import { restic, succeeded } from './restic.ts';
import { snapshotsOf, type Snapshot } from './snapshots.ts';

export interface Save {
  /** Absolute paths on the repository's host. */
  readonly paths: readonly string[];
  /** Tags besides those that say whose it is. */
  readonly tags?: readonly string[];
  /** The snapshot whose unchanged files need not be read again. */
  readonly parent?: Snapshot;
  /** What it may take, milliseconds. */
  readonly within: number;
}

const job = 'save';

/** Tags that every snapshot of the system carries. */
export function ofSystem(context: StepContext): readonly string[] {
  return ['lifeboat', `system=${context.system.name}`];
}

/** The tag that only what this step of this run saves carries, at whatever attempt. */
export function ofStep(context: StepContext): string {
  return `step=${context.key}`;
}

/** The snapshot that an attempt of this step made, if there is one. */
export async function savedBefore(repository: Repository, context: StepContext): Promise<Snapshot | undefined> {
  return (await snapshotsOf(repository, [...ofSystem(context), ofStep(context)], context)).at(-1);
}

/** Waits until nothing of this step saves any more: a save outlives the attempt that began it. */
export async function noSaveGoesOn(host: string, context: StepContext): Promise<void> {
  while ((await jobBefore(host, job, context))?.state === 'running') await beating(context, context.sleep(1_000));
}

/** Saves paths as one snapshot, once for this step of this run: what an earlier attempt has saved is adopted. */
export async function save(repository: Repository, wanted: Save, context: StepContext): Promise<Snapshot> {
  await noSaveGoesOn(repository.host, context);
  return (await savedBefore(repository, context)) ?? saveNow(repository, wanted, context);
}

/**
 * Saves paths as one snapshot, for a caller who has seen that this step has not yet.
 * A snapshot in which files are missing that could not be read is taken away again, where that is allowed, and is a failure.
 */
export async function saveNow(repository: Repository, wanted: Save, context: StepContext): Promise<Snapshot> {
  await context.stillOurs();
  const tags = [...ofSystem(context), ofStep(context), ...(wanted.tags ?? [])].flatMap((tag) => ['--tag', tag]);
  const parent = wanted.parent ? ['--parent', wanted.parent.fullId] : [];
  const argv = ['backup', '--json', '--quiet', '--host', repository.host, ...tags, ...parent, '--', ...wanted.paths];
  const answer = await restic(repository, argv, context, { long: { name: job, within: wanted.within } });
  if (answer.code !== 0 && answer.code !== 3) succeeded(answer, repository);
  const made = await savedBefore(repository, context);
  if (answer.code === 3) await refuseIncomplete(repository, made, unread(answer.stderr), context);
  if (made) return made;
  throw new StepError('snapshot-not-made', `restic ended well, and its snapshot is not in ${repository.store.name}: ${lastWords(answer)}`);
}

/** Files that went away while they were saved are no harm; those that could not be read are. */
async function refuseIncomplete(
  repository: Repository,
  made: Snapshot | undefined,
  { vanished, errors }: { vanished: number; errors: readonly string[] },
  context: StepContext,
): Promise<void> {
  if (vanished > 0 && errors.length === 0) return;
  if (made && !repository.store.appendOnly) {
    await context.stillOurs();
    await restic(repository, ['forget', made.fullId], context);
  }
  throw new StepError(
    'files-unreadable',
    `${Math.max(errors.length, 1)} files on ${repository.host} could not be read, so the snapshot lacks them and does not count: ${errors.slice(0, 3).join(' | ') || 'restic does not name them'}.`,
    'person',
  );
}

function unread(stderr: string): { vanished: number; errors: readonly string[] } {
  const lines = stderr
    .split('\n')
    .filter((line) => /error/i.test(line) && !/at least one source file could not be read|^Warning/i.test(line));
  const errors = lines.filter((line) => !/no such file or directory/.test(line));
  return { vanished: lines.length - errors.length, errors: errors.map((line) => line.trim().slice(0, 200)) };
}
