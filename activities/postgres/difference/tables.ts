import { literal, type Side } from './side.ts';

export interface Table {
  /** Schema and name, quoted where they must be. */
  readonly name: string;
  /** Columns of the primary key, in its order; empty where there is none. */
  readonly key: readonly { readonly column: string; readonly type: string }[];
}
/** Values of a primary key, as text. */
export type Key = readonly string[];

/** Every database of a cluster that takes connections. */
export async function databasesOf(side: Side): Promise<readonly string[]> {
  const found = await side.rows<{ name: string }>('select datname::text as name from pg_database where datallowconn and not datistemplate');
  return found.map(({ name }) => name).sort();
}

/** Every table that is kept and replicated, with its key; partitions each for itself. */
export async function tablesOf(side: Side): Promise<readonly Table[]> {
  const found = await side.rows<{ name: string; key: string }>(`
    select c.oid::regclass::text as name, coalesce((
        select json_agg(json_build_object('column', quote_ident(a.attname), 'type', format_type(a.atttypid, a.atttypmod)) order by k.place)
        from pg_index i cross join unnest(i.indkey::int2[]) with ordinality k(number, place)
          join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
        where i.indrelid = c.oid and i.indisprimary and i.indisvalid), '[]')::text as key
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by 1`);
  return found.map(({ name, key }) => ({ name, key: JSON.parse(key) as Table['key'] }));
}

/** Whether a table is there with the columns of this key. */
export async function has(side: Side, { name, key }: Table): Promise<boolean> {
  const [found] = await side.rows<{ columns: string }>(
    `select count(a.attnum)::text as columns from pg_class c left join pg_attribute a
       on a.attrelid = c.oid and not a.attisdropped and quote_ident(a.attname) in (${['', ...key.map(({ column }) => column)].map(literal).join()})
     where c.oid = to_regclass(${literal(name)}) group by c.oid`,
  );
  return Number(found?.columns ?? -1) === key.length;
}

/** The key's columns, for comparing and ordering. */
export function columns({ key }: Table): string {
  return key.map(({ column }) => `t.${column}`).join(', ');
}

/** The key's values as a JSON array of texts, itself as text. */
export function keyText({ key }: Table): string {
  return `json_build_array(${key.map(({ column }) => `t.${column}::text`).join(', ')})::text`;
}

/** Keys after `low` and up to `high`; null: no bound. */
export function between(table: Table, low: Key | null, high: Key | null): string {
  const bound = (key: Key | null, sign: string): string => (key === null ? 'true' : `(${columns(table)}) ${sign} ${tuple(table, key)}`);
  return `${bound(low, '>')} and ${bound(high, '<=')}`;
}

/** The rows with these keys. */
export function among(table: Table, keys: readonly Key[]): string {
  return keys.length === 0 ? 'false' : `(${columns(table)}) in (${keys.map((key) => tuple(table, key)).join(', ')})`;
}

function tuple({ key }: Table, values: Key): string {
  return `(${key.map(({ type }, at) => `${literal(values[at] ?? '')}::${type}`).join(', ')})`;
}
