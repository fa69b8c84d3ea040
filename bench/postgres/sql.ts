import pg from 'pg';
import type { Login } from './peer.ts';

/** Runs statements in one session and returns the rows of the last one. */
export async function sql<Row extends pg.QueryResultRow>(
  at: Login & { readonly port: number },
  statements: readonly string[],
): Promise<Row[]> {
  const client = new pg.Client({ host: '127.0.0.1', ...at, connectionTimeoutMillis: 3_000, query_timeout: 20_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    let rows: Row[] = [];
    for (const statement of statements) ({ rows } = await client.query<Row>(statement));
    return rows;
  } finally {
    await client.end().catch(() => {});
  }
}
