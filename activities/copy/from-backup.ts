import { job, jobBefore } from '../host/job.ts';
import type { Cluster } from '../postgres/backrest/cluster.ts';
import { also, as, backrest } from '../postgres/backrest/command.ts';
import { explain } from '../postgres/backrest/explain.ts';
import type { Counts } from '../postgres/backrest/counts.ts';
import { fittingBackup } from '../postgres/backrest/fitting.ts';
import { must, removeTree } from '../postgres/backrest/files.ts';
import { restorePatience } from '../postgres/backrest/given.ts';
import type { Saved } from '../postgres/backrest/info.ts';
import { countsOf } from '../postgres/backrest/marks.ts';
import { reached, repositoryOf, type Repository } from '../postgres/backrest/repository.ts';
import { hasRoom } from '../postgres/backrest/restore-into.ts';
import type { StepContext } from '../step.ts';

const jobName = 'copy';

/** Throws where there is no backup of what serves, of another version, or no room for it. Only reads. */
export async function roomForBackup(cluster: Cluster, context: StepContext): Promise<string> {
  return hasRoom(cluster, (await newest(cluster, context)).backup, context);
}

/** The rows that were counted just before it was made; empty where they were not. */
export async function rowsOfBackup(cluster: Cluster, context: StepContext): Promise<Counts> {
  return countsOf((await newest(cluster, context)).backup).before;
}

/** Restores the last backup, once, as a standby that replays what the archive holds. */
export async function copyBackup(cluster: Cluster, context: StepContext): Promise<void> {
  if (await isWhole(cluster, context)) return;
  const there = also(cluster.host, context);
  const { repository, backup } = await newest(cluster, context);
  await hasRoom(cluster, backup, context);
  if ((await jobBefore(cluster.host.name, jobName, there))?.state !== 'running') {
    await context.stillOurs();
    await removeTree(cluster, cluster.directory, context);
  }
  const argv = backrest(repository, 'restore', [
    ...reached(repository, cluster.host),
    `--pg1-path=${cluster.directory}`,
    '--archive-mode=off',
    '--type=standby',
  ]);
  const wanted = { name: jobName, argv, within: restorePatience, again: 'always', ...as(cluster.owner) } as const;
  const answer = await job(cluster.host.name, wanted, there);
  if (answer.code === 0 && (await isWhole(cluster, context))) return;
  throw explain(answer, 'restore', cluster.host.name);
}

async function newest(cluster: Cluster, context: StepContext): Promise<{ readonly repository: Repository; readonly backup: Saved }> {
  const repository = repositoryOf(context.system, context.source.site);
  const { backup } = await fittingBackup({ kind: 'latest' }, cluster, repository, context);
  return { repository, backup };
}

/** What tells a server where to begin is restored last. */
async function isWhole(cluster: Cluster, context: StepContext): Promise<boolean> {
  const argv = ['find', `${cluster.directory}/global`, '-maxdepth', '1', '-name', 'pg_control'];
  return (await must(cluster, 'look', argv, context).catch(() => '')).trim() !== '';
}
