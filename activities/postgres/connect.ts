import type { HostFacts, PostgresFacts, SystemFacts } from '../../plan/plan.ts';
import type { Asker } from '../asker.ts';
import { endpoint } from '../endpoint.ts';
import { StepError } from '../error.ts';
import { session, type Query } from './session.ts';

export type { Query } from './session.ts';

/** A session on a member of the system, as this viewpoint reaches it. */
export async function onMember<Result>(
  host: HostFacts,
  system: SystemFacts,
  ask: Asker,
  work: (query: Query) => Promise<Result>,
  within?: number,
): Promise<Result> {
  const { port, database, user, password } = postgresOf(system);
  const login = {
    ...endpoint(host, port, ask.viewpoint),
    name: host.name,
    database,
    user,
    ...(password === undefined ? {} : { password }),
    written: 'postgres' as const,
  };
  return session(login, ask, work, within);
}

/** The PostgreSQL facts of a system, and the member that a host is. */
export function postgresOf(system: SystemFacts): PostgresFacts {
  if (system.postgres) return system.postgres;
  throw new StepError('no-postgres', `The inventory gives ${system.name} no \`postgres\`, which this step needs.`, 'mistake');
}

/** Throws where a host is no member of the system at its site. */
export function memberOf(host: HostFacts, system: SystemFacts): PostgresFacts {
  const facts = postgresOf(system);
  if (facts.members[host.site] === host.name) return facts;
  throw new StepError(
    'not-a-member',
    `${host.name} is no member of ${system.name}: its members are ${Object.values(facts.members).join(', ')}.`,
    'mistake',
  );
}
