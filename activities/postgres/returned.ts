import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { onMember } from './connect.ts';
import { runs } from './directory.ts';
import { divergenceOf, type Divergence } from './divergence.ts';
import { askMember, readMember, sameCluster } from './member.ts';
import { originOf, type Origin } from './origin.ts';
import { notPatroni, notPatroniOn } from './patroni.ts';
import { seatOf, type Seat } from './seat.ts';

/** A member that came back, and the one that serves meanwhile. */
export interface Returned {
  readonly seat: Seat;
  readonly origin: Origin;
  /** Absent: its server runs, and it is a standby. */
  readonly divergence?: Divergence;
}

/** Looks at a member that came back. Throws where it takes writes, or the other one does not. Only reads. */
export async function returned(host: string, source: string, context: StepContext): Promise<Returned> {
  const seat = seatOf(host, context);
  // First: under Patroni nothing else that is found here means what it seems.
  await notPatroniOn(seat, context);
  const [up, origin] = await Promise.all([runs(seat, seat.data), originOf(seat, source, context), stands(source, context)]);
  if (!up) return { seat, origin, divergence: await divergenceOf(seat, origin, context) };
  const [member, serving] = await Promise.all([
    askMember(seat.host, context.system, context),
    askMember(context.host(source), context.system, context),
  ]);
  sameCluster(member, host, serving, source);
  if (member.recovering) return { seat, origin };
  throw new StepError(
    'two-primaries',
    `PostgreSQL on ${host} runs as a primary, and so does ${source}. Nothing was done. Stop it on ${host} at once, then retry.`,
    'person',
  );
}

/**
 * What a preflight can know of a member that steps before this one stop, start or leave behind: that it can be asked, and logs in at
 * the one that will serve. Null where nothing changes it before. Only reads.
 */
export async function notYet(host: string, source: string, context: StepContext): Promise<readonly string[] | null> {
  if (!context.earlier.changed.includes(host) && !context.earlier.promoted.includes(source)) return null;
  const seat = seatOf(host, context);
  const [origin] = await Promise.all([originOf(seat, source, context), stands(source, context), notPatroniOn(seat, context)]);
  return [
    `${host} can be asked, and logs in at ${origin.name} for replication. What it holds is looked at when steps before this one are done.`,
  ];
}

/** Throws unless the server that is copied from is a primary, and no one else's to move. */
export async function stands(source: string, context: StepContext): Promise<void> {
  await onMember(context.host(source), context.system, context, async (query) => {
    const member = await readMember(query, context.host(source), context.system);
    if (member.recovering && !context.earlier.promoted.includes(source)) {
      throw new StepError(
        'not-primary',
        `PostgreSQL on ${source} is a standby, so it is not the one that serves. Nothing was done; name the primary.`,
        'person',
      );
    }
    await notPatroni(query, source);
  });
}
