import { StepError } from '../error.ts';
import { mustStop } from '../host/must-stop.ts';
import { run } from '../host/run.ts';
import type { Repository } from '../restic/repository.ts';
import type { Snapshot } from '../restic/snapshots.ts';
import type { StepContext } from '../step.ts';

type At = Pick<Repository, 'host' | 'as'>;

/** Where manifests lie on any host, one folder for each step of a run; it is saved with the files. */
const root = '/var/tmp/lifeboat-files-';

/** The private folder of this step of this run on a host. */
export function placeFor(context: StepContext): string {
  return root + context.key;
}

/** The manifest in the folder that was saved with a snapshot. */
export function manifestIn(snapshot: Snapshot): string {
  const place = snapshot.paths.find((path) => path.startsWith(root));
  if (place !== undefined) return manifestAt(place);
  throw new StepError('no-manifest', `Snapshot ${snapshot.id} holds no manifest: files.backup did not make it.`, 'person');
}

/** What a snapshot holds besides its manifest. */
export function pathsIn(snapshot: Snapshot): readonly string[] {
  return snapshot.paths.filter((path) => !path.startsWith(root));
}

export function manifestAt(place: string): string {
  return `${place}/manifest`;
}

/** Makes a folder that nobody else may enter, or finds the one that an earlier attempt made. */
async function makePlace(at: At, place: string, context: StepContext): Promise<void> {
  const answer = await short(at, ['sh', '-c', makeScript, 'sh', place], context);
  if (answer.code === 0) return;
  const code = /No space left/.test(answer.stderr) ? 'disk-full' : 'no-place';
  throw new StepError(code, `The folder ${place} cannot be made on ${at.host}: ${answer.stderr.trim().slice(0, 200)}`, 'person');
}

/** Does something in such a folder, and takes it away afterwards, however that ended; not where another attempt goes on in it. */
export async function inPlace<Result>(at: At, place: string, context: StepContext, act: () => Promise<Result>): Promise<Result> {
  await makePlace(at, place, context);
  const result = await act().catch(async (error: unknown) => {
    if (!context.signal.aborted || (await mustStop(context))) await removePlace(at, place, context).catch(() => undefined);
    throw error;
  });
  await removePlace(at, place, context);
  return result;
}

/** Takes the folder away with everything in it. It MUST be one that this step made. */
export async function removePlace(at: At, place: string, context: StepContext): Promise<void> {
  const answer = await short(at, ['rm', '-rf', '--one-file-system', '--', place], context);
  if (answer.code === 0) return;
  throw new StepError('not-removed', `The folder ${place} on ${at.host} could not be removed: ${answer.stderr.trim().slice(0, 200)}`);
}

/** One that somebody else put there is not taken for ours. */
const makeScript = 'mkdir -m 700 -- "$1" 2>/dev/null || { [ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ]; } || mkdir -- "$1"';

/** Not ended with the step: also one that is cancelled cleans up. */
function short({ host, as }: At, argv: readonly string[], context: StepContext) {
  const options = { deadline: 60_000, viewpoint: context.viewpoint, ...(as === undefined ? {} : { as }) };
  return run(context.host(host), argv, options);
}
