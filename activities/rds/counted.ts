import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { tagOf, type Tag } from '../aws/tags.ts';
import { StepError } from '../error.ts';
import { counts, countRows, type Counts } from '../postgres/backrest/counts.ts';
import { inService } from '../in-service.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';
import { onDatabase, type Place } from './connect.ts';

/** Rows counted just before and just after a backup was taken: they travel with it, in tags. */
export type When = 'before' | 'after';

/** Tags of RDS take 256 characters each, and a resource has 50. Source: docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html */
const [size, most] = [256, 16];
/** Longest that one count may take, milliseconds. */
const patience = 600_000;

/** Rows by table of a member of the system; a sentence where there is no login, or it cannot be read: a backup is made all the same. */
export async function countRowsOf(place: Place, context: StepContext): Promise<Counts | string> {
  const { rds } = inService(context).system;
  if (rds?.members[place.site]?.toLowerCase() !== place.id || !rds.login)
    return `No rows were counted: the inventory gives no login to ${place.id}.`;
  try {
    return await beating(
      context,
      onDatabase(place, context, (query) => countRows(query, patience)),
    );
  } catch (error) {
    if (!(error instanceof StepError) || error.code === 'cancelled') throw error;
    return `No rows were counted: ${error.message}`;
  }
}

/** As many of the largest counts as tags hold. */
export function asTags(when: When, rows: Counts): Tag[] {
  const text = deflateRawSync(JSON.stringify(rows)).toString('base64');
  const all = Object.entries(rows);
  if (text.length > size * most && all.length > 1) {
    const larger = all.toSorted(([, one], [, other]) => other - one).slice(0, Math.floor(all.length / 2));
    return asTags(when, Object.fromEntries(larger));
  }
  return (text.match(/.{1,256}/gu) ?? []).map((part, index) => ({ Key: `lifeboat:rows-${when}-${index + 1}`, Value: part }));
}

/** The tags that hold counts, of all that a resource has: what a copy takes with it. */
export function countTags(tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = []): Tag[] {
  return tags.flatMap(({ Key, Value }) => (Key?.startsWith('lifeboat:rows-') && Value !== undefined ? [{ Key, Value }] : []));
}

/** The counts that tags hold; undefined where there are none, or not all. */
export function countsIn(when: When, tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = []): Counts | undefined {
  const parts: string[] = [];
  for (let index = 1; ; index += 1) {
    const part = tagOf(tags, `lifeboat:rows-${when}-${index}`);
    if (part === undefined) break;
    parts.push(part);
  }
  if (parts.length === 0) return undefined;
  try {
    const read: unknown = JSON.parse(inflateRawSync(Buffer.from(parts.join(''), 'base64')).toString());
    const found = counts.safeParse(read);
    return found.success ? found.data : undefined;
  } catch {
    return undefined;
  }
}

export const countsField = z
  .object({
    before: counts.describe('Rows by table just before it was taken.'),
    after: counts.describe('Rows by table just after.'),
  })
  .nullable()
  .describe('Rows that were counted around it. Null: none were, for there is no login.');

/** Both counts, as an output. */
export function bothIn(tags: Parameters<typeof countsIn>[1]): z.infer<typeof countsField> {
  const [before, after] = [countsIn('before', tags), countsIn('after', tags)];
  return before && after ? { before, after } : null;
}
