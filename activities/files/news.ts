import type { Repository } from '../restic/repository.ts';
import { ofSystem } from '../restic/save.ts';
import { snapshotsOf, tagged, type Snapshot } from '../restic/snapshots.ts';
import type { Backup, BackupNews, StepContext } from '../step.ts';

/** So many of the newest are told of; older ones only where they are known already. */
const most = 100;

/** The system's snapshots in a store that hold files, oldest first. */
export async function fileSnapshots(repository: Repository, context: StepContext): Promise<readonly Snapshot[]> {
  return snapshotsOf(repository, [...ofSystem(context), 'files'], context);
}

/** Everything that a store holds of the system's files, with what is proven of one of them. */
export async function news(
  store: string,
  snapshots: readonly Snapshot[],
  context: StepContext,
  proven?: { readonly id: string; readonly at: string; readonly compared: readonly string[] },
): Promise<BackupNews> {
  const known = new Set((await context.backups()).filter((backup) => backup.store === store).map(({ label }) => label));
  const told = snapshots.filter(({ id }, place) => place >= snapshots.length - most || known.has(id));
  return {
    store,
    holds: 'files',
    complete: true,
    backups: told.map((snapshot) => asBackup(snapshot, store, snapshot.id === proven?.id ? proven : undefined)),
  };
}

function asBackup(
  snapshot: Snapshot,
  store: string,
  proven: { readonly at: string; readonly compared: readonly string[] } | undefined,
): Backup {
  return {
    label: snapshot.id,
    store,
    holds: 'files',
    kind: 'snapshot',
    at: snapshot.at,
    bytes: bytesOf(snapshot),
    provenAt: proven?.at ?? null,
    compared: proven?.compared ?? [],
  };
}

/** Regular files in a snapshot, as its manifest counted them. */
export function filesIn(snapshot: Snapshot): number {
  return Number(tagged(snapshot, 'count') ?? 0);
}

/** The sum of their sizes, as its manifest counted them. */
export function bytesOf(snapshot: Snapshot): number {
  return Number(tagged(snapshot, 'bytes') ?? 0);
}
