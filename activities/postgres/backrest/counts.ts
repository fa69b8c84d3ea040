import { z } from 'zod';
import type { Query } from '../connect.ts';

/** Rows by table, `schema.table`. */
export type Counts = Readonly<Record<string, number>>;
export const counts = z.record(z.string(), z.number());

/** Beyond this many the smallest tables are left out: the figures travel with the backup. */
export const most = 300;
/** The probe's own: it is compared marker by marker. */
export const markers = 'lifeboat_markers';

const tables = `
  select format('%I.%I', n.nspname, c.relname) as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and c.relpersistence = 'p' and c.relname <> '${markers}'
    and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
  order by c.relpages desc, 1`;

/**
 * Exact counts of the permanent user tables: the ${most} largest, or those named that are there. `within`: milliseconds for one question.
 */
export async function countRows(query: Query, within: number, wanted?: readonly string[], limit = most): Promise<Counts> {
  const all = (await query<{ name: string }>(tables, [], within)).map(({ name }) => name);
  const names = wanted ? all.filter((name) => wanted.includes(name)) : all.slice(0, limit);
  const found: [string, number][] = [];
  for (let from = 0; from < names.length; from += 50) {
    const some = names.slice(from, from + 50);
    const union = some.map((name, index) => `select ${index} as i, count(*)::float8 as rows from ${name}`).join(' union all ');
    for (const { i, rows } of await query<{ i: number; rows: number }>(union, [], within)) found.push([some[i]!, rows]);
  }
  return Object.fromEntries(found.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** What differs, in sentences without an end: empty where each table's count lies between the two. A table that is missing differs. */
export function differences(before: Counts, after: Counts, restored: Counts): readonly string[] {
  return Object.entries(before).flatMap(([table, first]) => {
    const last = after[table];
    // Dropped while the backup ran: whether it is in the backup is not known.
    if (last === undefined) return [];
    const rows = restored[table];
    if (rows === undefined) return [`${table} is missing`];
    const [low, high] = [Math.min(first, last), Math.max(first, last)];
    return rows < low || rows > high ? [`${table} has ${rows} rows instead of ${low === high ? low : `${low} to ${high}`}`] : [];
  });
}

/** `orders 12, items 40 and 3 more`. */
export function inWords(rows: Counts): string {
  const all = Object.entries(rows);
  const shown = all.slice(0, 5).map(([table, count]) => `${table} ${count}`);
  return shown.join(', ') + (all.length > 5 ? ` and ${all.length - 5} more` : '');
}
