import { z } from 'zod';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { ask } from './restic.ts';
import type { Repository } from './repository.ts';

const shape = z.object({
  id: z.string(),
  short_id: z.string(),
  time: z.string(),
  paths: z.array(z.string()),
  hostname: z.string().default(''),
  tags: z.array(z.string()).nullish(),
});

export interface Snapshot {
  /** restic's own short name for it: what people and other steps call it by. */
  readonly id: string;
  /** 64 hexadecimal digits. */
  readonly fullId: string;
  /** ISO time at which it was begun. */
  readonly at: string;
  /** The host that it was saved on, as the inventory names it. */
  readonly host: string;
  readonly paths: readonly string[];
  readonly tags: readonly string[];
}

/** The snapshots that carry every one of the tags, oldest first. */
export async function snapshotsOf(repository: Repository, tags: readonly string[], context: StepContext): Promise<readonly Snapshot[]> {
  const filter = tags.length > 0 ? ['--tag', tags.join(',')] : [];
  const listed = z.array(shape).safeParse(parsed(await ask(repository, ['snapshots', '--json', ...filter], context)));
  if (!listed.success)
    throw new StepError(
      'snapshots-unread',
      `restic's list of the snapshots in ${repository.store.name} is not what was expected.`,
      'again',
    );
  return listed.data
    .map(({ id, short_id, time, hostname, paths, tags }) => ({
      id: short_id,
      fullId: id,
      at: new Date(time).toISOString(),
      host: hostname,
      paths,
      tags: tags ?? [],
    }))
    .sort((a, b) => a.at.localeCompare(b.at));
}

/** What a tag `name=value` says of a snapshot. */
export function tagged(snapshot: Snapshot, name: string): string | undefined {
  return snapshot.tags.find((tag) => tag.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** The snapshot's size when restored, bytes. */
export async function restoredSize(repository: Repository, snapshot: Snapshot, context: StepContext): Promise<number> {
  const answer = await ask(repository, ['stats', '--json', '--mode', 'restore-size', snapshot.fullId], context);
  return z.object({ total_size: z.number() }).parse(parsed(answer)).total_size;
}

/** The newest snapshot (`latest`), the newest of an ISO time or before, or the one of that id. Throws where there is none. */
export function choose(snapshots: readonly Snapshot[], wanted: string, repository: Repository): Snapshot {
  const time = /^\d{4}-\d\d-\d\d/.test(wanted) ? Date.parse(wanted) : undefined;
  const found =
    wanted === 'latest'
      ? snapshots.at(-1)
      : time === undefined
        ? snapshots.find(({ id, fullId }) => id === wanted || fullId === wanted)
        : snapshots.findLast(({ at }) => Date.parse(at) <= time);
  if (found) return found;
  const newest = snapshots.at(-1);
  throw new StepError(
    'snapshot-missing',
    `The store ${repository.store.name} has no snapshot "${wanted}": ${newest ? `it has ${snapshots.length}, from ${snapshots[0]?.at} to ${newest.at}` : 'it has none of this system'}.`,
    'person',
  );
}

function parsed(text: string): unknown {
  try {
    // A repository without snapshots answers `null` in some releases.
    return (JSON.parse(text) as unknown) ?? [];
  } catch {
    return undefined;
  }
}
