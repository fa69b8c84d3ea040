import type { ScheduleDescription } from '@temporalio/client';
import { explain, type Temporal } from '../connect.ts';
import { refused, usage } from '../failure.ts';
import { didYouMean } from '../suggest.ts';
import { nameOf, scheduleId, type Applied } from './options.ts';

/** A schedule as Temporal has it. */
export interface Known {
  readonly name: string;
  readonly owner: string | undefined;
  readonly applied: Applied | undefined;
  /** The system that it does something for. */
  readonly system: string | undefined;
  readonly described: ScheduleDescription;
}

/** Null: there is none of that name. */
export async function known(temporal: Temporal, name: string): Promise<Known | null> {
  try {
    const described = await temporal.within(5_000, () => temporal.client.schedule.getHandle(scheduleId(name)).describe());
    const { memo, args } = described.action as { memo?: { schedule?: Applied }; args?: readonly { system?: string }[] };
    return {
      name,
      owner: described.memo?.['lifeboat'] as string | undefined,
      applied: memo?.schedule,
      system: args?.[0]?.system,
      described,
    };
  } catch (error) {
    if ((error as Error).name === 'ScheduleNotFoundError') return null;
    throw explain(error, `reading the schedule ${name}`, temporal.address);
  }
}

/** The same; throws a usage failure where there is none, code 4 where it is no schedule of Lifeboat's. */
export async function theSchedule(temporal: Temporal, name: string): Promise<Known> {
  // A name may itself begin as the names of Temporal do.
  const found = (await known(temporal, name)) ?? (nameOf(name) === name ? null : await known(temporal, nameOf(name)));
  if (found === null)
    throw usage(
      `Temporal has no schedule ${name}.${didYouMean(name, await ownedBy(temporal))}`,
      'lifeboat schedules lists them; lifeboat schedules apply makes those of the file.',
    );
  if (found.owner === undefined)
    throw refused(`${scheduleId(found.name)} was not made by lifeboat schedules apply.`, 'Use the Temporal UI, or the tool that made it.');
  return found;
}

/** Names of all that were ever applied (for this owner) and are there, as lists of Temporal have them: a moment late. */
export async function ownedBy(temporal: Temporal, owner?: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { scheduleId: id, memo } of temporal.client.schedule.list()) {
      const whose = memo?.['lifeboat'];
      if (id === scheduleId(nameOf(id)) && whose !== undefined && (owner === undefined || whose === owner)) names.push(nameOf(id));
    }
  } catch (error) {
    throw explain(error, 'listing schedules', temporal.address);
  }
  return names.toSorted();
}
