import { StepError } from '../error.ts';
import { run } from '../host/run.ts';
import type { StepContext } from '../step.ts';
import { isKeptHere, type Repository } from './repository.ts';
import { restic, succeeded } from './restic.ts';
import { restoredSize, type Snapshot } from './snapshots.ts';

export interface Restore {
  /** Directory on the repository's host under which the snapshot's absolute paths are laid out. */
  readonly target: string;
  /** Paths that are left as they are. */
  readonly exclude?: readonly string[];
  /** True: restic reads everything again that it has written. */
  readonly verify?: boolean;
  /** What it may take, milliseconds. */
  readonly within: number;
}

/** Restores a snapshot; what stands at a path already is overwritten. MUST be held against a manifest afterwards. */
export async function restore(repository: Repository, snapshot: Snapshot, wanted: Restore, context: StepContext): Promise<void> {
  // On the host that keeps the store, another user's lock would stand in the way of those who save into it.
  const unlocked = isKeptHere(repository) && repository.store.owner !== undefined && repository.store.owner !== repository.as;
  const exclude = (wanted.exclude ?? []).flatMap((pattern) => ['--exclude', pattern]);
  const argv = [
    ...(unlocked ? ['--no-lock'] : []),
    'restore',
    '--quiet',
    ...(wanted.verify ? ['--verify'] : []),
    '--target',
    wanted.target,
    ...exclude,
    snapshot.fullId,
  ];
  succeeded(await restic(repository, argv, context, { long: { name: 'restore', within: wanted.within } }), repository);
}

/** Throws unless the snapshot fits on the disk of a directory, which need not be there yet, with a tenth to spare. */
export async function fits(repository: Repository, snapshot: Snapshot, directory: string, context: StepContext): Promise<string> {
  const [needed, free] = await Promise.all([restoredSize(repository, snapshot, context), freeAt(repository, directory, context)]);
  if (needed * 1.1 <= free) return `${needed} bytes are needed in ${directory} on ${repository.host}, and ${free} are free.`;
  throw new StepError(
    'disk-full',
    `${directory} on ${repository.host} has ${free} bytes free, and snapshot ${snapshot.id} needs ${needed}, and a tenth more to be safe.`,
    'person',
  );
}

/** The nearest directory above that is there tells. */
const freeScript = 'd=$1; until [ -d "$d" ]; do d=$(dirname -- "$d"); done; df --output=avail --block-size=1 -- "$d" | tail -n 1';

async function freeAt({ host, as }: Repository, directory: string, context: StepContext): Promise<number> {
  const options = { deadline: 10_000, signal: context.signal, viewpoint: context.viewpoint, ...(as === undefined ? {} : { as }) };
  const answer = await run(context.host(host), ['sh', '-c', freeScript, 'sh', directory], options);
  const free = Number(answer.stdout.trim() || 'none');
  if (Number.isFinite(free)) return free;
  throw new StepError('disk-unread', `${host} does not say how much is free in ${directory}: ${answer.stderr.trim().slice(0, 200)}`);
}
