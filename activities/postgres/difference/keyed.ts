import type { Ledger } from './ledger.ts';
import { recent, type Sides } from './side.ts';
import { among, between, columns, keyText, type Key, type Table } from './tables.ts';

/** Rows whose digests are compared in one piece; where they differ, so many are looked at one by one. */
const pages = { whole: 10_000, single: 400 };
/** Rows that are read whole at once. */
const batch = 50;

interface Page {
  readonly count: number;
  readonly sum: string;
  /** The key of the last row. */
  readonly last: string | null;
}
interface Row {
  readonly k: string;
  readonly hash: string;
  readonly recent: boolean;
}

/** Compares a table that has a primary key, in the order of its key, page by page. Memory is bounded by a page. */
export function compareKeyed(table: Table, sides: Sides, ledger: Ledger): Promise<void> {
  return walk(table, sides, ledger, null, null, pages.whole);
}

async function walk(table: Table, sides: Sides, ledger: Ledger, from: Key | null, high: Key | null, size: number): Promise<void> {
  for (let low = from; ;) {
    const here = await pageOf(table, sides.old, low, high, size);
    const full = here.count === size && here.last !== null;
    const top = full ? (JSON.parse(here.last!) as Key) : high;
    const there = await pageOf(table, sides.serving, low, top, null);
    if (here.count !== there.count || here.sum !== there.sum)
      await (size > pages.single ? walk(table, sides, ledger, low, top, pages.single) : look(table, sides, ledger, low, top));
    if (!full) return;
    low = top;
  }
}

async function pageOf(table: Table, side: Sides['old'], low: Key | null, high: Key | null, size: number | null): Promise<Page> {
  const limit = size === null ? '' : `order by ${columns(table)} limit ${size}`;
  const [page] = await side.rows<Page>(`
    with page as (select ${columns(table)}, ${keyText(table)} as k, md5(t::text) as hash from ${table.name} t
      where ${between(table, low, high)} ${limit})
    select count(*)::int as count, coalesce(sum(('x' || substr(hash, 1, 15))::bit(60)::bigint), 0)::text as sum,
      ${size === null ? 'null' : `(select k from page t order by ${table.key.map(({ column }) => `t.${column} desc`).join(', ')} limit 1)`} as last
    from page`);
  return page ?? { count: 0, sum: '0', last: null };
}

/** Looks at the rows of a page that differs. */
async function look(table: Table, sides: Sides, ledger: Ledger, low: Key | null, high: Key | null): Promise<void> {
  const here = await sides.old.rows<Row>(
    `select ${keyText(table)} as k, md5(t::text) as hash, ${recent(sides.oldest)} as recent from ${table.name} t where ${between(table, low, high)}`,
  );
  const keys = here.map(({ k }) => JSON.parse(k) as Key);
  const found = await sides.serving.rows<Omit<Row, 'recent'>>(
    `select ${keyText(table)} as k, md5(t::text) as hash from ${table.name} t where ${among(table, keys)}`,
  );
  const there = new Map(found.map(({ k, hash }) => [k, hash]));
  // What the old primary did not write after the fork was changed or removed since by those whom the other serves.
  const lost = here.filter((row) => row.recent && there.get(row.k) !== row.hash);
  for (let at = 0; at < lost.length; at += batch) {
    const some = lost.slice(at, at + batch).map(({ k }) => k);
    const [old, serving] = await Promise.all([whole(table, sides.old, some), whole(table, sides.serving, some)]);
    for (const k of some) await ledger.lost(there.has(k) ? 'differs' : 'only-here', k, old.get(k), serving.get(k));
  }
  if (typeof sides.oldest === 'number') await deleted(table, sides, sides.oldest, ledger, low, high, keys);
}

/** Rows that were there before the fork and still are at the serving side, but not on the old primary: it deleted them. */
async function deleted(
  table: Table,
  sides: Sides,
  oldest: number,
  ledger: Ledger,
  low: Key | null,
  high: Key | null,
  keys: readonly Key[],
): Promise<void> {
  for (let from = low; ;) {
    const found = await sides.serving.rows<{ k: string; xid: string }>(
      `select ${keyText(table)} as k, t.xmin::text as xid from ${table.name} t
       where ${between(table, from, high)} and age(t.xmin) > age('${oldest}'::xid) and not (${among(table, keys)})
       order by ${columns(table)} limit ${pages.single}`,
    );
    // The serving side's own first transactions may be older than that one: the old primary never committed them.
    const committed = await committedOn(sides.old, [...new Set(found.map(({ xid }) => xid))]);
    const gone = found.filter(({ xid }) => committed.has(xid)).map(({ k }) => k);
    for (let at = 0; at < gone.length; at += batch) {
      const some = gone.slice(at, at + batch);
      const rows = await whole(table, sides.serving, some);
      for (const k of some) await ledger.lost('deleted', k, undefined, rows.get(k));
    }
    if (found.length < pages.single) return;
    from = JSON.parse(found.at(-1)!.k) as Key;
  }
}

async function committedOn(side: Sides['old'], ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const found = await side.rows<{ id: string }>(`
    select id from (select id, age(id::xid) as age, pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next
      from unnest(array[${ids.map((id) => `'${id}'`).join()}]) as id) as one
    where age > 0 and (id::bigint < 3 or age > next or coalesce(pg_xact_status((next - age)::text::xid8), 'committed') = 'committed')`);
  return new Set(found.map(({ id }) => id));
}

async function whole(table: Table, side: Sides['old'], keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const wanted = keys.map((key) => JSON.parse(key) as Key);
  const found = await side.rows<{ k: string; row: string }>(
    `select ${keyText(table)} as k, to_json(t)::text as row from ${table.name} t where ${among(table, wanted)}`,
  );
  return new Map(found.map(({ k, row }) => [k, row]));
}
