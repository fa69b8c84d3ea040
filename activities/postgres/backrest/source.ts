import type { StepContext } from '../../step.ts';
import { bringBack, newestCopy, sweepBroughtBack } from './copies.ts';
import { restorePatience } from './given.ts';
import { clusterAt, type Cluster } from './cluster.ts';
import { fittingBackup } from './fitting.ts';
import type { Info, Saved } from './info.ts';
import { repositoryOf, type Repository } from './repository.ts';
import { hasRoom } from './restore-into.ts';
import { targetOf, type Target } from './target.ts';

export interface Source {
  readonly repository: Repository;
  readonly info: Info;
  readonly backup: Saved;
  readonly target: Target;
}

/** Finds what a restore starts from, and throws where it cannot reach its target, does not fit, or is of another version. Only reads. */
export async function findSource(
  wanted: { readonly host: string; readonly site?: string | undefined; readonly to: string; readonly directory: string },
  context: StepContext,
  repository: Repository = repositoryOf(context.system, wanted.site ?? context.source.site),
): Promise<Source & { readonly cluster: Cluster; readonly evidence: readonly string[] }> {
  const target = targetOf(wanted.to);
  const cluster = clusterAt(wanted.host, wanted.directory, context);
  const { info, backup } = await fittingBackup(target, cluster, repository, context);
  const room = await hasRoom(cluster, backup, context);
  return {
    repository,
    info,
    backup,
    target,
    cluster,
    evidence: [`Backup ${backup.label} in ${repository.store} leads to ${wanted.to}.`, room],
  };
}

interface Wanted {
  readonly host: string;
  readonly site?: string | undefined;
  readonly from: 'store' | 'copy';
  readonly to: string;
  readonly directory: string;
}

/** Works with the repository itself, or with one brought back out of its copy for as long as the work lasts. */
export async function fromWhere(
  wanted: Pick<Wanted, 'from' | 'site'>,
  context: StepContext,
  work: (repository: Repository) => Promise<void>,
): Promise<void> {
  const site = wanted.site ?? context.source.site;
  if (wanted.from === 'store') return work(repositoryOf(context.system, site));
  const { repository, remove } = await bringBack(site, restorePatience, context);
  try {
    await work(repository);
  } finally {
    if (!context.signal.aborted) await remove();
  }
}

/** What a rehearsal leaves of {@link fromWhere} where it was cut off. */
export async function sweepWhere({ from, site }: Pick<Wanted, 'from' | 'site'>, context: StepContext): Promise<readonly string[]> {
  return from === 'store' ? [] : sweepBroughtBack(site ?? context.source.site, context);
}

/** What can be known before: of the store, whether it leads to the target; of a copy, which there is. Only reads. */
export async function evidenceOf(wanted: Wanted, context: StepContext): Promise<readonly string[]> {
  if (wanted.from === 'store') return (await findSource(wanted, context)).evidence;
  const { vault, snapshot } = await newestCopy(wanted.site ?? context.source.site, context);
  return [
    `${vault.store.name} at ${vault.store.site} opens with the key of ${vault.host}; its newest copy is ${snapshot.id} of ${snapshot.at}.`,
  ];
}
