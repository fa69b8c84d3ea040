import { z } from 'zod';
import { StepError } from '../error.ts';
import { onEmpty } from '../copy/empty.ts';
import { hostName } from '../fields.ts';
import { inService } from '../in-service.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { checkByHand } from './by-hand.ts';
import type { HostFacts } from '../../plan/plan.ts';
import type { Found } from '../../workflows/protection.ts';
import { memberOf, onMember, type Query } from './connect.ts';
import { lagOf, type Lag } from './lag.ts';
import { askMember, readMember, type Member } from './member.ts';

const role = z.enum(['primary', 'standby']);
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const input = z.object({
  host: hostName("The server that is asked, by its host's name in the inventory."),
  role: role.optional().describe("What it must be: `primary` (takes writes) or `standby` (replays another's)."),
  'max-lag': z.int().min(0).optional().describe('Most that a standby may be behind its primary, bytes. An unknown lag fails.'),
  timeline: z.int().min(1).optional().describe('The timeline it must be on, a number.'),
  rows: z
    .array(
      z
        .object({
          table: z
            .string()
            .regex(/^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?$/, 'a table is named `table` or `schema.table`')
            .describe('The table, `table` or `schema.table`.'),
          'at-least': z.int().min(0).describe('Fewest rows it must have, a number.'),
        })
        .describe('A table and the fewest rows it must have.'),
    )
    .optional()
    .describe('Tables that must have a number of rows.'),
  query: z.string().min(1).optional().describe('One SQL query that only reads; the first column of its first row is the answer.'),
  expect: scalar.optional().describe('What the query must answer: text, a number, true, false or null. Default: true.'),
});
const output = z.object({
  role: role.describe('What it is: `primary` or `standby`.'),
  lag: z.string().describe('How far a standby is behind, in words; `none` on a primary.'),
  'lag-bytes': z.number().nullable().describe('How far a standby is behind its primary, bytes. Null: not known.'),
  'lag-milliseconds': z
    .number()
    .nullable()
    .describe('Age of the last transaction replayed where something is missing, milliseconds. Null: not known.'),
  timeline: z.number().describe('The timeline it is on, a number.'),
  lsn: z.string().describe('Its position in the write-ahead log: flushed on a primary, received on a standby.'),
  version: z.string().describe("The server's version."),
  rows: z.record(z.string(), z.number()).describe('Rows counted, a number by table.'),
  answer: scalar.describe('What the query answered; null without one.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

export default step({
  name: 'postgres.check',
  summary: 'Asks a PostgreSQL server for its role, lag, timeline and content, and holds the answers to what is expected.',
  effect: 'read',
  expected: 100,
  timeout: '1 minute',
  retry: { times: 5, wait: '500 milliseconds' },
  input,
  output,
  example: { host: 'b-db', role: 'standby', 'max-lag': 1_048_576, query: 'select count(*) > 0 from orders', expect: true },
  permissions: [
    'A PostgreSQL login to the database with the role pg_monitor on every member.',
    'SELECT on the tables that `rows` and `query` name.',
  ],

  async preflight({ host: name }, context) {
    const member = await onMember(context.host(name), context.system, context, (query) =>
      readMember(query, context.host(name), context.system),
    );
    return [`PostgreSQL ${member.version} on ${name} is a ${member.recovering ? 'standby' : 'primary'} on timeline ${member.timeline}.`];
  },
  async execute() {
    // Reading is all there is to it.
  },
  verify: check,
  member: true,
  async rehearse(wanted, context) {
    const outcome = await check(wanted, context);
    // Only what takes writes can be emptied.
    if (context.host(wanted.host).copyOf === undefined || outcome.outputs.role === 'standby') return outcome;
    return { ...outcome, findings: await provingNothing(wanted, context) };
  },
  byHand: checkByHand,
  undo: { none: 'It only reads.' },
});

async function check(wanted: Input, context: StepContext): Promise<Outcome<Output>> {
  const host = context.host(wanted.host);
  memberOf(host, context.system);
  return onMember(host, context.system, context, async (query) => {
    const member = await readMember(query, host, context.system);
    const is = member.recovering ? 'standby' : 'primary';
    if (wanted.role && wanted.role !== is)
      throw new StepError('wrong-role', `PostgreSQL on ${host.name} is a ${is}, not a ${wanted.role}.`);
    if (wanted.timeline !== undefined && wanted.timeline !== member.timeline) {
      throw new StepError('wrong-timeline', `PostgreSQL on ${host.name} is on timeline ${member.timeline}, not ${wanted.timeline}.`);
    }
    const lag: Lag = member.recovering ? await lagAt(host, member, context) : { bytes: 0, milliseconds: 0, text: 'none' };
    if (wanted['max-lag'] !== undefined && (lag.bytes === null || lag.bytes > wanted['max-lag'])) {
      throw new StepError('lagging', `${host.name} may be ${wanted['max-lag']} bytes behind; its lag is ${lag.text}.`);
    }
    await query('begin transaction read only');
    const rows = await count(query, wanted, host.name);
    const answer = wanted.query === undefined ? null : await answerOf(query, wanted.query);
    const expected = wanted.expect === undefined ? true : wanted.expect;
    if (wanted.query !== undefined && !same(answer, expected)) {
      throw new StepError(
        'unexpected-answer',
        `\`${wanted.query}\` on ${host.name} answers ${JSON.stringify(answer)}, and ${JSON.stringify(expected)} is expected.`,
      );
    }
    await query('rollback');
    const evidence = [
      `PostgreSQL ${member.version} on ${host.name} is a ${is} on timeline ${member.timeline} at ${member.lsn}; lag ${lag.text}.`,
    ];
    for (const [table, number] of Object.entries(rows)) evidence.push(`Table ${table} on ${host.name} has ${number} rows.`);
    if (wanted.query !== undefined) evidence.push(`\`${wanted.query}\` on ${host.name} answers ${JSON.stringify(answer)}.`);
    const outputs = {
      role: is,
      lag: lag.text,
      'lag-bytes': lag.bytes,
      'lag-milliseconds': lag.milliseconds,
      timeline: member.timeline,
      lsn: member.lsn,
      version: member.version,
      rows,
      answer,
    } as const;
    return { outputs, evidence };
  });
}

/** A copy follows nobody: what counts is how far behind the member is that it is a copy of. */
async function lagAt({ name, copyOf }: HostFacts, member: Member, context: StepContext): Promise<Lag> {
  if (copyOf === undefined) return lagOf(name, member, context);
  const production = inService(context);
  const original = await askMember(production.host(copyOf), production.system, production);
  return original.recovering ? lagOf(copyOf, original, production) : { bytes: 0, milliseconds: 0, text: 'none' };
}

async function count(query: Query, wanted: Input, name: string): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  for (const { table, 'at-least': least } of wanted.rows ?? []) {
    const [row] = await query<{ count: string }>(`select count(*) from ${table}`, [], 30_000);
    rows[table] = Number(row?.count ?? 0);
    if (rows[table] < least)
      throw new StepError('too-few-rows', `Table ${table} on ${name} has ${rows[table]} rows, and at least ${least} are expected.`);
  }
  return rows;
}

/** Checks that hold whether there is anything in the database or not. */
async function provingNothing({ host, query, expect = true, rows = [] }: Input, context: StepContext): Promise<readonly Found[]> {
  const finding = (text: string): Found => ({ subject: context.step.id, code: 'passes-when-empty', weight: 'should', text });
  const none = rows.filter((one) => one['at-least'] === 0).map(({ table }) => table);
  const tables = none.length === 0 ? [] : [finding(`Table ${none.join(', ')} may have no rows at all: ask for at least one.`)];
  if (query === undefined) return tables;
  const answer = await onEmpty(host, query, context);
  if (answer === undefined || !same(scalar.safeParse(answer).data ?? null, expect)) return tables;
  return [
    ...tables,
    finding(
      `\`${query}\` answers ${JSON.stringify(expect)} on an empty database too: it tells nothing of what is in it. Ask what only rows can answer.`,
    ),
  ];
}

/** The first column of the first row. Large numbers come as text from the driver. */
async function answerOf(query: Query, text: string): Promise<z.infer<typeof scalar>> {
  const [row] = await query<Record<string, unknown>>(text, [], 30_000);
  const value = row ? Object.values(row)[0] : null;
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value;
  return value instanceof Date ? value.toISOString() : JSON.stringify(value);
}

function same(answer: z.infer<typeof scalar>, expected: z.infer<typeof scalar>): boolean {
  return (
    answer === expected || (typeof expected === 'number' && typeof answer === 'string' && answer !== '' && Number(answer) === expected)
  );
}
