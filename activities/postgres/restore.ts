import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { beating } from '../note.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { archiveNow, couldArchive } from './backrest/archived.ts';
import { ownFolder, restoredIn } from '../copy/place.ts';
import { clusterAt, type Cluster } from './backrest/cluster.ts';
import { counts, countRows, inWords } from './backrest/counts.ts';
import { must } from './backrest/files.ts';
import { fromField, restorePatience, servedAt } from './backrest/given.ts';
import { stoppedAt } from './backrest/info.ts';
import { recovered } from './backrest/recovered.ts';
import { discardOwn, keepState, ownPlace, restoreInto, stateOf } from './backrest/restore-into.ts';
import { asking, isRunning, stop } from './backrest/server.ts';
import { evidenceOf, findSource, fromWhere, sweepWhere } from './backrest/source.ts';

const input = z.object({
  host: hostName('The host onto which it is restored, by its name in the inventory.'),
  site: servedAt,
  from: fromField,
  to: z.string().describe('What is brought back: `latest`, an ISO time with its zone, or the label of a backup.').default('latest'),
  directory: z.string().describe('A new directory on the host: nothing is ever restored over data.'),
});
const output = z.object({
  directory: z.string().describe('Where the restored cluster lies, shut down: postgres.adopt puts it in service.'),
  label: z.string().describe('The backup that it was restored from.'),
  claimed: z.string().describe('What was asked for: an ISO time, or `latest`.'),
  'recovery-point': z
    .string()
    .nullable()
    .describe('Commit time of the last transaction that it holds, ISO; null: none came after the backup.'),
  stopped: z.string().describe("Why the recovery stopped there, in the server's words."),
  rows: counts.describe('Rows by table.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

export default step({
  name: 'postgres.restore',
  summary: 'Restores a backup into a new directory, recovers it there up to a point in time, and reads what it holds.',
  effect: 'change',
  expected: 30_000,
  timeout: '12 hours',
  retry: { times: 2, wait: '5 seconds' },
  input,
  output,
  example: { host: 'b-db', from: 'store' as const, to: '2026-01-31T12:00:00Z', directory: '/var/lib/postgresql/restored' },
  permissions: [
    'The right to run pgbackrest, pg_ctl and psql on the host as the owner of its data, who may write where the directory is made.',
    "From that host the login of pgBackRest at the repository's host.",
    'At a primary that still serves, EXECUTE on pg_switch_wal: what it has written until then is archived first.',
  ],

  async preflight(input, context) {
    const wanted = placed(input, context);
    await ownPlace(clusterAt(wanted.host, wanted.directory, context), context);
    return evidenceOf(wanted, context).catch((error: unknown) => archivedFirst(error, wanted, context));
  },

  async execute(wanted, context) {
    await restore(wanted, context);
  },

  verify: (wanted, context) => verified(wanted, context),

  async rehearse(wanted, context) {
    const own = placed(wanted, context);
    await ownFolder(clusterAt(own.host, own.directory, context), context);
    await restore(own, context);
    return verified(own, context);
  },

  undo: async ({ host, directory }, context) => [await discardOwn(clusterAt(host, directory, context), context)],
  sweep: sweepWhere,
});

/** A rehearsal restores where copies lie, whatever the runbook says. */
const placed = (wanted: Input, context: StepContext): Input => (context.run.live ? wanted : { ...wanted, directory: restoredIn(context) });

/** What a primary that still answers has not archived yet is no reason to give up: it archives it when this step begins. */
async function archivedFirst(error: unknown, wanted: Input, context: StepContext): Promise<readonly string[]> {
  const late = context.run.live && error instanceof StepError && error.code === 'target-later-than-archive';
  if (!late || Date.parse(wanted.to) > Date.now() || !(await couldArchive(servedSite(wanted, context), context))) throw error;
  return [`${wanted.to} is not in the archive yet: the primary, which answers, archives what it has written first.`];
}

const servedSite = ({ site }: Input, context: StepContext): string => site ?? context.source.site;

async function restore(wanted: Input, context: StepContext): Promise<void> {
  const before = await stateOf(clusterAt(wanted.host, wanted.directory, context), context);
  if (before?.key === context.key && output.safeParse(before.result).success) return;
  // A rehearsal has the primary in service archive nothing: it restores what lies there.
  if (wanted.from === 'store' && context.run.live) await beating(context, archiveNow(servedSite(wanted, context), context));
  await fromWhere(wanted, context, async (repository) => {
    const source = await findSource(wanted, context, repository);
    const { cluster, target, backup } = source;
    await restoreInto(cluster, { ...source, then: 'promote' }, restorePatience, context);
    const { at, stopped } = await recovered(cluster, 'promoted', context);
    const rows = await countRows(asking(cluster, context), 30 * 60_000);
    const result: Output = {
      directory: cluster.directory,
      label: backup.label,
      claimed: target.kind === 'time' ? target.at : target.kind === 'backup' ? stoppedAt(backup) : 'latest',
      'recovery-point': at,
      stopped,
      rows,
    };
    await context.stillOurs();
    await stop(cluster, 'fast', context);
    const kept = await stateOf(cluster, context);
    if (!kept) throw new StepError('restore-lost', `What was restored in ${cluster.directory} is gone.`);
    await keepState(cluster, { ...kept, result }, context);
  });
}

async function verified({ host, directory }: Input, context: StepContext): Promise<Outcome<Output>> {
  const cluster = clusterAt(host, directory, context);
  const kept = await stateOf(cluster, context);
  const result = output.safeParse(kept?.result);
  if (!result.success || kept?.key !== context.key)
    throw new StepError('not-restored', `This step has not brought a restore in ${cluster.directory} on ${host} to its end.`);
  await mustBeShutDown(cluster, context);
  const { label, claimed, stopped, rows, 'recovery-point': point } = result.data;
  return {
    outputs: result.data,
    evidence: [
      `Backup ${label} was restored into ${cluster.directory} on ${host}, asked for ${claimed}; its last transaction is of ${point ?? 'the backup itself'} (${stopped}).`,
      `It was opened with archiving, replication, subscriptions and libraries off, reached by nobody, and shut down again. Rows: ${inWords(rows)}.`,
    ],
  };
}

async function mustBeShutDown(cluster: Cluster, context: StepContext): Promise<void> {
  const control = await must(cluster, 'read the control data', [cluster.program('pg_controldata'), '-D', cluster.directory], context);
  const state = /^Database cluster state:\s*(.+)$/m.exec(control)?.[1];
  if (state === 'shut down' && !(await isRunning(cluster, context))) return;
  throw new StepError('not-restored', `The cluster in ${cluster.directory} on ${cluster.host.name} is not shut down cleanly: ${state}.`);
}
