import { StepError } from '../../activities/error.ts';
import { membersOf, type Located } from '../../activities/facts/locate.ts';
import { waysOf } from '../../plan/facts.ts';
import type { SystemFacts } from '../../plan/plan.ts';

export interface Direction {
  /** Site that serves, or served last. */
  readonly source: string;
  readonly target: string;
}

export interface Directed extends Direction {
  /** How it is known, one sentence an item. */
  readonly evidence: readonly string[];
}

/**
 * From where to where a system is worked on: where there is one way, that; for one that is at two sites by who serves, which its
 * databases tell, or its record; where the world cannot be asked, by what the system's workflow knows.
 * @throws StepError `who-is-primary`, `no-way`.
 */
export async function directionOf(system: SystemFacts, ask: () => Promise<Located>, active: string | null): Promise<Directed> {
  const ways = waysOf(system);
  if (ways.length !== 1 && Object.keys(membersOf(system)).length > 1) {
    const located = await ask();
    return { ...findSource(system, located, active), evidence: located.evidence };
  }
  const [source, target] = (ways.length === 1 ? ways[0] : ways.find(([site]) => site === active)) ?? [];
  if (source !== undefined && target !== undefined) return { source, target, evidence: [] };
  throw new StepError(
    'no-way',
    `From where to where ${system.name} is worked on cannot be told: the inventory gives it no "postgres", "rds" or "traffic" that could be asked, and ${ways.length === 0 ? 'nothing at any site' : `it is at ${new Set(ways.map(([site]) => site)).size} sites`}`,
    'mistake',
  );
}

/**
 * Which site serves: asked of the world. Where the world leaves it open (nobody answers, or a returned old primary
 * claims it too), what the system's own workflow knows decides; where that knows nothing either, a person must.
 * @param active site that served last, as the system's workflow knows it.
 * @throws StepError `who-is-primary`.
 */
export function findSource(system: SystemFacts, located: Located, active: string | null): Direction {
  const members = membersOf(system);
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
