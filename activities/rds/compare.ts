import { z } from 'zod';
import { account } from '../aws/account.ts';
import { tag, tagOf } from '../aws/tags.ts';
import { StepError } from '../error.ts';
import { siteName } from '../fields.ts';
import { beating, note, noted } from '../note.ts';
import { tablesOf } from '../postgres/difference/tables.ts';
import { step, type BackupNews, type Outcome, type StepContext } from '../step.ts';
import { loginOf } from './connect.ts';
import { compareContent, nothing, reading } from './content/compared.ts';
import { rowsOf } from './content/content.ts';
import { fixedField } from './content/fixed.ts';
import { rdsId, siteField, snapshotName } from './fields.ts';
import { findInstance, readInstance } from './read.ts';
import { asBackup, fromTag, newsOf, readSnapshot } from './saved.ts';

/** As many tables as are told, the largest. */
const most = 300;
const input = z.object({
  site: siteField,
  id: rdsId('The restored database instance, by its identifier.'),
  original: z
    .object({
      site: siteName('The AWS site of the original, by its name in the inventory.'),
      id: rdsId('The original database instance, by its identifier.'),
    })
    .describe(
      'The database that it is compared with, row by row. Default: only with the rows counted when the snapshot was taken, and `fixed`.',
    )
    .optional(),
  'at-least': z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe(
      "The part of each table's rows in the original that must be there. Below 1: the original is written to meanwhile. Default: 1, both are the same.",
    ),
  fixed: fixedField,
  backup: z
    .object({
      label: snapshotName('The snapshot that it was restored from, by its name.'),
      store: siteName('The AWS site of that snapshot.'),
    })
    .describe('The backup that is proven when nothing differs.')
    .optional(),
});
const output = z.object({
  compared: z.array(z.string().describe('One thing that was compared.')).describe('What was compared, a sentence each.'),
  rows: z.number().describe('Rows of all its tables, a number.'),
  tables: z
    .record(
      z.string(),
      z.object({
        rows: z.number().describe('Its rows, a number.'),
        checksum: z.string().describe('A sum over the digests of its rows that does not depend on their order.'),
      }),
    )
    .describe(`By \`schema.table\` what was read, of the ${most} tables with most rows.`),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;
const proven = z.object({ outputs: output, backups: z.array(z.custom<BackupNews>()) });
type Proven = z.infer<typeof proven>;

export default step({
  name: 'rds.compare',
  summary:
    'Reads every table of a restored database, compares it with its original or with the rows counted around its backup, and so proves that backup.',
  effect: 'read',
  expected: 60_000,
  timeout: '12 hours',
  retry: { times: 5, wait: '10 seconds' },
  input,
  output,
  example: {
    site: 'us-west-2',
    id: 'shop-db-restored',
    original: { site: 'us-east-1', id: 'shop-db' },
    'at-least': 0.99,
    fixed: [],
    backup: { label: 'shop-db-nightly', store: 'us-west-2' },
  },
  permissions: [
    'A PostgreSQL login, `rds.login` in the inventory, that may read every table of either database: the role pg_read_all_data.',
    'TCP from the worker to the databases.',
  ],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'rds:DescribeDBInstances'],
    execute: ['sts:GetCallerIdentity', 'rds:DescribeDBInstances', 'rds:DescribeDBSnapshots'],
    rehearse: ['sts:GetCallerIdentity', 'rds:DescribeDBInstances', 'rds:DescribeDBSnapshots'],
  },
  iamAt: { 'original.site': ['rds:DescribeDBInstances'], 'backup.store': ['rds:DescribeDBSnapshots'] },

  async preflight(wanted, context) {
    const { site, id, original } = wanted;
    await account(site, context);
    notItself(wanted);
    mustRead(context);
    const there = await findInstance(site, id, context);
    const sides = [...(there ? [{ site, id }] : []), ...(original ? [original] : [])];
    const told = await Promise.all(
      sides.map((side) =>
        reading(side, context, async (query) => {
          const tables = await tablesOf({ rows: (sql) => query(sql) });
          return `${side.id} at ${side.site} answers, and has ${tables.length} tables.`;
        }),
      ),
    );
    return there ? told : [`${id} is not at ${site} yet.`, ...told];
  },

  execute: (wanted, context) => prove(wanted, context),
  verify: async (_, context) => found(context),

  async rehearse(wanted, context) {
    await prove(wanted, context);
    return found(context);
  },

  undo: { none: 'It only reads.' },
});

async function prove(wanted: Input, context: StepContext): Promise<void> {
  notItself(wanted);
  mustRead(context);
  const { tags, arn } = await restoredFrom(wanted, context);
  const backups = await backupOf(wanted, arn, context);
  const { content, compared } = await beating(context, compareContent(wanted, tags, context));
  const rows = Object.values(rowsOf(content)).reduce((sum, one) => sum + one, 0);
  const largest = Object.entries(content.tables).toSorted(([, one], [, other]) => other.rows - one.rows);
  const provenAt = new Date().toISOString();
  note(context, {
    outputs: { compared: [...compared], rows, tables: Object.fromEntries(largest.slice(0, most)) },
    backups: backups.map((backup) => newsOf({ ...backup, provenAt, compared })),
  } satisfies Proven);
}

async function restoredFrom({ site, id }: Input, context: StepContext) {
  const { TagList: tags } = await readInstance(site, id, context);
  return { tags, arn: tagOf(tags, fromTag) };
}

/** The backup that is to be proven. Throws where the instance was not restored from it. */
async function backupOf({ site, id, backup }: Input, arn: string | undefined, context: StepContext) {
  if (backup === undefined) return [];
  const snapshot = await readSnapshot(backup.store, backup.label, context);
  // What a rehearsal saved is taken away again.
  if (snapshot.DBSnapshotArn === arn) return tagOf(snapshot.TagList, tag.purpose) === 'rehearsal' ? [] : [asBackup(snapshot, backup.store)];
  throw new StepError(
    'not-of-this-backup',
    `${id} at ${site} was restored from ${arn ?? 'nothing that it says'}, not from ${snapshot.DBSnapshotArn}: that backup is not proven by it.`,
    'mistake',
  );
}

/** Nobody else has compared it: without what an attempt of this step noted, nothing is proven. */
function found(context: StepContext): Outcome<Output> {
  const known = noted(context, proven);
  if (!known)
    throw new StepError('not-compared', 'No attempt of this step has compared the database to its end: it is compared by nobody else.');
  return { ...known, evidence: known.outputs.compared };
}

function notItself({ site, id, original }: Input): void {
  if (original?.site === site && original.id === id)
    throw new StepError('same-instance', `${id} at ${site} compared with itself proves nothing: name another \`original\`.`, 'mistake');
}

function mustRead(context: StepContext): void {
  try {
    loginOf(context.system);
  } catch (error) {
    throw error instanceof StepError ? nothing(error.message) : error;
  }
}
