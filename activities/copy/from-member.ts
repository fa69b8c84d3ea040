import { endpoint } from '../endpoint.ts';
import { StepError } from '../error.ts';
import { job, jobBefore } from '../host/job.ts';
import type { Cluster } from '../postgres/backrest/cluster.ts';
import { also, as } from '../postgres/backrest/command.ts';
import { freeBytes, list, must, removeTree } from '../postgres/backrest/files.ts';
import { onMember } from '../postgres/connect.ts';
import type { StepContext } from '../step.ts';
import { databaseCopyOf } from './place.ts';

/** Longest that a base backup may take, milliseconds. */
const patience = 23 * 60 * 60 * 1_000;
const jobName = 'copy';

/** Throws where a copy of the member that runs would not fit. Only reads. */
export async function roomForMember(cluster: Cluster, context: StepContext): Promise<string> {
  const { of, original } = databaseCopyOf(cluster.host.name, context);
  const bytes = await onMember(context.host(of), { ...context.system, postgres: original }, context, async (query) => {
    const [row] = await query<{ bytes: string; spaces: number }>(
      `select (coalesce((select sum(pg_database_size(oid)) from pg_database), 0) + coalesce((select sum(size) from pg_ls_waldir()), 0))::text as bytes,
         (select count(*)::int from pg_tablespace where spcname !~ '^pg_') as spaces`,
      [],
      30_000,
    );
    if (row?.spaces !== 0)
      throw new StepError(
        'tablespaces',
        `PostgreSQL on ${of} has tablespaces, which lie at the same paths on every host of it: copy another member, or a backup (\`rehearsal.at.${cluster.host.site}.postgres\`: \`host\`, \`from\`).`,
        'person',
      );
    return Number(row.bytes);
  });
  const needed = Math.ceil(bytes * 1.2) + 64e6;
  const free = await freeBytes(cluster, cluster.directory, context);
  if (free >= needed) return `${cluster.host.name} has ${free} bytes free for a copy of the ${bytes} of ${of}.`;
  throw new StepError(
    'disk-full',
    `The disk of ${cluster.directory} on ${cluster.host.name} has ${free} bytes free, and a copy of ${of} needs ${needed}. Make room, or name another host or root under \`rehearsal\`.`,
    'person',
  );
}

/** Makes a base backup of the member, once, as a standby. No slot is made there, and nothing of it is changed. */
export async function copyMember(cluster: Cluster, context: StepContext): Promise<void> {
  if (!(await isWhole(cluster, context))) await take(cluster, context);
  await context.stillOurs();
  await must(cluster, 'say that it is a standby', ['touch', '--', `${cluster.directory}/standby.signal`], context);
}

async function take(cluster: Cluster, context: StepContext): Promise<void> {
  const { of } = databaseCopyOf(cluster.host.name, context);
  const there = also(cluster.host, context);
  if ((await jobBefore(cluster.host.name, jobName, there))?.state !== 'running') {
    await context.stillOurs();
    await removeTree(cluster, cluster.directory, context);
    // What a killed attempt left took room, too.
    await roomForMember(cluster, context);
  }
  const login = loginAt(cluster, context);
  // A standby sends its last bytes of log when it is asked for them, which is once in so many seconds.
  const argv = [
    cluster.program('pg_basebackup'),
    '--status-interval=1',
    '-D',
    cluster.directory,
    '-d',
    login,
    '-w',
    '-X',
    'stream',
    '-c',
    'fast',
    // A slot would keep log on the disk of production for a copy that is slow.
    '--no-slot',
  ];
  const answer = await job(cluster.host.name, { name: jobName, argv, within: patience, again: 'always', ...as(cluster.owner) }, there);
  if (await isWhole(cluster, context)) return;
  throw new StepError('not-copied', `${of} could not be copied: ${answer.stderr.trim().slice(-400) || `exit code ${answer.code}`}`);
}

/** The manifest is written last, under its name only when everything else is there. */
async function isWhole(cluster: Cluster, context: StepContext): Promise<boolean> {
  return (await list(cluster, cluster.directory, context))?.includes('backup_manifest') === true;
}

/** The password stands in a file on the host. */
function loginAt({ host }: Cluster, context: StepContext): string {
  const { of, original } = databaseCopyOf(host.name, context);
  const login = original.replication;
  if (login === undefined)
    throw new StepError(
      'no-replication',
      `The inventory does not say how a copy of ${context.system.name} logs in at its members: add \`postgres.replication\`.`,
      'mistake',
    );
  const at = endpoint(context.host(of), original.port, host.site);
  return Object.entries({
    host: at.address,
    port: String(at.port),
    user: login.user,
    ...(login.passfile === undefined ? {} : { passfile: login.passfile }),
    application_name: 'lifeboat_rehearsal',
    connect_timeout: '3',
  })
    .map(([name, value]) => `${name}='${value.replaceAll(/['\\]/g, '\\$&')}'`)
    .join(' ');
}
