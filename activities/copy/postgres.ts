import { z } from 'zod';
import type { HostFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { greets, postgresKnock } from '../greets.ts';
import { viewFrom } from '../endpoint.ts';
import type { Cluster } from '../postgres/backrest/cluster.ts';
import { must, readText, writeText } from '../postgres/backrest/files.ts';
import { isRunning, start, type Door } from '../postgres/backrest/server.ts';
import { counts, countRows, type Counts } from '../postgres/backrest/counts.ts';
import { onMember, type Query } from '../postgres/connect.ts';
import { readMember } from '../postgres/member.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { copyBackup, replayArchive, roomForBackup, rowsOfBackup } from './from-backup.ts';
import { copyMember, roomForMember } from './from-member.ts';
import { onceUp } from './once-up.ts';
import { clusterOfCopy, databaseCopyOf, doorOf, folderOf, markFolder, mayTake } from './place.ts';

/** Beside the copy. */
const rowsFile = 'rows.json';
/** What one count may take, milliseconds. */
const patience = 30 * 60_000;
const input = z.object({ host: hostName('The copy, by the name that the rehearsal gives it.') });
const output = z.object({
  of: z.string().describe('The member of production that it is a copy of.'),
  directory: z.string().describe('Where it lies.'),
  port: z.number().describe('Its port, a number.'),
  bytes: z.number().describe('What it takes, bytes.'),
  rows: counts.describe('Rows of production by table, counted just before; of a backup, those counted when it was made.'),
});
type Output = z.infer<typeof output>;

export default step({
  name: 'copy.postgres',
  summary: 'Copies a member of a PostgreSQL system, for a rehearsal: a standby that follows nobody, harmless, under a port of its own.',
  effect: 'change',
  expected: 5_000,
  timeout: '1 day',
  retry: { times: 2, wait: '2 seconds' },
  input,
  output,
  example: { host: 'copy-of-b-db' },
  permissions: [
    "The right to run commands on the copy's host as the owner of the data, who may write under the root of copies, with room for a second copy.",
    'A login with REPLICATION from that host at the member that is copied: the user and password file under `postgres.replication`.',
    'A PostgreSQL login there with the role pg_monitor.',
    'For `from: backup`, instead of the login with REPLICATION: pgbackrest on that host, with a way to the store, and room for that backup.',
  ],

  async preflight({ host }, context) {
    const { from } = databaseCopyOf(host, context);
    const cluster = clusterOfCopy(host, context);
    const door = doorOf(cluster.host, context);
    const before = await mayTake(cluster, 'step', context);
    if (before === undefined) await portIsFree(cluster.host, door, context);
    return [from === 'backup' ? await roomForBackup(cluster, context) : await roomForMember(cluster, context)];
  },

  async execute() {
    throw new StepError('rehearsal-only', 'A live run makes no copies.', 'mistake');
  },

  verify: ({ host }, context) => standing(host, context),

  async rehearse({ host }, context) {
    const { from } = databaseCopyOf(host, context);
    const cluster = clusterOfCopy(host, context);
    const door = doorOf(cluster.host, context);
    const before = await mayTake(cluster, 'step', context);
    if (!(await isRunning(cluster, context))) {
      if (before === undefined) {
        await portIsFree(cluster.host, door, context);
        await markFolder(cluster, folderOf(context), context);
      }
      await countBefore(cluster, context);
      await (from === 'backup' ? copyBackup(cluster, context) : copyMember(cluster, context));
      await context.stillOurs();
      await start(cluster, context, door);
    }
    if (from === 'backup') await replayArchive(cluster, context);
    return standing(host, context);
  },

  undo: { none: 'A rehearsal takes its copies away by itself.' },
});

async function portIsFree(host: HostFacts, { port }: Door, context: StepContext): Promise<void> {
  const { greets: taken } = await greets(viewFrom(host.views, context.viewpoint, `host ${host.name}`), port, 1_000, postgresKnock);
  if (!taken) return;
  throw new StepError(
    'port-taken',
    `Something answers at port ${port} of ${host.copyOf}, which the copy is to have: name another under \`rehearsal.at.${host.site}.postgres.port\`.`,
    'person',
  );
}

/** Counts the rows of what is copied, once: an attempt that comes later would count what was written since. */
async function countBefore(cluster: Cluster, context: StepContext): Promise<void> {
  const file = `${folderOf(context)}/${rowsFile}`;
  if ((await readText(cluster, file, context)) !== undefined) return;
  const { of, original, from } = databaseCopyOf(cluster.host.name, context);
  const count = (query: Query): Promise<Counts> => countRows(query, patience);
  const rows =
    from === 'backup'
      ? await rowsOfBackup(cluster, context)
      : await onMember(context.host(of), { ...context.system, postgres: original }, context, count, patience);
  await writeText(cluster, file, JSON.stringify(rows), context);
}

async function countedBefore(cluster: Cluster, context: StepContext): Promise<Counts> {
  return counts.parse(JSON.parse((await readText(cluster, `${folderOf(context)}/${rowsFile}`, context)) ?? '{}'));
}

/** Reads back that the copy answers, is in the right place, and follows nobody. */
async function standing(name: string, context: StepContext): Promise<Outcome<Output>> {
  const { of } = databaseCopyOf(name, context);
  const cluster = clusterOfCopy(name, context);
  const host = context.host(name);
  const member = await onceUp(host, context, (query) => readMember(query, host, context.system));
  if (member.follows !== false) throw new StepError('not-a-copy', `PostgreSQL on ${name} is set up to follow a primary.`, 'mistake');
  const size = await must(cluster, 'see what it takes', ['du', '-sB1', '--', cluster.directory], context, undefined, 120_000);
  const bytes = Number(/^\d+/.exec(size)?.[0]);
  const { port } = doorOf(host, context);
  return {
    outputs: { of, directory: cluster.directory, port, bytes, rows: await countedBefore(cluster, context) },
    evidence: [
      `A copy of ${of} of ${bytes} bytes runs in ${cluster.directory} on ${host.copyOf}, port ${port}: it follows nobody, archives nothing, runs no job and is open to the login of steps alone.`,
    ],
  };
}
