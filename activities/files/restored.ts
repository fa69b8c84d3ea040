import { StepError } from '../error.ts';
import type { Repository } from '../restic/repository.ts';
import { tagged, type Snapshot } from '../restic/snapshots.ts';
import type { StepContext } from '../step.ts';
import { compare, type Comparison } from './compare.ts';
import { userOf } from './kept.ts';
import { manifest } from './manifest.ts';
import { manifestAt, manifestIn, pathsIn } from './place.ts';

export interface Restored {
  /** Directory under which the snapshot was laid out; `/` where it was restored in place. */
  readonly root: string;
  /** Private folder on the host for the manifest of what stands there now. */
  readonly place: string;
  /** As for a comparison: what may be there besides, and what is left out. */
  readonly extra?: 'different' | 'allowed';
  readonly except?: readonly string[];
  /** What it may take, milliseconds. */
  readonly within: number;
}

/** Holds what was restored on a host to the manifest that was taken when it was saved. Only reads, but for the private folder. */
export async function compareRestored(
  { host, as }: Repository,
  snapshot: Snapshot,
  { root, place, within, ...options }: Restored,
  context: StepContext,
): Promise<Comparison & { readonly files: number; readonly bytes: number }> {
  const saved = `${root === '/' ? '' : root}${manifestIn(snapshot)}`;
  const now = manifestAt(place);
  const user = userOf({ as });
  const { files, bytes } = await manifest(
    host,
    { paths: pathsIn(snapshot), root, file: now, name: 'manifest-now', within, ...user },
    context,
  );
  const compared = await compare(host, { saved, now, root, within, ...options, ...user }, context);
  if (compared.digest === tagged(snapshot, 'manifest')) return { ...compared, files, bytes };
  throw new StepError(
    'manifest-wrong',
    `The manifest that was restored with snapshot ${snapshot.id} is not the one that was saved.`,
    'person',
  );
}

/** Throws unless everything that can be compared is as it was when it was saved. What can not is told. */
export function sentences(compared: Comparison, snapshot: Snapshot, where: string): readonly string[] {
  const { same, changed, different, first } = compared;
  if (different > 0) {
    throw new StepError(
      'files-differ',
      `${different} files or folders of snapshot ${snapshot.id}, restored ${where}, are not as its manifest says: ${first.join(', ')}.`,
      'person',
    );
  }
  if (same === 0) {
    throw new StepError(
      'nothing-compared',
      `Not one file of snapshot ${snapshot.id}, restored ${where}, could be compared with its manifest${changed > 0 ? `: ${changed} changed while they were saved` : ''}.`,
      'person',
    );
  }
  const all = `${same} files restored ${where} are as the manifest of ${snapshot.at} says: names, sizes, modes, SHA-256.`;
  return changed > 0 ? [all, `${changed} files or folders changed while they were saved: of their content nothing is proven.`] : [all];
}
