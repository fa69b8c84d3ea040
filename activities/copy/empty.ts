import { StepError } from '../error.ts';
import { asking, tell } from '../postgres/backrest/server.ts';
import type { StepContext } from '../step.ts';
import { clusterOfCopy, doorOf } from './place.ts';

/** What one question may take, milliseconds. */
const patience = 60_000;
/** Stands before the answer, among what a query itself may print. */
const mark = 'answer-of-the-empty-database:';

/**
 * The first column of the first row that a query answers with on a copy whose tables are all empty, in a transaction that is never
 * committed; null: no row. Undefined: it does not answer there. The copy MUST have been promoted.
 */
export async function onEmpty(name: string, query: string, context: StepContext): Promise<unknown> {
  const cluster = clusterOfCopy(name, context);
  const { port } = doorOf(cluster.host, context);
  const ask = asking(cluster, context, { port });
  const [role] = await ask<{ name: string }>('select rolname as name from pg_roles where rolsuper order by oid limit 1');
  if (role === undefined) return undefined;
  await context.stillOurs();
  const said = await tell(cluster, statements(query), patience, context, { user: role.name, port }).catch((error: unknown) => {
    if (error instanceof StepError && error.remedy === 'person') return undefined;
    throw error;
  });
  if (said === undefined) return undefined;
  const answer = said.split(mark)[1]?.split('\n')[0];
  return answer === undefined ? null : (JSON.parse(answer) as unknown);
}

/**
 * Nothing that waits for rows to go may see them go, and no trigger sees it. Tables are emptied each alone: what hangs below one, or is
 * part of it, may be a foreign table, whose rows another server holds. No foreign key leads to such a one, so none is reached by those.
 */
const statements = (query: string): string => `
begin;
set local session_replication_role = replica;
set local lock_timeout = '5s';
do $empty$
declare tables text;
begin
  select string_agg(format('only %I.%I', n.nspname, c.relname), ', ') into tables
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema';
  if tables is not null then execute 'truncate ' || tables || ' cascade'; end if;
  for tables in select format('%I.%I', schemaname, matviewname) from pg_matviews loop
    execute 'refresh materialized view ' || tables || ' with no data';
  end loop;
end
$empty$;
select '${mark}' || coalesce(to_json(t) -> (select json_object_keys(to_json(t)) limit 1), 'null')::text from (
${query.trim().replace(/;$/, '')}
) t limit 1;
rollback;
`;
