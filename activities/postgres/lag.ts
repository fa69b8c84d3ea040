import type { StepContext } from '../step.ts';
import { behind, bytes } from './lsn.ts';
import { askMember, sameCluster, type Member } from './member.ts';

export interface Lag {
  /** Null: not known. */
  readonly bytes: number | null;
  readonly milliseconds: number | null;
  readonly text: string;
}

/** How far a standby has replayed, measured against the primary where it answers, else against what it said last. */
export async function lagOf(name: string, standby: Member, context: StepContext): Promise<Lag> {
  const others = Object.values(context.system.postgres?.members ?? {}).filter((other) => other !== name);
  for (const other of others) {
    const primary = await primaryOrNothing(other, context);
    if (!primary) continue;
    sameCluster(standby, name, primary, other);
    const missing = behind(standby.replayed ?? standby.lsn, primary.lsn);
    const milliseconds =
      missing === 0 ? 0 : standby.replayedAt === null ? null : Math.max(0, Math.round(primary.clock - standby.replayedAt));
    return { bytes: missing, milliseconds, text: `${bytes(missing)} behind ${other}` };
  }
  const said = standby.receiver?.primarySaid;
  if (said && standby.replayed) {
    const missing = behind(standby.replayed, said);
    return { bytes: missing, milliseconds: null, text: `${bytes(missing)} behind what the primary said last` };
  }
  const unreplayed = standby.replayed ? behind(standby.replayed, standby.lsn) : null;
  return {
    bytes: null,
    milliseconds: null,
    text: `not known: the primary does not answer${unreplayed === null ? '' : `; ${bytes(unreplayed)} received and not yet replayed`}`,
  };
}

async function primaryOrNothing(name: string, context: StepContext): Promise<Member | undefined> {
  try {
    const member = await askMember(context.host(name), context.system, context);
    return member.recovering ? undefined : member;
  } catch {
    // A primary that is gone is why the run is on; what is known without it is reported as such.
    return undefined;
  }
}
