import { manifestIn } from '../files/place.ts';
import { opening, type Repository } from '../restic/repository.ts';
import type { Snapshot } from '../restic/snapshots.ts';
import type { StepContext } from '../step.ts';
import { StepError } from '../error.ts';
import { said } from '../tool/spawn.ts';
import { job } from './job.ts';

/**
 * Takes away every symbolic link on a new disk that stands where the snapshot has one: releases of restic before 0.17 restore over
 * files, and not over links. What names them is the manifest that was saved with the snapshot.
 */
export async function makeWay(
  from: Repository,
  snapshot: Snapshot,
  { root, except }: { readonly root: string; readonly except: readonly string[] },
  context: StepContext,
): Promise<void> {
  await context.stillOurs();
  const dump = ['restic', ...opening(from), '--no-lock', 'dump', snapshot.fullId, manifestIn(snapshot)];
  const argv = ['sh', '-c', script, 'sh', root, ...dump];
  const as = from.as === undefined ? {} : { as: from.as };
  const wanted = { name: 'make-way', argv, within: 3_600_000, again: 'always', input: `${except.join('\n')}\n`, ...as } as const;
  const answer = await job(from.host, wanted, context);
  if (answer.code === 0) return;
  throw new StepError('disk-unread', `The links on ${from.host} that are restored anew could not be taken away: ${said(answer)}`);
}

/** On standard input the paths that are left as they are, one a line. A manifest that could not be read names no link. */
const script = `
set -eu
export LC_ALL=C
except=$(cat)
cd "$1"
shift
"$@" | sed -zn 's/^l [^\\t]*\\t//p' | xargs -0 -r sh -c '
  set -f
  IFS="
"
  for name; do
    for path in $0; do
      case $name in ".$path"|".$path"/*) continue 2 ;; esac
    done
    if [ -L "$name" ]; then rm -f -- "$name"; fi
  done' "$except"
`;
