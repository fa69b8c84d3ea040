import net from 'node:net';
import pg from 'pg';
import type { HostFacts, PostgresFacts, SystemFacts } from '../../plan/plan.ts';
import type { Asker } from '../asker.ts';
import { endpoint } from '../endpoint.ts';
import { StepError } from '../error.ts';
import { explain } from './explain.ts';

/** Asks one question. `within`: this client gives up after so many milliseconds, whatever the server does. */
export type Query = <Row extends object>(text: string, values?: readonly unknown[], within?: number) => Promise<Row[]>;

/**
 * Opens a session on a member of the system as this viewpoint reaches it, does the work, and always ends it.
 * Every wait has a deadline on this side, for a frozen server keeps none: `within` milliseconds for the login and for each question.
 * What fails is a StepError; the password is in none of them.
 */
export async function onMember<Result>(
  host: HostFacts,
  system: SystemFacts,
  ask: Asker,
  work: (query: Query) => Promise<Result>,
  within = 2_000,
): Promise<Result> {
  const facts = postgresOf(system);
  const where = endpoint(host, facts.port, ask.viewpoint);
  const socket = new net.Socket();
  const password = facts.password === undefined ? undefined : await ask.secret(facts.password);
  const client = new pg.Client({
    host: where.address,
    port: where.port,
    database: facts.database,
    user: facts.user,
    ...(password !== undefined && { password }),
    connectionTimeoutMillis: within,
    application_name: 'lifeboat',
    stream: () => socket,
  });
  client.on('error', () => undefined);
  const abort = (): void =>
    void socket.destroy(new StepError('cancelled', `The question to PostgreSQL on ${host.name} was ended, because the step was.`));
  if (ask.signal?.aborted) abort();
  ask.signal?.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
    return await work(async (text, values = [], patience = within) => {
      // Extended: one statement at a time. The fields are pg's own, of a single query; its types do not have them.
      const question = { text, values: [...values], query_timeout: patience, queryMode: 'extended' } as pg.QueryConfig;
      return (await client.query(question)).rows as never;
    });
  } catch (error) {
    throw explain(error, host, facts, `${where.address}:${where.port} seen from ${ask.viewpoint}`);
  } finally {
    ask.signal?.removeEventListener('abort', abort);
    await hangUp(client, socket);
  }
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

/** Says goodbye, but does not wait for a server that is frozen. */
async function hangUp(client: pg.Client, socket: net.Socket): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, 200)));
  if (!socket.destroyed && socket.writable) await Promise.race([client.end().catch(() => undefined), late]);
  clearTimeout(timer);
  socket.destroy();
}
