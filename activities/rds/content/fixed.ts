import { z } from 'zod';
import { StepError } from '../../error.ts';
import type { Query } from '../../postgres/connect.ts';
import { patience } from './content.ts';

export const fixedField = z
  .array(
    z.object({
      query: z.string().describe('A question whose answer never changes, in SQL.'),
      digest: z.string().describe('SHA-256 of its sorted rows, hex; a wrong one is answered with the right one.'),
    }),
  )
  .describe('Content that must not have changed.')
  .default([]);

/**
 * Sentences on what was compared.
 * @throws StepError `content-differs`
 */
export async function compareFixed(fixed: z.infer<typeof fixedField>, query: Query): Promise<readonly string[]> {
  for (const { query: text, digest } of fixed) {
    const [found] = await query<{ digest: string }>(
      `select encode(sha256(convert_to(coalesce(string_agg(r::text, E'\\n' order by r::text collate "C"), ''), 'UTF8')), 'hex') as digest from (${text}) r`,
      [],
      patience,
    );
    if (found?.digest !== digest.toLowerCase())
      throw new StepError(
        'content-differs',
        `"${text.slice(0, 100)}" has the digest ${found?.digest} in the restored database, and ${digest} was expected.`,
        'person',
      );
  }
  return fixed.length === 0 ? [] : [`The digests of ${fixed.length} fixed contents are what they shall be.`];
}
