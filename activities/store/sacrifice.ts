import { StepError } from '../error.ts';
import { run } from '../host/run.ts';
import { beating } from '../note.ts';
import { explain, lastWords } from '../restic/explain.ts';
import { opening, type Repository } from '../restic/repository.ts';
import { restic, succeeded } from '../restic/restic.ts';
import { ofSystem } from '../restic/save.ts';
import { snapshotsOf, type Snapshot } from '../restic/snapshots.ts';
import type { StepContext } from '../step.ts';

/** restic asks a store that refuses again and again, for 15 minutes in some releases. An interrupt of it alone lets it put its lock back. Seconds. */
const patience = 15;

/** A snapshot of one line that nobody needs: the one of an earlier check, else a new one. */
export async function sacrifice(repository: Repository, context: StepContext): Promise<Snapshot> {
  const before = (await sacrifices(await snapshotsOf(repository, [], context), context)).at(-1);
  if (before) return before;
  await context.stillOurs();
  const tags = tagsOf(context).flatMap((tag) => ['--tag', tag]);
  const argv = ['backup', '--quiet', '--host', repository.host, ...tags, '--stdin', '--stdin-filename', 'lifeboat-throw-away'];
  succeeded(await restic(repository, argv, context, { input: 'Made to try whether it can be deleted.\n' }), repository);
  const made = (await sacrifices(await snapshotsOf(repository, [], context), context)).at(-1);
  if (made) return made;
  throw new StepError('snapshot-not-made', `restic ended well, and the throw-away snapshot is not in ${repository.store.name}.`);
}

/** Those among snapshots that were made to be deleted. */
export async function sacrifices(snapshots: readonly Snapshot[], context: StepContext): Promise<readonly Snapshot[]> {
  return snapshots.filter(({ tags }) => tagsOf(context).every((tag) => tags.includes(tag)));
}

/** Tries to delete a snapshot, and says in what words that was refused. MUST be read back: an answer alone proves nothing. */
export async function attack(repository: Repository, victim: Snapshot, context: StepContext): Promise<string> {
  const command = ['restic', ...opening(repository), 'forget', '--prune', victim.fullId];
  const argv = ['timeout', '--foreground', '--signal=INT', '--kill-after=10', String(patience), ...command];
  const options = { deadline: (patience + 15) * 1_000, signal: context.signal, viewpoint: context.viewpoint };
  const as = repository.as === undefined ? {} : { as: repository.as };
  const answer = await beating(context, run(context.host(repository.host), argv, { ...options, ...as }));
  // Where it could not put its lock back: stale ones of this host only.
  await restic(repository, ['unlock'], context);
  if (answer.code === 0) return 'restic said that it was deleted.';
  const refusal = answer.stderr
    .split('\n')
    .find((line) => /403|405|forbidden|not allowed|denied|append.only|read.only|not permitted/i.test(line));
  if (refusal) return `The store refused: ${refusal.trim().slice(0, 200)}.`;
  const cause = explain(answer, repository);
  if (cause.code !== 'restic-failed') throw cause;
  throw new StepError(
    'store-not-tried',
    `The deletion from ${repository.store.name} was neither done nor refused: ${lastWords(answer)}`,
    'later',
    10_000,
  );
}

function tagsOf(context: StepContext): readonly string[] {
  return [...ofSystem(context), 'throw-away'];
}
