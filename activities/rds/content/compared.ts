import type { z } from 'zod';
import { StepError } from '../../error.ts';
import { differences, inWords } from '../../postgres/backrest/counts.ts';
import type { Query } from '../../postgres/connect.ts';
import type { StepContext } from '../../step.ts';
import { onDatabase, type Place } from '../connect.ts';
import { bothIn } from '../counted.ts';
import { contentOf, differencesOf, rowsOf, type Content } from './content.ts';
import { compareFixed, type fixedField } from './fixed.ts';
import { sequencesDiffer } from './sequences.ts';

/** A restored database, and what it is compared with. */
export interface Comparison extends Place {
  readonly original?: Place | undefined;
  /** The part of each table's rows that must be there; 1: both are the same. */
  readonly 'at-least': number;
  readonly fixed: z.infer<typeof fixedField>;
}

/**
 * Compares a restored database with all that it is to be compared with: sentences on what was.
 * @throws StepError `content-differs`, `nothing-compared`, and those of connecting
 */
export async function compareContent(
  wanted: Comparison,
  tags: Parameters<typeof bothIn>[0],
  context: StepContext,
): Promise<{ readonly content: Content; readonly compared: readonly string[] }> {
  const { site, id, original, fixed } = wanted;
  const counted = bothIn(tags);
  const [here, there] = await Promise.all([
    reading(wanted, context, async (query) => ({ content: await contentOf(query), fixed: await compareFixed(fixed, query) })),
    original && reading(original, context, contentOf),
  ]);
  const rows = rowsOf(here.content);
  if (Object.values(rows).every((count) => count === 0))
    throw nothing(`${id} at ${site} holds no row: the wrong database (\`rds.database\`), a login that sees nothing, or an empty backup.`);
  const differ = [
    ...(counted ? differences(counted.before, counted.after, rows) : []),
    ...(there ? differencesOf(there, here.content, wanted['at-least']) : []),
    ...(there ? sequencesDiffer(there.sequences, here.content.sequences, wanted['at-least'] === 1) : []),
  ];
  if (differ.length > 0) throw different(wanted, differ);
  const compared = [
    ...(counted && Object.keys(counted.before).length > 0
      ? [
          `The rows of ${Object.keys(counted.before).length} tables lie between those counted just before and just after the backup: ${inWords(rows)}.`,
        ]
      : []),
    ...(there ? told(wanted, there) : []),
    ...here.fixed,
  ];
  if (compared.length > 0) return { content: here.content, compared };
  throw nothing(
    `There is nothing to compare ${id} at ${site} with: no rows were counted when its backup was made, and neither an \`original\` nor \`fixed\` content is named.`,
  );
}

function told({ original, 'at-least': atLeast }: Comparison, { tables, sequences }: Content): readonly string[] {
  const [many, name] = [Object.keys(tables).length, `${original?.id} at ${original?.site}`];
  if (many === 0) return [];
  return [
    atLeast === 1
      ? `The rows of ${many} tables and ${Object.keys(sequences).length} sequences are those of ${name}, by count and checksum.`
      : `Each of ${many} tables has at least ${atLeast * 100} % of the rows that ${name} has now.`,
  ];
}

/** Where there can be no connection, nothing is compared. */
export async function reading<Result>(place: Place, context: StepContext, work: (query: Query) => Promise<Result>): Promise<Result> {
  try {
    return await onDatabase(place, context, work);
  } catch (error) {
    throw error instanceof StepError && error.code === 'not-postgres' ? nothing(error.message) : error;
  }
}

function different({ site, id, original }: Comparison, differ: readonly string[]): StepError {
  const more = differ.length > 5 ? `, and ${differ.length - 5} more` : '';
  const hint = original === undefined ? '' : ' Where the original is written to meanwhile, say so by `at-least`.';
  return new StepError('content-differs', `${id} at ${site}: ${differ.slice(0, 5).join('; ')}${more}.${hint}`, 'person');
}

export function nothing(message: string): StepError {
  return new StepError('nothing-compared', message, 'person');
}
