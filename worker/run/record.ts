import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { activityInfo, Context } from '@temporalio/activity';
import type { RunActivities } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import { recordOf } from '../record-of.ts';
import type { Site } from '../site.ts';

/** `run.record`: writes record and report into this site's record store; returns the path of the report. Written again, they are replaced whole. */
export const record =
  (site: Site): RunActivities['run.record'] =>
  ({ journal, folder }) =>
    attempt(async () => {
      const { workflowId, runId } = activityInfo().workflowExecution!;
      const history = await Context.current().client.workflow.getHandle(workflowId, runId).fetchHistory();
      const { record: made, html } = recordOf(history, journal, site.namespace);
      const base = join(
        folder,
        `${made.startedAt.slice(0, 19).replaceAll(':', '')}-${workflowId.replaceAll(/[^\w.-]/gu, '_')}-${runId.slice(0, 8)}`,
      );
      await mkdir(folder, { recursive: true });
      await replace(`${base}.json`, `${JSON.stringify(made, null, 2)}\n`);
      await replace(`${base}.html`, html);
      return `${base}.html`;
    });

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
