import { StepError } from '../../error.ts';
import type { StepContext } from '../../step.ts';
import type { Cluster } from './cluster.ts';
import { countRows } from './counts.ts';
import { asking, tell } from './server.ts';

const patience = 6 * 3_600_000;

const damagedRows = `
  select c.oid::regclass::text as name, v.msg as problem
  from pg_class c, lateral verify_heapam(c.oid, check_toast => true) v
  where c.relkind in ('r', 'm', 't') and c.relpersistence = 'p'
  limit 3`;
/** An index that is damaged ends the question with an error. */
const checkedIndexes = `
  select count(checked::text)::int as indexes from (
    select bt_index_check(i.indexrelid, true) as checked
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
    where a.amname = 'btree' and c.relpersistence = 'p' and i.indisready and i.indisvalid) as all_indexes`;
const checkedTables = `select count(*)::int as tables from pg_class where relkind in ('r', 'm', 't') and relpersistence = 'p'`;

/** Reads every table and index of every database of a scratch cluster, by amcheck. It installs amcheck there. Throws where one is damaged. */
export async function readable(cluster: Cluster, context: StepContext): Promise<string> {
  const query = asking(cluster, context);
  const [first] = await query<{ boss: string; amcheck: boolean }>(
    `select rolname as boss, exists (select from pg_available_extensions where name = 'amcheck') as amcheck from pg_roles where oid = 10`,
  );
  const databases = await query<{ name: string }>('select datname as name from pg_database where datallowconn and not datistemplate');
  const user = first?.boss ?? cluster.user;
  if (!first?.amcheck) {
    for (const { name } of databases) await countRows(asking(cluster, context, { user, database: name }), patience, undefined, Infinity);
    return `Every row of every table in ${databases.length} databases was read; amcheck is not installed there.`;
  }
  let [tables, indexes] = [0, 0];
  for (const { name: database } of databases) {
    const asked = asking(cluster, context, { user, database });
    await tell(cluster, 'create extension if not exists amcheck schema pg_catalog;', 60_000, context, { user, database });
    const [damage] = await asked<{ name: string; problem: string }>(damagedRows, [], patience).catch(damaged);
    if (damage) damaged(new Error(`${damage.name}: ${damage.problem}`));
    indexes += (await asked<{ indexes: number }>(checkedIndexes, [], patience).catch(damaged))[0]?.indexes ?? 0;
    tables += (await asked<{ tables: number }>(checkedTables))[0]?.tables ?? 0;
  }
  return `amcheck read ${tables} tables and ${indexes} indexes in ${databases.length} databases and found no damage.`;

  function damaged(error: unknown): never {
    if (error instanceof StepError && error.remedy === 'again') throw error;
    throw new StepError(
      'content-damaged',
      `What was restored on ${cluster.host.name} is damaged: ${(error as Error).message.slice(0, 300)}`,
      'person',
    );
  }
}
