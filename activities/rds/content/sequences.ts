import type { Query } from '../../postgres/connect.ts';

/** By `schema.sequence`: the last value that was given out, as text; null: none was. */
export interface Sequences {
  readonly [sequence: string]: { readonly last: string | null; readonly increment: string };
}

/** So many values are logged ahead: after a crash, and so in a backup, a sequence may have skipped them. Source: PostgreSQL's SEQ_LOG_VALS. */
const ahead = 32n;

export async function sequencesOf(query: Query): Promise<Sequences> {
  const found = await query<{ name: string; last: string | null; increment: string }>(`
    select format('%I.%I', schemaname, sequencename) as name, last_value::text as last, increment_by::text as increment
    from pg_catalog.pg_sequences order by 1`);
  return Object.fromEntries(found.map(({ name, last, increment }) => [name, { last, increment }]));
}

/** How the sequences of a restored database differ from those of its original, sentences without an end. `still`: the original is not written to. */
export function sequencesDiffer(original: Sequences, restored: Sequences, still: boolean): readonly string[] {
  return Object.entries(original).flatMap(([name, { last, increment }]) => {
    const here = restored[name];
    if (here === undefined) return [`the sequence ${name} is missing`];
    if (here.last === null && last === null) return [];
    const steps = (BigInt(here.last ?? 0) - BigInt(last ?? 0)) / (BigInt(increment) || 1n);
    // A live original has gone on; a restored one is never further than what is logged ahead.
    const fits = steps <= ahead && (!still || (steps >= 0n && here.last !== null));
    return fits ? [] : [`the sequence ${name} stands at ${here.last ?? 'its start'} instead of ${last ?? 'its start'}`];
  });
}
