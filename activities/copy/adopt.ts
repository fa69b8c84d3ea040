import { StepError } from '../error.ts';
import { must, readText, removeTree } from '../postgres/backrest/files.ts';
import { isRunning, start, stop } from '../postgres/backrest/server.ts';
import type { StepContext } from '../step.ts';
import { onceUp } from './once-up.ts';
import { clusterOfCopy, copiesOf, doorOf, folderOf, markFolder, mayTake } from './place.ts';

/** Has a cluster that a rehearsal restored run, harmless, in the place of the copy; returns when it answers. It survives running twice. */
export async function serveRestored(name: string, from: string, context: StepContext): Promise<void> {
  const cluster = clusterOfCopy(name, context);
  if (!from.startsWith(`${copiesOf(context).root}/`))
    throw new StepError('not-a-copy', `${from} does not lie where copies lie: a rehearsal has nothing else run.`, 'mistake');
  const door = doorOf(cluster.host, context);
  await mayTake(cluster, 'run', context);
  if ((await readText(cluster, `${from}/PG_VERSION`, context)) !== undefined) {
    await markFolder(cluster, folderOf(context), context);
    await context.stillOurs();
    await stop(cluster, 'immediate', context);
    await removeTree(cluster, cluster.directory, context);
    await must(cluster, `move ${from} into its place`, ['mv', '-T', '--', from, cluster.directory], context);
  }
  if (!(await isRunning(cluster, context))) {
    await context.stillOurs();
    await start(cluster, context, door);
  }
  await onceUp(cluster.host, context, (query) => query('select'));
}
