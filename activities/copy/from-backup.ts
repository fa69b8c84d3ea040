import { job, jobBefore } from '../host/job.ts';
import type { Cluster } from '../postgres/backrest/cluster.ts';
import { also, as, backrest } from '../postgres/backrest/command.ts';
import { explain } from '../postgres/backrest/explain.ts';
import type { Counts } from '../postgres/backrest/counts.ts';
import { fittingBackup } from '../postgres/backrest/fitting.ts';
import { list, readText, removeTree, writeText } from '../postgres/backrest/files.ts';
import { restorePatience } from '../postgres/backrest/given.ts';
import type { Info, Saved } from '../postgres/backrest/info.ts';
import { countsOf } from '../postgres/backrest/marks.ts';
import { reached, repositoryOf, type Repository } from '../postgres/backrest/repository.ts';
import { hasRoom } from '../postgres/backrest/restore-into.ts';
import { gapAt, recovered, recoveryGap } from '../postgres/backrest/recovered.ts';
import { asking } from '../postgres/backrest/server.ts';
import type { Target } from '../postgres/backrest/target.ts';
import { waitsFor } from '../postgres/backrest/waits-for.ts';
import type { StepContext } from '../step.ts';
import { doorOf, folderOf } from './place.ts';

const jobName = 'copy';

interface Chosen {
  readonly repository: Repository;
  readonly info: Info;
  readonly backup: Saved;
}

/** Throws where there is no backup of what serves, of another version, or no room for it. Only reads. */
export async function roomForBackup(cluster: Cluster, context: StepContext): Promise<string> {
  return hasRoom(cluster, (await newest(cluster, context)).backup, context);
}

/** The rows that were counted just before it was made; empty where they were not. */
export async function rowsOfBackup(cluster: Cluster, context: StepContext): Promise<Counts> {
  return countsOf((await chosen(cluster, context)).backup).before;
}

/** Restores the last backup, once, as a standby that replays what the archive holds. */
export async function copyBackup(cluster: Cluster, context: StepContext): Promise<void> {
  if (await isWhole(cluster, context)) return;
  const there = also(cluster.host, context);
  const { repository, backup } = await chosen(cluster, context);
  if ((await jobBefore(cluster.host.name, jobName, there))?.state !== 'running') {
    await context.stillOurs();
    for (const left of [cluster.directory, spacesOf(cluster)]) await removeTree(cluster, left, context);
    // What a killed attempt left took room, too.
    await hasRoom(cluster, backup, context);
  }
  const argv = backrest(repository, 'restore', [
    ...reached(repository, cluster.host),
    `--pg1-path=${cluster.directory}`,
    `--set=${backup.label}`,
    '--type=standby',
    '--archive-mode=off',
    ...apart(cluster, repository),
  ]);
  const wanted = { name: jobName, argv, within: restorePatience, again: 'always', ...as(cluster.owner) } as const;
  const answer = await job(cluster.host.name, wanted, there);
  if (await isWhole(cluster, context)) return;
  throw explain(answer, 'restore', cluster.host.name);
}

/** Waits until the copy, which was started, has replayed what the archive holds by now. A promotion would wait for that, and not for long. */
export async function replayArchive(cluster: Cluster, context: StepContext): Promise<void> {
  const { info, backup } = await chosen(cluster, context);
  const end = info.archive.find(({ database }) => database.id === backup.database.id)?.max;
  const door = doorOf(cluster.host, context);
  const query = asking(cluster, context, { port: door.port });
  let before = '';
  for (let until = 0; ;) {
    await recovered(cluster, 'idle', context, door);
    const [now] = await query<{ at: string | null; reached: boolean | null }>(
      `select pg_last_wal_replay_lsn()::text as at, not pg_is_in_recovery() or ${reaches(end)} as reached`,
    );
    if (now?.reached === true) return;
    if (now?.at !== before) [before, until] = [now?.at ?? '', Date.now() + recoveryGap];
    if (Date.now() > until) throw gapAt(await waitsFor(cluster, context), cluster);
    await context.sleep(500);
  }
}

/** Whether the last position replayed lies behind the beginning of a segment, `TTTTTTTTHHHHHHHHLLLLLLLL`. */
function reaches(segment: string | null | undefined): string {
  if (!/^[0-9A-F]{24}$/.test(segment ?? '')) return 'true';
  const [high, low] = [segment!.slice(8, 16), Number.parseInt(segment!.slice(16), 16)];
  return `pg_last_wal_replay_lsn() - '${high}/0'::pg_lsn > ${low} * pg_size_bytes(current_setting('wal_segment_size'))`;
}

/** Keeps a restore within its own folder, whatever the configuration on that host says: links and tablespaces of production lead out of it. */
function apart(cluster: Cluster, repository: Repository): readonly string[] {
  const own = [...reached(repository, cluster.host), `--pg1-path=${cluster.directory}`];
  // Asynchronously it would take segments out of a queue that production's own servers there share.
  const words = [...backrest(repository, 'archive-get', [...own, '--no-archive-async']), '%f', '%p'];
  // pgBackRest writes it into the settings as it is: apostrophes would end it there.
  const fetch = words.map((word) => `"${word}"`).join(' ');
  return [
    '--no-delta',
    '--no-link-all',
    '--reset-link-map',
    '--reset-tablespace-map',
    `--tablespace-map-all=${spacesOf(cluster)}`,
    '--reset-db-include',
    '--reset-db-exclude',
    `--recovery-option=restore_command=${fetch}`,
  ];
}

const spacesOf = ({ directory }: Cluster): string => `${directory}.tablespaces`;

async function newest(cluster: Cluster, context: StepContext): Promise<Chosen> {
  return fitting({ kind: 'latest' }, cluster, context);
}

/** The same for all attempts of a step, although another backup may be made between them. */
async function chosen(cluster: Cluster, context: StepContext): Promise<Chosen> {
  const file = `${folderOf(context)}/backup`;
  const label = await readText(cluster, file, context);
  if (label !== undefined) return fitting({ kind: 'backup', label }, cluster, context);
  const found = await newest(cluster, context);
  await context.stillOurs();
  await writeText(cluster, file, found.backup.label, context);
  return found;
}

async function fitting(target: Target, cluster: Cluster, context: StepContext): Promise<Chosen> {
  const repository = repositoryOf(context.system, context.source.site);
  return { repository, ...(await fittingBackup(target, cluster, repository, context)) };
}

/** What tells a server where to begin is restored last. */
async function isWhole(cluster: Cluster, context: StepContext): Promise<boolean> {
  return (await list(cluster, `${cluster.directory}/global`, context))?.includes('pg_control') === true;
}
