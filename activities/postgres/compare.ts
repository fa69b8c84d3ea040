import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { beating, note, noted } from '../note.ts';
import { step, type StepContext } from '../step.ts';
import { Ledger } from './difference/ledger.ts';
import { compareRows } from './difference/rows.ts';
import { mustFit, sizeOf } from './directory.ts';
import { commitsAfter, type Divergence } from './divergence.ts';
import { behind, bytes } from './lsn.ts';
import { onScratch } from './scratch.ts';
import { notYet, returned, stands } from './returned.ts';
import type { Seat } from './seat.ts';

const input = z.object({
  host: hostName('The host of the old primary that came back and is stopped, by its name in the inventory.'),
  with: hostName('The host of the server that serves, by its name in the inventory.'),
});
const output = z.object({
  diverged: z.boolean().describe('Whether the old primary wrote after the other one had been promoted without it.'),
  divergence: z.string().describe('Names what was compared: `compared` of postgres.rewind and postgres.rebuild.'),
  bytes: z.number().nullable().describe('How much it wrote that the other one does not have, bytes of log. Null: not known.'),
  transactions: z.number().nullable().describe('How many transactions it committed that the other one does not have. Null: not known.'),
  rows: z.number().describe('Rows that only the old primary has, or changed last: a number. They are lost where it is rewound.'),
  deleted: z.number().describe('Rows that the old primary deleted and the other one still has, a number.'),
  tables: z.record(z.string(), z.number()).describe('The rows that would be lost or come back, a number by `database table`.'),
  export: z
    .string()
    .nullable()
    .describe("Path of the file with these rows on the worker's machine, one JSON object a line. Null: there are none."),
});
type Output = z.infer<typeof output>;
const found = z.object({ outputs: output, evidence: z.array(z.string()) });

export default step({
  name: 'postgres.compare',
  summary: 'Opens a copy of a returned old primary and exports the rows that only it has, before anything is overwritten.',
  effect: 'change',
  expected: 10_000,
  timeout: '12 hours',
  retry: { times: 2, wait: '5 seconds' },
  input,
  output,
  example: { host: 'a-db', with: 'b-db' },
  permissions: [
    'The right to run commands on the host as the owner of the data directory, and room beside it for a copy.',
    'A login for replication from the host at the server that serves: the user and password file under `postgres.replication`.',
    'A PostgreSQL login at the server that serves that may connect to and read every table: the role pg_read_all_data.',
  ],

  async preflight({ host, with: source }, context) {
    const later = await notYet(host, source, context);
    if (later) return later;
    const { seat, divergence } = await returned(host, source, context);
    if (!divergence) return [`PostgreSQL on ${host} follows ${source} already.`];
    if (divergence.state !== 'ahead' && divergence.state !== 'unrelated') return [divergence.text];
    return [divergence.text, await mustFit(seat, `${seat.data}/..`, (await sizeOf(seat, seat.data)) * 1.1, 'A copy to compare')];
  },

  async execute({ host, with: source }, context) {
    const { seat, divergence } = await returned(host, source, context);
    if (divergence?.state !== 'ahead' && divergence?.state !== 'unrelated') return;
    // An attempt whose answer was lost compared this very state before.
    if (noted(context, found)?.outputs.divergence === divergence.token) return;
    note(context, await beating(context, compare(seat, divergence, source, context)));
  },

  async verify({ host, with: source }, context) {
    const { divergence } = await returned(host, source, context);
    if (divergence?.state !== 'ahead' && divergence?.state !== 'unrelated')
      return same(divergence?.token ?? 'follows', divergence?.text ?? `PostgreSQL on ${host} follows ${source} already.`);
    const known = noted(context, found);
    if (known?.outputs.divergence === divergence.token) return known;
    throw new StepError('not-compared', `${divergence.text} Nothing of this step has compared the two.`);
  },

  rehearse: { none: 'A rehearsal has no returned old primary; only a live exercise proves it.' },
  undo: { none: 'It leaves nothing but a file for people to read.' },
});

function same(divergence: string, text: string) {
  const outputs: Output = { diverged: false, divergence, bytes: 0, transactions: 0, rows: 0, deleted: 0, tables: {}, export: null };
  return { outputs, evidence: [text, 'Nothing that was written is on one side only, so nothing was copied.'] };
}

async function compare(seat: Seat, divergence: Divergence, source: string, context: StepContext): Promise<z.infer<typeof found>> {
  const { host } = seat;
  const { control, fork } = divergence;
  await stands(source, context);
  const commits = fork === null ? null : await commitsAfter(seat, control.timeline, fork);
  const ledger = await Ledger.open(await context.exports(), `rows-only-on-${host.name}-${context.key.slice(0, 12)}.jsonl`);
  try {
    const end = await onScratch(seat, control, context, async (scratch) => {
      const [read] = await scratch.rows<{ lsn: string }>('template1', 'select redo_lsn::text as lsn from pg_control_checkpoint()');
      await compareRows(scratch, source, commits === null ? undefined : commits.oldest, ledger, context);
      return control.state === 'shut down' ? control.checkpoint : (read?.lsn ?? control.checkpoint);
    });
    await ledger.finish();
    return report(divergence, fork === null ? null : behind(fork, end), commits?.count ?? null, ledger, host.name, source);
  } catch (error) {
    await ledger.abandon();
    throw error;
  }
}

function report(
  divergence: Divergence,
  missing: number | null,
  transactions: number | null,
  ledger: Ledger,
  host: string,
  source: string,
): z.infer<typeof found> {
  let [rows, deleted] = [0, 0];
  const tables: { [table: string]: number } = {};
  for (const [table, count] of ledger.counts) {
    rows += count['only-here'] + count.differs;
    deleted += count.deleted;
    const all = count['only-here'] + count.differs + count.deleted;
    if (all > 0) tables[table] = all;
  }
  const any = rows + deleted > 0;
  return {
    outputs: {
      diverged: true,
      divergence: divergence.token,
      bytes: missing,
      transactions,
      rows,
      deleted,
      tables,
      export: any ? ledger.path : null,
    },
    evidence: [
      divergence.text,
      `${host} wrote ${missing === null ? 'an unknown amount of log' : bytes(missing)} and committed ${transactions === null ? 'an unknown number of' : transactions} transactions that ${source} does not have.`,
      any
        ? `${rows} rows are only on ${host} or were changed there last, ${deleted} were deleted there only: they are written to ${ledger.path}.`
        : `Every row of ${host} in ${ledger.counts.size} tables is on ${source} too, or was changed there since.`,
      ...Object.entries(tables).map(([table, count]) => `Table ${table}: ${count} rows differ because of ${host}.`),
      ...(transactions === null
        ? [`The log of ${host} after the fork is gone: rows that ${source} has changed since are counted too.`]
        : []),
    ],
  };
}
