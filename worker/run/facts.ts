import { Context } from '@temporalio/activity';
import { facts as factsSeen } from '../../activities/facts.ts';
import { siteQueue, type RunActivities, type Viewpoint } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import { cloudOf } from '../cloud.ts';
import { secret } from '../secret.ts';
import type { Site } from '../site.ts';
import { pollersOf } from './pollers.ts';

/** `run.facts`: what a gate shows, as the target's site sees it. */
export const facts =
  (site: Site): RunActivities['run.facts'] =>
  (input) =>
    attempt(async ({ signal }) => {
      const cloud = { ...cloudOf(input.aws ?? {}, Context.current().info.workflowExecution!.workflowId), signal };
      const [seen, worker] = await Promise.all([
        factsSeen(input, site.site, { ...cloud, secret: (reference) => secret(reference, cloud) }),
        workerAt(site, input.source.site),
      ]);
      return { ...seen, viewpoints: [...seen.viewpoints, worker] };
    });

/** The source's own worker: one more thing there that lives, or does not. */
async function workerAt(site: Site, source: string): Promise<Viewpoint> {
  const name = `worker at ${source}`;
  try {
    const count = await pollersOf(Context.current().client, site.namespace, siteQueue(source));
    if (count === 0) return { name, sees: 'dead', text: `No worker at ${source} has asked for work in the last minutes.` };
    return { name, sees: 'alive', text: `A worker at ${source} has asked for work in the last minutes.` };
  } catch (error) {
    return {
      name,
      sees: 'unknown',
      text: `The server does not say who works at ${source}: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
