import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { dataOf } from '../../lab/lab.ts';
import { until, type Estate } from './estate.ts';

/** What a-db does alone before it dies. */
export interface Last {
  /** Statements that only a-db has, and none of them reached b-db. */
  readonly alone?: readonly string[];
  /** Statements before that, which both have. */
  readonly before?: readonly string[];
  /** It is shut down instead of killed. */
  readonly cleanly?: boolean;
  /** Statements on b-db after its promotion. */
  readonly after?: readonly string[];
}

/** The old primary wrote alone and died, the standby was promoted without it, and the old one is back: its machine is up, its server down. */
export async function comeBack(at: Estate, { alone = [], before = [], after = [], cleanly = false }: Last): Promise<void> {
  for (const text of before) await at.sql('a-db', text);
  await caughtUp(at, 'a-db', 'b-db');
  if (alone.length > 0) {
    await at.control('PUT', '/cut/link', { from: 'site-b', to: 'site-a' });
    for (const text of alone) await at.sql('a-db', text);
    // The line is dead on both sides: nothing that was under way arrives later.
    await at.control('POST', '/power/a-db/off');
    await at.control('DELETE', '/cut/link');
  } else if (cleanly) {
    await at.service('a-db', 'stop');
  } else {
    await at.control('POST', '/power/a-db/off');
  }
  await at.sql('b-db', 'select pg_promote()');
  for (const text of after) await at.sql('b-db', text);
  await at.control('POST', '/power/a-db/on');
  await until('a-db to be up', () =>
    at.service('a-db', 'enabled').then(
      () => true,
      () => false,
    ),
  );
}

export async function caughtUp(at: Estate, primary: string, standby: string): Promise<void> {
  const [now] = await at.sql<{ lsn: string }>(primary, 'select pg_current_wal_lsn()::text as lsn');
  await until(`${standby} to catch up`, async () => {
    const [row] = await at.sql<{ there: boolean }>(standby, `select pg_last_wal_replay_lsn() >= '${now?.lsn}' as there`);
    return row?.there === true;
  });
}

/** Both members hold the same rows, and the one follows the other. */
export async function protects(at: Estate, primary: string, standby: string): Promise<void> {
  await at.sql(primary, "insert into orders (item) values ('after')");
  await caughtUp(at, primary, standby);
  const rows = 'select count(*)::int as count, md5(string_agg(o::text, chr(10) order by id)) as sum from orders o';
  assert.deepEqual(await at.sql(standby, rows), await at.sql(primary, rows));
  assert.deepEqual(await at.sql(standby, 'select pg_is_in_recovery() as is'), [{ is: true }]);
}

/** Names beside a member's data directory that begin with its name. */
export function beside(at: Estate, host: string): readonly string[] {
  const data = dataOf(at.lab, host);
  return readdirSync(dirname(data)).filter((name) => name.startsWith(`${basename(data)}.`));
}

/** A digest of everything in a member's data directory. */
export function digestOf(at: Estate, host: string): string {
  const list = 'find . -type f -printf "%P %s %T@\\n" | sort | md5sum';
  return execFileSync('sh', ['-c', list], { cwd: dataOf(at.lab, host), encoding: 'utf8' });
}
