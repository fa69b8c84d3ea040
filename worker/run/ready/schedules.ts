import { ScheduleNotFoundError, type Client } from '@temporalio/client';
import { timetable, type Entry } from '../../../plan/schedules/timetable.ts';
import { scheduleId } from '../../../workflows/wire.ts';
import type { Loaded } from '../folder.ts';

/** What `schedules.yaml` has for a system, and what Temporal has of it. */
export interface Scheduled {
  readonly entry: Entry;
  /** Why it starts nothing; null: it does. */
  readonly idle: string | null;
}

/** Throws where Temporal does not answer. */
export async function scheduledFor(client: Client, { schedules, runbooks }: Loaded, system: string): Promise<readonly Scheduled[]> {
  if (schedules === undefined) return [];
  const entries = timetable(schedules, runbooks).filter(({ input }) => input.system === system);
  return Promise.all(entries.map(async (entry) => ({ entry, idle: await idleBecause(client, entry.name) })));
}

async function idleBecause(client: Client, name: string): Promise<string | null> {
  try {
    const { state, info } = await client.schedule.getHandle(scheduleId(name)).describe();
    if (state.paused) return `the schedule ${name} is paused${state.note ? ` (${state.note})` : ''}`;
    return info.nextActionTimes.length === 0 ? `the schedule ${name} has no time that is still to come` : null;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return `Temporal has no schedule ${name}: lifeboat schedules apply`;
    throw error;
  }
}
