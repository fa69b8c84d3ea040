import { z } from 'zod';
import { StepError } from '../../error.ts';
import { job } from '../../host/job.ts';
import type { StepContext } from '../../step.ts';
import { also, as, backrest } from './command.ts';
import type { Cluster } from './cluster.ts';
import { explain } from './explain.ts';
import { freeBytes, list, makeFolder, readText, removeTree, writeText } from './files.ts';
import type { Saved } from './info.ts';
import { reached, type Repository } from './repository.ts';
import { isRunning, start, stop } from './server.ts';
import { pgTime, type Target } from './target.ts';

/** What is known of a restore, beside what it restored. `result` is the caller's own. */
const state = z.object({ key: z.string(), job: z.number(), begun: z.boolean(), result: z.unknown() });
export type State = z.infer<typeof state>;

/** What an attempt of this step, or of another, left; undefined: nothing. */
export async function stateOf(cluster: Cluster, context: StepContext): Promise<State | undefined> {
  const text = await readText(cluster, `${cluster.beside}/state.json`, context);
  return text === undefined ? undefined : state.parse(JSON.parse(text));
}

export async function keepState(cluster: Cluster, kept: State, context: StepContext): Promise<void> {
  await makeFolder(cluster, cluster.beside, context);
  await writeText(cluster, `${cluster.beside}/state.json`, JSON.stringify(kept), context);
}

/** Throws unless the place is empty, or holds what an earlier attempt of this step left there. */
export async function ownPlace(cluster: Cluster, context: StepContext): Promise<State | undefined> {
  const [there, kept] = await Promise.all([list(cluster, cluster.directory, context), stateOf(cluster, context)]);
  if (kept?.key === context.key) return kept;
  if (kept === undefined && (there === undefined || there.length === 0)) return undefined;
  throw new StepError(
    'place-taken',
    `${cluster.directory} on ${cluster.host.name} is not empty${kept ? ': another restore was made there' : ''}. Nothing is restored over it: name another directory.`,
    'person',
  );
}

/** Throws where the disk has less room than the backup needs, with a tenth to spare. */
export async function hasRoom(cluster: Cluster, backup: Saved, context: StepContext): Promise<string> {
  const free = await freeBytes(cluster, cluster.directory, context);
  const needed = Math.ceil(backup.info.size * 1.1);
  if (free >= needed) return `${cluster.host.name} has ${free} bytes free for the ${backup.info.size} of backup ${backup.label}.`;
  throw new StepError(
    'disk-full',
    `The disk of ${cluster.directory} on ${cluster.host.name} has ${free} bytes free, and backup ${backup.label} needs ${needed}: make room, or name another directory.`,
    'person',
  );
}

/**
 * Restores a backup into a place of its own and starts it there, harmless and recovering towards the target.
 * An earlier attempt's job is waited for, never doubled; what a failed one left is removed first.
 */
export async function restoreInto(
  cluster: Cluster,
  from: { readonly repository: Repository; readonly backup: Saved; readonly target: Target; readonly then: 'promote' | 'pause' },
  within: number,
  context: StepContext,
): Promise<void> {
  const before = await ownPlace(cluster, context);
  const kept = before ?? { key: context.key, job: 1, begun: false, result: null };
  if (!kept.begun) {
    await context.stillOurs();
    if (before) await discard(cluster, context);
    await keepState(cluster, { ...kept, begun: true }, context);
  }
  if (await isRunning(cluster, context)) return;
  const argv = backrest(from.repository, 'restore', [
    ...reached(from.repository, cluster.host),
    `--pg1-path=${cluster.directory}`,
    '--archive-mode=off',
    `--set=${from.backup.label}`,
    ...recovery(from.target, from.then),
  ]);
  await context.stillOurs();
  const wanted = { name: `restore-${kept.job}`, argv, within, again: 'never', ...as(cluster.owner) } as const;
  const answer = await job(cluster.host.name, wanted, also(cluster.host, context));
  // The exit code is believed only where it tells of a failure.
  if (answer.code === 0 && (await list(cluster, cluster.directory, context))?.includes('PG_VERSION')) return start(cluster, context);
  await keepState(cluster, { ...kept, job: kept.job + 1, begun: false }, context);
  // What an earlier attempt left is no answer to this one.
  if (kept.begun) return restoreInto(cluster, from, within, context);
  throw explain(answer, 'restore', cluster.host.name);
}

/** Ends and removes a restored cluster. The caller MUST know that it is this step's own. */
export async function discard(cluster: Cluster, context: StepContext): Promise<void> {
  await stop(cluster, 'immediate', context);
  await removeTree(cluster, cluster.directory, context);
  await removeTree(cluster, cluster.beside, context);
}

/** Removes what this step left, wherever it was when it ended. */
export async function discardOwn(cluster: Cluster, context: StepContext): Promise<string> {
  const kept = await stateOf(cluster, context);
  if (kept?.key !== context.key) return `This step left nothing in ${cluster.directory} on ${cluster.host.name}.`;
  await context.stillOurs();
  await discard(cluster, context);
  return `${cluster.directory} on ${cluster.host.name} was removed.`;
}

export function recovery(target: Target, then: 'promote' | 'pause'): readonly string[] {
  if (target.kind === 'latest') return ['--type=default'];
  if (target.kind === 'backup') return ['--type=immediate', `--target-action=${then}`];
  return ['--type=time', `--target=${pgTime(target.at)}`, `--target-action=${then}`];
}
