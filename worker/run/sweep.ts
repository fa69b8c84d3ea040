import { setTimeout as sleep } from 'node:timers/promises';
import { activityInfo, Context } from '@temporalio/activity';
import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { StepError } from '../../activities/error.ts';
import { sweep as sweepAt, type Swept } from '../../activities/sweep/sweep.ts';
import type { Leftover, SweepContext } from '../../activities/sweep/sweeper.ts';
import { placesOf } from '../../plan/rehearsal/places.ts';
import { own } from '../../plan/facts.ts';
import type { RunActivities, SweepCall, SweepResult } from '../../workflows/wire.ts';
import { attempt } from '../attempt.ts';
import { cloudOf } from '../cloud.ts';
import { stillOurs } from '../ours.ts';
import type { Site } from '../site.ts';
import { load } from './folder.ts';

/** `run.sweep`: takes away what rehearsals left at this worker's site. */
export const sweep =
  (site: Site): RunActivities['run.sweep'] =>
  (input) =>
    attempt(async ({ signal, beat }) => {
      const { client } = Context.current();
      const before = (activityInfo().heartbeatDetails as readonly Leftover[] | undefined) ?? [];
      const around = {
        over: (run: string) => isOver(client, run),
        before,
        begun: (doomed: readonly Leftover[]) => beat(doomed.slice(0, few)),
      };
      return bounded(await sweepAt(input, contextOf(site, input, client, signal), around));
    });

/** An answer that is larger than a payload holds would be asked for again, for ever. */
const [many, few] = [1_000, 200];
function bounded({ removed, left, others, problems }: Swept): SweepResult {
  return {
    removed: removed.slice(0, many),
    gone: removed.length,
    left: left.slice(0, few),
    others: others.slice(0, few),
    problems: problems.slice(0, 20).map((problem) => problem.slice(0, 500)),
  };
}

/** `run.places`: where rehearsals of a system may leave something, by site. */
export const places =
  (site: Site): RunActivities['run.places'] =>
  ({ system }) =>
    attempt(async () => {
      const { inventory } = await load(site.runbooks);
      if (own(inventory.data.systems, system) === undefined)
        throw new StepError('unknown-system', `The inventory has no system "${system}".`, 'mistake');
      return placesOf(inventory, system);
    });

/** `run.over`: whether a rehearsal is over. */
export const over = (): RunActivities['run.over'] => (input) =>
  attempt(() => isOver(Context.current().client, input.run, ({ raw }) => raw.workflowExecutionInfo?.firstRunId === input.origin));

function contextOf(site: Site, { system, place }: SweepCall, client: Client, signal: AbortSignal): SweepContext {
  const { workflowId } = activityInfo().workflowExecution!;
  return {
    ...cloudOf(place.aws === undefined ? {} : { [site.site]: place.aws }, workflowId),
    system: { name: system },
    site: site.site,
    place,
    viewpoint: site.site,
    signal,
    sleep: (milliseconds) => sleep(milliseconds, undefined, { signal }),
    stillOurs: () => stillOurs(client, system, null),
  };
}

/** Whether no run of this workflow id runs, of those that are meant. */
async function isOver(client: Client, run: string, meant: (one: WorkflowExecutionDescription) => boolean = () => true): Promise<boolean> {
  try {
    const described = await client.workflow.getHandle(run).describe();
    return described.status.name !== 'RUNNING' || !meant(described);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}
