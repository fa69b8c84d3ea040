import pg from 'pg';
import { addressOf, secret, type FullLab } from './full-lab.ts';
import { inside, leaderOf } from './inside.ts';
import { pair } from './shape.ts';
import { until } from './until.ts';

/** Starts both members as they lie on their disks, and waits until the standby streams. */
export async function startPair(lab: FullLab): Promise<void> {
  await Promise.all(
    pair.map(async (host) => {
      await until(`${host} to boot`, () => booted(lab, host));
      await startDatabase(lab, host);
    }),
  );
  await until('the standby to stream', () => streams(lab));
}

/** Starts a member's database as a person at its host would. Throws with its own last words. */
export async function startDatabase(lab: FullLab, host: string): Promise<void> {
  await inside(lab, host, ['systemctl', 'start', 'orders-db']).catch(async (error: Error) => {
    const log = await inside(lab, host, ['journalctl', '--no-pager', '--output=cat', '--lines=12', '--unit=orders-db']).catch(() => '');
    throw new Error(`PostgreSQL did not start on ${host}: ${log.trim().split('\n').join(' / ') || error.message}`);
  });
}

/** One statement as the superuser, from hq. */
export async function sql<Row extends object>(lab: FullLab, host: string, text: string, within = 5000): Promise<Row[]> {
  const client = new pg.Client({
    ...{ host: addressOf(lab, host), user: 'postgres', password: secret(lab, 'postgres'), database: 'orders' },
    ...{ connectionTimeoutMillis: within, query_timeout: within },
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(text)).rows as Row[];
  } finally {
    void client.end().catch(() => undefined);
  }
}

/** Whether the first member is a primary that the other one follows. */
export async function streams(lab: FullLab): Promise<boolean> {
  const rows = await sql<{ n: number }>(lab, pair[0], `select count(*)::int as n from pg_stat_replication where state = 'streaming'`).catch(
    () => [],
  );
  return (rows[0]?.n ?? 0) > 0;
}

/** Whether systemd takes orders there. */
export async function booted(lab: FullLab, host: string): Promise<boolean> {
  if (leaderOf(lab, host) === null) return false;
  return inside(lab, host, ['systemctl', 'show', '--property=Version'], { within: 2000 }).then(
    () => true,
    () => false,
  );
}
