import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import { readFile } from 'node:fs/promises';
import { BlockList, isIP } from 'node:net';
import type { RdsFacts, SystemFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { session, type Login, type Query } from '../postgres/session.ts';
import type { StepContext } from '../step.ts';
import { readDatabase, type Database } from './database.ts';

/** A database instance, or a cluster. */
export interface Place {
  readonly site: string;
  readonly id: string;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * A session on a database of PostgreSQL, with the login that the inventory gives for the system: where `rds.connect` says, for a
 * member of the system; else at the endpoint that AWS tells. `within`: milliseconds for the login, and for each question.
 * @throws StepError `rds-no-login`, `rds-no-endpoint`, `not-postgres`, and those of PostgreSQL (`postgres-unreachable`, …)
 */
export async function onDatabase<Result>(
  { site, id }: Place,
  context: StepContext,
  work: (query: Query) => Promise<Result>,
  within?: number,
): Promise<Result> {
  const { system } = context;
  loginOf(system);
  return session(await loginTo(await readDatabase({ site, id: id.toLowerCase() }, context), system), context, work, within);
}

/** How one logs in at a database, as AWS and the inventory tell. */
export async function loginTo(told: Database, system: SystemFacts): Promise<Login> {
  const { site, id } = told;
  const { login, database, port, certificates } = loginOf(system);
  if (!/postgres/u.test(told.engine))
    throw new StepError('not-postgres', `${id} at ${site} runs ${told.engine}: only PostgreSQL is read.`, 'person');
  const instead = [system.rds, system.copies?.inService.rds].find((rds) => rds?.members[site]?.toLowerCase() === id)?.connect[site];
  const address = instead?.address ?? told.address;
  if (address === undefined)
    throw new StepError('rds-no-endpoint', `${id} at ${site} has no endpoint: it is ${told.status}.`, 'later', 5_000);
  return {
    name: `${site}/${id}`,
    address,
    port: instead === undefined ? (told.port ?? port) : (instead.port ?? port),
    database,
    ...login,
    ...(isLoopback(address) ? {} : { tls: await verified(told.address ?? address, certificates) }),
    written: 'rds' as const,
  };
}

/** What the inventory says of the system's database on RDS, with a login. */
export function loginOf(system: SystemFacts): RdsFacts & { readonly login: NonNullable<RdsFacts['login']> } {
  const { rds } = system;
  if (rds?.login) return { ...rds, login: rds.login };
  throw new StepError(
    'rds-no-login',
    `The inventory gives ${system.name} no login to its database on RDS: without \`rds.login\` no step reads rows.`,
    'person',
  );
}

function isLoopback(address: string): boolean {
  const family = isIP(address);
  return family === 0 ? address === 'localhost' : loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** The certificate is of the name that AWS gives, also behind a tunnel of another. */
async function verified(name: string, certificates: string | undefined): Promise<ConnectionOptions> {
  return {
    rejectUnauthorized: true,
    checkServerIdentity: (_, shown) => checkServerIdentity(name, shown),
    ...(certificates === undefined ? {} : { ca: await readFile(certificates, 'utf8') }),
  };
}
