import type { HostFacts, SystemFacts } from '../../plan/plan.ts';
import type { Asker } from '../asker.ts';
import { postgresOf } from '../postgres/connect.ts';
import { askMember } from '../postgres/member.ts';

/** Who is what, by host name. */
export interface Located {
  readonly primary: readonly string[];
  readonly standby: readonly string[];
  /** Members that gave no answer, for whatever reason: the evidence says which. */
  readonly silent: readonly string[];
  /** One sentence a member. */
  readonly evidence: readonly string[];
}

/** Asks every member of a system side by side who is primary; about 2 s at the most. */
export async function locate(
  system: SystemFacts,
  hosts: { readonly [name: string]: HostFacts },
  viewpoint: string,
  ask: Omit<Asker, 'viewpoint'>,
): Promise<Located> {
  const names = Object.values(postgresOf(system).members);
  const answers = await Promise.all(
    names.map(async (name) => {
      try {
        const host = hosts[name];
        if (!host) return { name, role: 'silent' as const, text: `The inventory has no host ${name}.` };
        const member = await askMember(host, system, { ...asker(ask), viewpoint });
        const role = member.recovering ? ('standby' as const) : ('primary' as const);
        return { name, role, text: `PostgreSQL on ${name} is a ${role} on timeline ${member.timeline} at ${member.lsn}.` };
      } catch (error) {
        return { name, role: 'silent' as const, text: (error as Error).message };
      }
    }),
  );
  const of = (role: string): string[] => answers.filter((answer) => answer.role === role).map((answer) => answer.name);
  return { primary: of('primary'), standby: of('standby'), silent: of('silent'), evidence: answers.map((answer) => answer.text) };
}

function asker(ask: Omit<Asker, 'viewpoint'>): Omit<Asker, 'viewpoint'> {
  return { secret: (reference) => ask.secret(reference), ...(ask.signal && { signal: ask.signal }) };
}
