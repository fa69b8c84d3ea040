import net from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import type { Asker } from '../asker.ts';
import { StepError } from '../error.ts';
import { explain } from './explain.ts';

/** Asks one question. `within`: this client gives up after so many milliseconds, whatever the server does. */
export type Query = <Row extends object>(text: string, values?: readonly unknown[], within?: number) => Promise<Row[]>;

/** A database, and how one logs in there. */
export interface Login {
  /** The server's name in messages: a host, or an instance at a site. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** A reference to a secret. */
  readonly password?: string;
  /** Absent: as the server likes. */
  readonly tls?: ConnectionOptions;
  /** The part of the inventory where this is written. */
  readonly written: 'postgres' | 'rds';
}

/**
 * Opens a session, does the work, and always ends it.
 * Every wait has a deadline on this side, for a frozen server keeps none: `within` milliseconds for the login and for each question.
 * What fails is a StepError; the password is in none of them.
 */
export async function session<Result>(login: Login, ask: Asker, work: (query: Query) => Promise<Result>, within = 2_000): Promise<Result> {
  const { name, address, port, database, user, tls } = login;
  const socket = new net.Socket();
  const password = login.password === undefined ? undefined : await ask.secret(login.password);
  const client = new pg.Client({
    host: address,
    port,
    database,
    user,
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { ssl: tls }),
    connectionTimeoutMillis: within,
    application_name: 'lifeboat',
    stream: () => socket,
  });
  client.on('error', () => undefined);
  const abort = (): void =>
    void socket.destroy(new StepError('cancelled', `The question to PostgreSQL on ${name} was ended, because the step was.`));
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
    throw explain(error, login, `${address}:${port} seen from ${ask.viewpoint}`);
  } finally {
    ask.signal?.removeEventListener('abort', abort);
    await hangUp(client, socket);
  }
}

/** Says goodbye, but does not wait for a server that is frozen. */
async function hangUp(client: pg.Client, socket: net.Socket): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, 200)));
  if (!socket.destroyed && socket.writable) await Promise.race([client.end().catch(() => undefined), late]);
  clearTimeout(timer);
  socket.destroy();
}
