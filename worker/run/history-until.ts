import type { History } from '@temporalio/common/lib/proto-utils.js';

/** A history as it was at the workflow task that asked for an activity: the same, however much happened since. */
export function untilAsked(history: History, activityId: string): History {
  const asked = history.events?.findLast(({ activityTaskScheduledEventAttributes: one }) => one?.activityId === activityId);
  const last = Number(asked?.activityTaskScheduledEventAttributes?.workflowTaskCompletedEventId ?? Infinity);
  return { ...history, events: (history.events ?? []).filter(({ eventId }) => Number(eventId) <= last) } as History;
}
