import { dirname } from 'node:path';
import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { note, noted } from '../note.ts';
import { step, type BackupNews, type Outcome, type StepContext } from '../step.ts';
import { ownFolder, restoredIn } from '../copy/place.ts';
import { clusterAt, type Cluster } from './backrest/cluster.ts';
import { counts, countRows, differences, inWords } from './backrest/counts.ts';
import { fromField, restorePatience, servedAt } from './backrest/given.ts';
import { news, stoppedAt, type Saved } from './backrest/info.ts';
import { countsOf } from './backrest/marks.ts';
import { markersThere } from './backrest/marked.ts';
import { readable } from './backrest/readable.ts';
import { recovered } from './backrest/recovered.ts';
import { discardOwn, restoreInto } from './backrest/restore-into.ts';
import { asking } from './backrest/server.ts';
import { evidenceOf, findSource, fromWhere, sweepWhere } from './backrest/source.ts';
import { toolVerifies } from './backrest/tool-verify.ts';
import { postgresOf } from './connect.ts';

const input = z.object({
  host: hostName('The host on which it is restored for a while: not the one that was backed up.'),
  site: servedAt,
  from: fromField,
  label: z.string().describe('The backup: its label, or `latest`.').default('latest'),
  scratch: z
    .string()
    .describe('A directory on the host for the restored copy, removed afterwards. Default: beside the data directory.')
    .optional(),
  fixed: z
    .array(
      z.object({
        query: z.string().describe('A question whose answer never changes, in SQL.'),
        digest: z.string().describe('SHA-256 of its sorted rows, hex; a wrong one is answered with the right one.'),
      }),
    )
    .describe('Content that must not have changed.')
    .default([]),
});
const output = z.object({
  label: z.string().describe('The backup that is proven.'),
  compared: z.array(z.string().describe('One thing that was compared.')).describe('What was compared, a sentence each.'),
  rows: counts.describe('Rows by table in the restored copy.'),
  'recovery-point': z.string().describe('Up to when the backup holds the data, ISO time.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;
const proven = z.object({ outputs: output, backups: z.custom<BackupNews>() });
type Proven = z.infer<typeof proven>;

export default step({
  name: 'postgres.verify',
  summary: 'Proves a backup: restores it elsewhere, reads every table, and compares what it holds with what was counted when it was made.',
  effect: 'change',
  expected: 30_000,
  timeout: '12 hours',
  retry: { times: 2, wait: '10 seconds' },
  input,
  output,
  example: { host: 'b-db', from: 'store' as const, label: 'latest', fixed: [] },
  permissions: [
    'The right to run pgbackrest, pg_ctl and psql on the host as the owner of its data, who may write where the scratch directory is made.',
    'The right to run pgbackrest as the owner of the repository on its host.',
  ],

  async preflight(wanted, context) {
    elsewhere(wanted, context);
    return evidenceOf({ ...wanted, to: wanted.label, directory: place(wanted, context).directory }, context);
  },

  execute: (wanted, context) => prove(wanted, context),

  verify: async (_, context) => told(context),

  async rehearse(wanted, context) {
    await prove(wanted, context);
    const { outputs, evidence } = told(context);
    return { outputs, evidence };
  },

  undo: async (wanted, context) => [await discardOwn(place(wanted, context), context)],
  sweep: sweepWhere,
});

async function prove(wanted: Input, context: StepContext): Promise<void> {
  elsewhere(wanted, context);
  await fromWhere(wanted, context, async (repository) => {
    const cluster = place(wanted, context);
    await ownFolder(cluster, context);
    const { info, backup } = await findSource({ ...wanted, to: wanted.label, directory: cluster.directory }, context, repository);
    const compared = [await toolVerifies(repository, backup, context)];
    if (wanted.from === 'copy') compared.unshift(`It was brought back out of its copy, by the key of ${repository.host.site} alone.`);
    try {
      // Up to where the backup is whole, and no further: that is what was counted.
      const target = { kind: 'backup', label: backup.label } as const;
      await restoreInto(cluster, { repository, backup, target, then: 'promote' }, restorePatience, context);
      await recovered(cluster, 'promoted', context);
      compared.push(`It was restored and started on ${cluster.host.name}.`, await readable(cluster, context));
      const { rows, sentences } = await compare(wanted, backup, cluster, context);
      const all = [...compared, ...sentences];
      const known = news(info, repository.store, { label: backup.label, compared: all });
      // A copy is of what there was, not of what there is.
      const backups = wanted.from === 'copy' ? { ...known, complete: false } : known;
      note(context, {
        outputs: { label: backup.label, compared: all, rows, 'recovery-point': stoppedAt(backup) },
        backups,
      } satisfies Proven);
    } finally {
      if (!context.signal.aborted) await discardOwn(cluster, context);
    }
  });
}

async function compare(wanted: Input, backup: Saved, cluster: Cluster, context: StepContext) {
  const query = asking(cluster, context);
  const { before, after } = countsOf(backup);
  const tables = Object.keys(before);
  const rows = await countRows(query, restorePatience, tables);
  const different = differences(before, after, rows);
  if (different.length > 0)
    throw new StepError(
      'content-differs',
      `Backup ${backup.label} was restored, and ${different.slice(0, 5).join('; ')}: it stays unproven.`,
      'person',
    );
  const began = new Date(backup.timestamp.start * 1_000).toISOString();
  const marked = await markersThere(query, began, context);
  const sentences = [
    ...(tables.length > 0
      ? [`The rows of ${tables.length} tables lie between those counted just before and just after it: ${inWords(rows)}.`]
      : []),
    ...(marked === undefined ? [] : [marked]),
    ...(await fixedContent(wanted, cluster, context)),
  ];
  if (sentences.length > 0) return { rows, sentences };
  throw new StepError(
    'nothing-compared',
    `Backup ${backup.label} was restored, and there is nothing to compare it with: no rows were counted when it was made, no probe watches ${context.system.name}, and nothing is named as fixed.`,
    'person',
  );
}

async function fixedContent({ fixed }: Input, cluster: Cluster, context: StepContext): Promise<readonly string[]> {
  const query = asking(cluster, context);
  for (const { query: text, digest } of fixed) {
    const rows = `select encode(sha256(convert_to(coalesce(string_agg(r::text, E'\\n' order by r::text collate "C"), ''), 'UTF8')), 'hex') as digest from (${text}) r`;
    const [found] = await query<{ digest: string }>(rows, [], 30 * 60_000);
    if (found?.digest !== digest.toLowerCase())
      throw new StepError(
        'content-differs',
        `"${text.slice(0, 100)}" has the digest ${found?.digest} in the restored copy, and ${digest} was expected.`,
        'person',
      );
  }
  return fixed.length === 0 ? [] : [`The digests of ${fixed.length} fixed contents are what they shall be.`];
}

/** Nobody else has compared it: without what an attempt of this step noted, it is not proven. */
function told(context: StepContext): Outcome<Output> {
  const found = noted(context, proven);
  if (!found)
    throw new StepError('not-verified', 'No attempt of this step has compared the backup to its end: it is compared by nobody else.');
  const { outputs, backups } = found;
  return { outputs, backups: [backups], evidence: [`Backup ${outputs.label} is proven.`, ...outputs.compared] };
}

function place({ host, scratch }: Input, context: StepContext): Cluster {
  const data = postgresOf(context.system).data[context.host(host).site];
  const beside = `${dirname(data ?? '/var/lib/postgresql/data')}/lifeboat-verify-${context.key.slice(0, 12)}`;
  return clusterAt(host, context.run.live ? (scratch ?? beside) : restoredIn(context), context);
}

function elsewhere({ host, site }: Input, context: StepContext): void {
  if (postgresOf(context.system).members[site ?? context.source.site] !== host) return;
  throw new StepError(
    'not-elsewhere',
    `${host} is the host that was backed up: a backup counts only when it was restored elsewhere.`,
    'mistake',
  );
}
