import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { countRows, inWords, most, type Counts } from '../postgres/backrest/counts.ts';
import { onMember, type Query } from '../postgres/connect.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { copiesOf, type DatabaseCopy } from './place.ts';

/** What one count may take, milliseconds. */
const patience = 30 * 60_000;
const input = z.object({
  with: hostName('The member of production that the rows of its copy are compared with; that is only read.'),
  before: z
    .record(z.string(), z.number())
    .describe('Rows of production by table, counted just before the copy was made: those of the copy lie between these and those of now.')
    .optional(),
  'may-differ': z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('Share of its rows by which a table may differ: production goes on meanwhile. A number from 0 to 1.'),
});
const counts = z.record(z.string(), z.number());
const output = z.object({
  rows: counts.describe('Rows of the copy by table.'),
  production: counts.describe('Rows of production by table, counted after those of the copy.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

export default step({
  name: 'copy.compare',
  summary: 'Compares the rows of a copy with those of production, table by table.',
  effect: 'read',
  at: 'target',
  expected: 500,
  timeout: '1 hour',
  input,
  output,
  example: { with: 'b-db', 'may-differ': 0.1 },
  permissions: ['SELECT on all user tables, by the login of steps, in production.'],

  async preflight({ with: name }, context) {
    databaseCopy(name, context);
    return [];
  },
  async execute() {
    // Reading is all there is to it.
  },
  verify: compare,
  proves: true,
  rehearse: compare,
  undo: { none: 'It changes nothing.' },
});

async function compare({ with: name, before, 'may-differ': share }: Input, context: StepContext): Promise<Outcome<Output>> {
  const { host, original } = databaseCopy(name, context);
  const count = (query: Query, wanted?: readonly string[]): Promise<Counts> => countRows(query, patience, wanted);
  const onCopy = (work: (query: Query) => Promise<Counts>): Promise<Counts> =>
    onMember(context.host(host), context.system, context, work, patience);
  const largest = await onCopy(count);
  const production = await onMember(context.host(name), { ...context.system, postgres: original }, context, count, patience);
  // Where not all are counted, those that are largest there need not be the same.
  const unseen = Object.keys(production).filter((table) => !Object.hasOwn(largest, table));
  const rows = unseen.length === 0 ? largest : { ...largest, ...(await onCopy((query) => count(query, unseen))) };
  const isWhole = before !== undefined && Object.keys(before).length < most;
  const bad = Object.entries(production).flatMap(([table, now]) => {
    const here = rows[table];
    // Where all were counted then, what is not named was not there.
    const then = before?.[table] ?? (isWhole ? 0 : now);
    const [low, high] = [Math.min(then, now), Math.max(then, now)];
    if (here === undefined) return low === 0 && before !== undefined ? [] : [`${table} is missing`];
    if (here === 0 && low > 0) return [`${table} is empty, and production has ${now} rows`];
    const slack = Math.max(100, share * high);
    const had = then === now ? '' : `, and ${then} before the copy was made`;
    return here < low - slack || here > high + slack ? [`${table} has ${here} rows, and production ${now}${had}`] : [];
  });
  if (bad.length > 0)
    throw new StepError('content-differs', `The copy is not what production is: ${bad.slice(0, 5).join('; ')}.`, 'person');
  if (Object.values(rows).every((all) => all === 0))
    throw new StepError(
      'nothing-compared',
      'The copy has no row in any table, and neither has production: nothing is proven by it.',
      'person',
    );
  return {
    outputs: { rows, production },
    evidence: [`In every table the rows are as many as in production, within what was written meanwhile: ${inWords(rows)}.`],
  };
}

function databaseCopy(of: string, context: StepContext): DatabaseCopy {
  const { postgres } = copiesOf(context);
  if (postgres?.of === of) return postgres;
  throw new StepError('not-a-copy', `This rehearsal has no copy of ${of}.`, 'mistake');
}
