import type { Ledger } from './ledger.ts';
import { literal, recent, type Sides } from './side.ts';
import type { Table } from './tables.ts';

/** Different rows that are counted at once. */
const page = 400;

interface Counted {
  readonly hash: string;
  readonly count: number;
}

/**
 * Compares a table without a primary key: how often each row that the old primary wrote after the fork is there, by a digest of the
 * whole row. Each page of digests reads the table once at either side.
 */
export async function compareUnkeyed(table: Table, sides: Sides, ledger: Ledger): Promise<void> {
  for (let from = ''; ;) {
    const here = await sides.old.rows<Counted>(
      `select hash, count(*)::int as count from (select md5(t::text) as hash from ${table.name} t where ${recent(sides.oldest)}) as one
       where hash > '${from}' group by hash order by hash limit ${page}`,
    );
    const list = here.map(({ hash }) => literal(hash)).join();
    const [all, found] =
      here.length === 0
        ? [[], []]
        : await Promise.all([sides.old.rows<Counted>(counted(table, list)), sides.serving.rows<Counted>(counted(table, list))]);
    const there = new Map(found.map(({ hash, count }) => [hash, count]));
    const before = new Map(all.map(({ hash, count }) => [hash, count]));
    for (const { hash, count } of here) {
      const missing = Math.min(count, (before.get(hash) ?? count) - (there.get(hash) ?? 0));
      if (missing <= 0) continue;
      const [one] = await sides.old.rows<{ row: string }>(
        `select to_json(t)::text as row from ${table.name} t where md5(t::text) = '${hash}' limit 1`,
      );
      for (let turn = 0; turn < missing; turn += 1) await ledger.lost('only-here', null, one?.row, undefined);
    }
    if (here.length < page) return;
    from = here.at(-1)!.hash;
  }
}

function counted(table: Table, hashes: string): string {
  return `select md5(t::text) as hash, count(*)::int as count from ${table.name} t where md5(t::text) in (${hashes}) group by 1`;
}
