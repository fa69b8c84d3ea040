import { markers } from '../../postgres/backrest/counts.ts';
import type { Query } from '../../postgres/connect.ts';
import { tablesOf } from '../../postgres/difference/tables.ts';
import { sameText } from '../../postgres/scratch.ts';
import { sequencesOf, type Sequences } from './sequences.ts';

/** One table's rows, and a sum over their digests that does not depend on their order. */
export interface TableContent {
  readonly rows: number;
  readonly checksum: string;
}
/** What a database held at one moment. */
export interface Content {
  /** By `schema.table`. */
  readonly tables: { readonly [table: string]: TableContent };
  readonly sequences: Sequences;
}

/** Longest that one table may take, milliseconds. */
export const patience = 3 * 3_600_000;

/** Reads every permanent table and sequence, as they are at one moment; the probe's own table is left out. */
export async function contentOf(query: Query): Promise<Content> {
  for (const set of sameText) await query(set);
  await query('begin isolation level repeatable read read only');
  const tables: [string, TableContent][] = [];
  for (const { name } of await tablesOf({ rows: (sql) => query(sql, [], patience) })) {
    if (name.endsWith(`.${markers}`)) continue;
    const [found] = await query<{ rows: number; checksum: string }>(
      `select count(*)::float8 as rows, coalesce(sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint), 0)::text as checksum from ${name} t`,
      [],
      patience,
    );
    tables.push([name, found!]);
  }
  const sequences = await sequencesOf(query);
  await query('commit');
  return { tables: Object.fromEntries(tables), sequences };
}

/** Rows by table. */
export function rowsOf({ tables }: Content): { [table: string]: number } {
  return Object.fromEntries(Object.entries(tables).map(([table, { rows }]) => [table, rows]));
}

/**
 * How a restored database differs from its original, sentences without an end.
 * @param atLeast the part of each table's rows that must be there; 1: both are the same, row by row
 */
export function differencesOf(original: Content, restored: Content, atLeast: number): readonly string[] {
  const unknown = atLeast < 1 ? [] : Object.keys(restored.tables).filter((table) => original.tables[table] === undefined);
  return [
    ...unknown.map((table) => `${table} is not in the original`),
    ...Object.entries(original.tables).flatMap(([table, there]) => {
      const here = restored.tables[table];
      if (here === undefined) return [`${table} is missing`];
      if (atLeast < 1) {
        const least = Math.floor(there.rows * atLeast);
        return here.rows < least ? [`${table} has ${here.rows} rows instead of at least ${least} of ${there.rows}`] : [];
      }
      if (here.rows !== there.rows) return [`${table} has ${here.rows} rows instead of ${there.rows}`];
      return here.checksum === there.checksum ? [] : [`${table} has ${here.rows} rows, of which some are not the same`];
    }),
  ];
}
