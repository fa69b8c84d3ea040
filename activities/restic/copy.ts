import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { openingFrom, type Repository } from './repository.ts';
import { restic, succeeded } from './restic.ts';
import { snapshotsOf, type Snapshot } from './snapshots.ts';

/** The copy of a snapshot in another repository, if it is there: it keeps its time, its paths and its tags. */
export async function copyOf(snapshot: Snapshot, to: Repository, context: StepContext): Promise<Snapshot | undefined> {
  const alike = await snapshotsOf(to, snapshot.tags, context);
  return alike.find(({ at, paths }) => at === snapshot.at && paths.join('\0') === snapshot.paths.join('\0'));
}

/** Copies a snapshot into another repository, once. Both MUST be opened from the same host. */
export async function copySnapshot(
  snapshot: Snapshot,
  from: Repository,
  to: Repository,
  within: number,
  context: StepContext,
): Promise<Snapshot> {
  const before = await copyOf(snapshot, to, context);
  if (before) return before;
  await context.stillOurs();
  succeeded(await restic(to, ['copy', ...openingFrom(from), snapshot.fullId], context, { long: { name: 'copy', within } }), to);
  const made = await copyOf(snapshot, to, context);
  if (made) return made;
  throw new StepError('copy-not-made', `restic ended well, and the copy of snapshot ${snapshot.id} is not in ${to.store.name}.`);
}
