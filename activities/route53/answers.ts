import { z } from 'zod';
import { askServer } from '../dns/ask.ts';
import { canonical, server } from '../dns/fields.ts';
import { StepError } from '../error.ts';
import { recordName } from './fields.ts';

/** What resolvers are to say of a name. */
export const answers = z.object({
  record: recordName('The name that clients ask for.'),
  type: z.enum(['A', 'AAAA', 'CNAME']).default('A').describe('Type of its records.'),
  values: z.array(z.string().min(1)).min(1).describe('What it is answered afterwards.'),
  resolvers: z.array(server('A resolver, ADDRESS or ADDRESS:PORT.')).min(1).describe('The resolvers that are asked.'),
});

/** What a resolver says that does not lead to the target; undefined: all do. */
export async function elsewhere(wanted: z.infer<typeof answers> | undefined): Promise<StepError | undefined> {
  if (wanted === undefined) return undefined;
  const expected = wanted.values.map((value) => canonical(wanted.type, value)).sort();
  for (const resolver of wanted.resolvers) {
    const { values, error } = await askServer(resolver, wanted.record, wanted.type);
    if (error === undefined && values.length > 0 && values.every((value) => expected.includes(value))) continue;
    const says = error ?? (values.join(', ') || 'nothing');
    return new StepError('not-answered', `${resolver} answers ${wanted.record} with ${says}, not with ${expected.join(', ')}.`);
  }
  return undefined;
}
