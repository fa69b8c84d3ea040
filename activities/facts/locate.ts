import type { HostFacts, SystemFacts } from '../../plan/plan.ts';
import type { Asker } from '../asker.ts';
import type { Caller } from '../aws/client.ts';
import { askMember } from '../postgres/member.ts';
import { locateRds } from './locate-rds.ts';
import { locateTraffic } from './locate-traffic.ts';

/** With what the world is asked who serves. */
export type Ask = Omit<Asker, 'viewpoint'> & Pick<Caller, 'aws' | 'run'>;

/** Who is what, by the names that {@link membersOf} gives. */
export interface Located {
  readonly primary: readonly string[];
  readonly standby: readonly string[];
  /** Members that gave no answer, for whatever reason: the evidence says which. */
  readonly silent: readonly string[];
  /** One sentence a member. */
  readonly evidence: readonly string[];
}

/** A member as the world tells it. */
export interface Found {
  readonly name: string;
  readonly role: 'primary' | 'standby' | 'silent';
  readonly text: string;
}

/** Site → name of what serves there, or could: a host, a database of RDS, or a record's set identifier. Empty where nothing can be asked. */
export function membersOf({ postgres, rds, traffic }: SystemFacts): { readonly [site: string]: string } {
  if (postgres) return postgres.members;
  const named = rds?.members ?? traffic?.identifiers ?? {};
  return Object.fromEntries(Object.entries(named).map(([site, id]) => [site, `${site}/${id}`]));
}

/** Asks every member of a system side by side who is primary; about 2 s at the most. Where it has no database, its record of Route 53 tells. */
export async function locate(
  system: SystemFacts,
  hosts: { readonly [name: string]: HostFacts },
  viewpoint: string,
  ask: Ask,
): Promise<Located> {
  const found = await findMembers(system, hosts, viewpoint, ask);
  const of = (role: string): string[] => found.filter((member) => member.role === role).map((member) => member.name);
  return { primary: of('primary'), standby: of('standby'), silent: of('silent'), evidence: found.map(({ text }) => text) };
}

async function findMembers(
  system: SystemFacts,
  hosts: { readonly [name: string]: HostFacts },
  viewpoint: string,
  { secret, signal = new AbortController().signal, aws, run }: Ask,
): Promise<readonly Found[]> {
  const asker: Asker = { secret: (reference) => secret(reference), signal, viewpoint };
  if (system.postgres) return Promise.all(Object.values(system.postgres.members).map((name) => ofHost(name, system, hosts, asker)));
  const caller: Caller = { aws: (site) => aws(site), signal, run };
  if (system.rds) return locateRds(system.rds, caller);
  if (system.traffic) return locateTraffic(system.traffic, caller);
  return [];
}

async function ofHost(name: string, system: SystemFacts, hosts: { readonly [name: string]: HostFacts }, asker: Asker): Promise<Found> {
  try {
    const host = hosts[name];
    if (!host) return { name, role: 'silent', text: `The inventory has no host ${name}.` };
    const member = await askMember(host, system, asker);
    const role = member.recovering ? 'standby' : 'primary';
    return { name, role, text: `PostgreSQL on ${name} is a ${role} on timeline ${member.timeline} at ${member.lsn}.` };
  } catch (error) {
    return { name, role: 'silent', text: (error as Error).message };
  }
}
