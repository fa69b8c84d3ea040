import { StepError } from '../../activities/error.ts';
import type { Located } from '../../activities/facts/locate.ts';
import type { SystemFacts } from '../../plan/plan.ts';

export interface Direction {
  /** Site that serves, or served last. */
  readonly source: string;
  readonly target: string;
}

/**
 * Which site serves: asked of the world. Where the world leaves it open (nobody answers, or a returned old primary
 * claims it too), what the system's own workflow knows decides; where that knows nothing either, a person must.
 * @param active site that served last, as the system's workflow knows it.
 * @throws StepError `who-is-primary`.
 */
export function findSource(system: SystemFacts, located: Located, active: string | null): Direction {
  const members = system.postgres?.members ?? {};
  const siteOf = (host: string): string => Object.entries(members).find(([, name]) => name === host)![0];
  const sites = Object.keys(members);
  const toward = (source: string): Direction => ({ source, target: sites.find((site) => site !== source)! });

  const { primary, standby, silent } = located;
  // A member that answers as a standby serves nobody, whatever was true when a run last knew: it was moved by other hands since.
  const known = active !== null && sites.includes(active) && !standby.includes(members[active]!) ? active : null;
  if (primary.length === 1) {
    const site = siteOf(primary[0]!);
    // The one that the fence stands against may have come back while the true primary is away.
    if (known === null || known === site || !silent.includes(members[known]!)) return toward(site);
    return toward(known);
  }
  if (known !== null) return toward(known);
  if (primary.length === 0 && standby.length === 1 && silent.length === 1) return toward(siteOf(silent[0]!));
  const why =
    primary.length > 1 ? `${primary.join(' and ')} both take writes` : 'no member takes writes, and which one did last is not known';
  throw new StepError('who-is-primary', `which site serves ${system.name} cannot be told: ${why}. ${located.evidence.join(' ')}`, 'person');
}
