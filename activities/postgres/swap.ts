import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { there } from './directory.ts';
import type { Seat } from './seat.ts';

/** What stands where of a directory that takes the data directory's place. */
export interface Standing {
  readonly data: boolean;
  /** The old data directory was put aside. */
  readonly aside: boolean;
  /** The new one is in its place. */
  readonly swapped: boolean;
}

export async function standingOf(seat: Seat, context: StepContext): Promise<Standing> {
  const kept = keptPath(seat, context);
  const found = await there(seat, [seat.data, kept]);
  const [data, aside] = [found.has(seat.data), found.has(kept)];
  return { data, aside, swapped: data && aside };
}

/** Where this step keeps the old data directory. */
export function keptPath(seat: Seat, context: StepContext): string {
  return `${seat.data}.old-${context.key.slice(0, 12)}`;
}

/**
 * Puts the old data directory aside, and `from` into its place: two renames. Killed between them it is gone on with, for what was put
 * aside tells how far it came. The server MUST be down.
 */
export async function swap(seat: Seat, from: string, context: StepContext): Promise<void> {
  const before = await standingOf(seat, context);
  if (before.swapped) return;
  const kept = keptPath(seat, context);
  if (!before.aside) {
    await context.stillOurs();
    await seat.do(before.data ? ['mv', '-T', '--', seat.data, kept] : ['mkdir', '-m', '700', '--', kept]);
  }
  await context.stillOurs();
  await seat.do(['mv', '-T', '--', from, seat.data]);
  await seat.do(['sync', '--', parentOf(seat)]);
}

/** Throws where the data directory cannot be exchanged by renaming, for parts of it lie elsewhere. */
export async function mustSwap(seat: Seat, from: string): Promise<void> {
  const look = async (format: string, path: string): Promise<string> => (await seat.try(['stat', '-c', format, '--', path])).stdout.trim();
  const [mounted, log, device, parent] = await Promise.all([
    look('%m', seat.data),
    look('%F', `${seat.data}/pg_wal`),
    look('%d', from),
    look('%d', parentOf(seat)),
  ]);
  const why =
    mounted === seat.data
      ? `${seat.data} is a file system of its own`
      : log === 'symbolic link'
        ? `the log of ${seat.data} lies elsewhere`
        : device !== '' && device !== parent
          ? `${from} and ${parentOf(seat)} are on two file systems`
          : '';
  if (why === '') return;
  throw new StepError(
    'not-swappable',
    `On ${seat.host.name} ${why}, so another directory cannot take its place by renaming. Nothing was done; a person must exchange what is in it.`,
    'person',
  );
}

export function parentOf(seat: Seat): string {
  return seat.data.slice(0, seat.data.lastIndexOf('/'));
}
