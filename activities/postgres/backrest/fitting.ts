import { StepError } from '../../error.ts';
import { run } from '../../host/run.ts';
import type { StepContext } from '../../step.ts';
import type { Cluster } from './cluster.ts';
import { as } from './command.ts';
import { hasStanza, readInfo, type Info, type Saved } from './info.ts';
import type { Repository } from './repository.ts';
import { backupFor, sameVersion, type Target } from './target.ts';

/**
 * The backup from which a cluster's own programs reach a target. Throws where the store holds none of the system, none leads there,
 * or it is of another version than they are. Only reads.
 */
export async function fittingBackup(
  target: Target,
  cluster: Cluster,
  repository: Repository,
  context: StepContext,
): Promise<{ readonly info: Info; readonly backup: Saved }> {
  const info = await readInfo(repository, context);
  if (!hasStanza(info))
    throw new StepError(
      'stanza-missing',
      `The store ${repository.store} has no stanza ${repository.stanza}: it holds no backups of ${context.system.name}.`,
      'mistake',
    );
  const backup = await backupFor(target, info, repository, context);
  const asked = { deadline: 5_000, signal: context.signal, viewpoint: context.viewpoint, ...as(cluster.owner) };
  const { stdout } = await run(cluster.host, [cluster.program('postgres'), '--version'], asked);
  sameVersion(stdout, info, backup, cluster.host.name);
  return { info, backup };
}
