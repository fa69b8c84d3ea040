import { StepError } from '../error.ts';
import { run } from '../host/run.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';
import { explain } from './explain.ts';
import { opening, type Repository } from './repository.ts';
import type { Snapshot } from './snapshots.ts';

/** A file may be large: its digest is made on the host, and what restic says of it is kept. */
const script = '"$@" | sha256sum';

/** SHA-256, hexadecimal, of one file in a snapshot, as it would be restored. Throws where it cannot be read. */
export async function digestIn(repository: Repository, snapshot: Snapshot, file: string, context: StepContext): Promise<string> {
  const argv = ['sh', '-c', script, 'sh', 'restic', ...opening(repository), '--no-lock', 'dump', snapshot.fullId, file];
  const options = { deadline: 600_000, signal: context.signal, viewpoint: context.viewpoint };
  const as = repository.as === undefined ? {} : { as: repository.as };
  const answer = await beating(context, run(context.host(repository.host), argv, { ...options, ...as }));
  const digest = /^[0-9a-f]{64}/.exec(answer.stdout)?.[0];
  if (digest !== undefined && digest !== ofNothing) return digest;
  const cause = explain(answer, repository);
  throw cause.code === 'restic-failed'
    ? new StepError('file-not-in-snapshot', `Snapshot ${snapshot.id} does not hold ${file}: ${cause.message}`, 'person')
    : cause;
}

/** A file that cannot be read and one that is empty look alike here: neither is told. */
const ofNothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
