import type { History } from '@temporalio/common/lib/proto-utils.js';

type Event = NonNullable<History['events']>[number];

/** How long a run took in all, and how long from its first step being handed out to its last step being known done. Milliseconds. */
export interface Lengths {
  readonly whole: number;
  readonly steps: number;
}

/** Read from a history in the same way for every workflow: from the task that hands the first step out to the one that learns of the last. */
export function lengths(history: History, isStep: (activity: string) => boolean): Lengths {
  const events = history.events ?? [];
  const ids = new Set(
    events
      .filter((event) => isStep(event.activityTaskScheduledEventAttributes?.activityType?.name ?? ''))
      .map(({ eventId }) => String(eventId)),
  );
  const first = events.findIndex(({ eventId }) => ids.has(String(eventId)));
  const last = events.findLastIndex(({ activityTaskCompletedEventAttributes: done }) => done && ids.has(String(done.scheduledEventId)));
  const from = events.slice(0, first).findLast((event) => event.workflowTaskStartedEventAttributes);
  const to = events.slice(last).find((event) => event.workflowTaskCompletedEventAttributes);
  return { whole: time(events.at(-1)) - time(events[0]), steps: time(to) - time(from) };
}

function time(event: Event | undefined): number {
  if (!event?.eventTime) throw new Error('the history does not hold what is to be measured');
  return Number(event.eventTime.seconds) * 1000 + (event.eventTime.nanos ?? 0) / 1e6;
}
