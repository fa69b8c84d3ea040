import type { StepError } from '../../error.ts';
import type { StepContext } from '../../step.ts';
import { onMember } from '../connect.ts';
import { sameText, type Scratch } from '../scratch.ts';
import { compareKeyed } from './keyed.ts';
import type { Ledger } from './ledger.ts';
import { nowhere, type Side, type Sides } from './side.ts';
import { databasesOf, has, tablesOf } from './tables.ts';
import { compareUnkeyed } from './unkeyed.ts';

/** Longest that one question to the serving side may take, milliseconds. */
const patience = 120_000;

/** Compares every table of every database of the opened copy with the server that serves. */
export async function compareRows(
  scratch: Scratch,
  source: string,
  oldest: Sides['oldest'],
  ledger: Ledger,
  context: StepContext,
): Promise<void> {
  for (const database of await databasesOf({ rows: (sql) => scratch.rows('template1', sql) })) {
    const old: Side = { rows: (sql) => scratch.rows(database, sql) };
    await onServing(database, source, context, async (serving) => {
      for (const table of await tablesOf(old)) {
        ledger.begin(database, table.name);
        const sides = { old, serving: (await has(serving, table)) ? serving : nowhere, oldest };
        await (table.key.length > 0 ? compareKeyed : compareUnkeyed)(table, sides, ledger);
      }
    });
  }
}

async function onServing(database: string, source: string, context: StepContext, work: (side: Side) => Promise<void>): Promise<void> {
  const { system } = context;
  const there = { ...system, postgres: { ...system.postgres!, database } };
  let begun = false;
  await onMember(context.host(source), there, context, async (query) => {
    for (const set of sameText) await query(set);
    begun = true;
    await work({ rows: (sql) => query(sql, [], patience) });
  }).catch(async (error: StepError) => {
    if (begun || error.code !== 'postgres-database') throw error;
    await work(nowhere);
  });
}
