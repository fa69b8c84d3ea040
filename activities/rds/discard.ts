import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { tag, tagOf } from '../aws/tags.ts';
import { beating } from '../note.ts';
import type { StepContext } from '../step.ts';
import { findInstance } from './read.ts';

/** Deletes what this step made, with its backups and without a last snapshot. */
export async function discard(site: string, id: string, context: StepContext): Promise<readonly string[]> {
  const rds = await service('rds', site, context);
  const found = await findInstance(site, id, context);
  if (!found || tagOf(found.TagList, tag.key) !== context.key) return [`This step made no instance ${id} at ${site}.`];
  if (found.DBInstanceStatus !== 'deleting') {
    await mayChange(site, context);
    await rds
      .deleteDBInstance({ DBInstanceIdentifier: id, SkipFinalSnapshot: true, DeleteAutomatedBackups: true })
      .catch((error: unknown) => {
        if (!isAws(error, 'DBInstanceNotFound*')) throw error;
      });
  }
  await beating(context, gone(site, id, context));
  return [`${id} at ${site}, which this step had restored, was deleted with its backups.`];
}

async function gone(site: string, id: string, context: StepContext): Promise<void> {
  while (await findInstance(site, id, context)) await context.sleep(1_000);
}
