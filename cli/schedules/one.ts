import type { ScheduleDescription } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { explain, type Temporal } from '../connect.ts';
import { exit } from '../exit.ts';
import { Failure } from '../failure.ts';
import { plain, say, sayJson } from '../print.ts';
import { theSchedule } from './known.ts';
import { scheduleId } from './options.ts';

/** How long Temporal may take to start what was asked for, milliseconds. */
const patience = 10_000;

/** Starts now what the schedule starts, paused or not; not where the last one still runs. */
export async function run(temporal: Temporal, wanted: string, json: boolean): Promise<number> {
  const { name, described } = await theSchedule(temporal, wanted);
  const handle = temporal.client.schedule.getHandle(scheduleId(name));
  const { info: before } = described;
  await act(temporal, `starting ${name}`, () => handle.trigger('SKIP'));
  for (const deadline = Date.now() + patience; Date.now() < deadline; await sleep(200)) {
    const { info } = await act(temporal, `reading the schedule ${name}`, () => handle.describe());
    if (info.numActionsSkippedOverlap > before.numActionsSkippedOverlap)
      throw new Failure(
        exit.refused,
        `${name} was not started: ${info.runningActions.map(({ workflow }) => workflow.workflowId).join(', ')} is still under way.`,
        'Wait for its end.',
      );
    if (info.numActionsTaken === before.numActionsTaken) continue;
    const { workflowId } = info.recentActions.at(-1)!.action.workflow;
    if (json) sayJson({ name, workflowId, link: temporal.link(workflowId) });
    else say(`Started ${plain(workflowId)}: ${temporal.link(workflowId)}${followed(described, workflowId)}`);
    return exit.done;
  }
  throw new Failure(
    exit.unreachable,
    `Temporal has not started ${name} within ${patience / 1000} s.`,
    'lifeboat schedules shows whether it does.',
  );
}

/** Nothing is started by itself until it is resumed. */
export async function pause(temporal: Temporal, wanted: string, reason: string, by: string, json: boolean): Promise<number> {
  const { name } = await theSchedule(temporal, wanted);
  const note = `${reason} (${by})`;
  await act(temporal, `pausing ${name}`, () => temporal.client.schedule.getHandle(scheduleId(name)).pause(note));
  if (json) sayJson({ name, paused: note });
  else say(`${plain(name)} is paused. It stays so until: lifeboat schedules resume ${plain(name)}`);
  return exit.done;
}

/** What was missed while it was paused is not made up for. */
export async function resume(temporal: Temporal, wanted: string, by: string, json: boolean): Promise<number> {
  const { name } = await theSchedule(temporal, wanted);
  await act(temporal, `resuming ${name}`, () => temporal.client.schedule.getHandle(scheduleId(name)).unpause(`resumed by ${by}`));
  if (json) sayJson({ name, paused: null });
  else say(`${plain(name)} goes on.`);
  return exit.done;
}

/** Takes one away. Where the file still has it, the next `apply` makes it again. */
export async function remove(temporal: Temporal, wanted: string, json: boolean): Promise<number> {
  const { name } = await theSchedule(temporal, wanted);
  await act(temporal, `removing ${name}`, () => temporal.client.schedule.getHandle(scheduleId(name)).delete());
  if (json) sayJson({ name, removed: true });
  else say(`${plain(name)} is removed. What it started goes on.`);
  return exit.done;
}

/** A look at readiness is no run: what came of it is what `lifeboat status` says of its system. */
function followed({ action }: ScheduleDescription, workflowId: string): string {
  const look = 'workflowType' in action && action.workflowType === 'readiness';
  return look ? '\nWhat comes of it: lifeboat status' : `\nFollow it: lifeboat status ${plain(workflowId)}`;
}

async function act<T>(temporal: Temporal, doing: string, call: () => Promise<T>): Promise<T> {
  return await temporal.within(5_000, call).catch((error: unknown) => {
    throw explain(error, doing, temporal.address);
  });
}
