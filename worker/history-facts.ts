import { defaultPayloadConverter } from '@temporalio/common';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { HistoryFact } from '../record/history.ts';
import type { StepCall } from '../workflows/wire.ts';
import { resetWorkflow } from './run/history.ts';

type Event = NonNullable<History['events']>[number];
type Body = HistoryFact extends infer F ? (F extends HistoryFact ? Omit<F, 'eventId' | 'at'> : never) : never;

/** The little that a record needs of a history. */
export function historyFacts(history: History): HistoryFact[] {
  return (history.events ?? []).flatMap((event) => {
    const body = bodyOf(event);
    return body ? [{ eventId: Number(event.eventId), at: time(event), ...body } as HistoryFact] : [];
  });
}

function bodyOf(event: Event): Body | null {
  const principal = event.principal?.name ?? null;
  const started = event.workflowExecutionStartedEventAttributes;
  if (started) {
    const { workflowId, originalExecutionRunId, firstExecutionRunId, identity } = started;
    return {
      what: 'run-started',
      workflowId: workflowId ?? '',
      runId: originalExecutionRunId ?? '',
      firstRunId: firstExecutionRunId ?? '',
      identity: identity ?? '',
      principal,
    };
  }
  const task = event.workflowTaskCompletedEventAttributes;
  if (task) return { what: 'workflow-task', identity: task.identity ?? '' };
  const failed = event.workflowTaskFailedEventAttributes;
  if (failed?.cause === resetWorkflow) {
    return { what: 'reset', toEventId: Number(event.eventId), identity: failed.identity ?? '', reason: failed.failure?.message ?? '' };
  }
  const signal = event.workflowExecutionSignaledEventAttributes;
  if (signal) return { what: 'signal', name: signal.signalName ?? '', identity: signal.identity ?? '', principal };
  return activity(event) ?? timer(event);
}

function activity(event: Event): Body | null {
  const scheduled = event.activityTaskScheduledEventAttributes;
  if (scheduled) {
    const activityType = scheduled.activityType?.name ?? '';
    const payload = scheduled.input?.payloads?.[0];
    const call = payload && !activityType.startsWith('run.') ? defaultPayloadConverter.fromPayload<StepCall>(payload) : null;
    const step = call ? { id: call.step.id, attempt: call.step.attempt } : null;
    return {
      what: 'activity-scheduled',
      activityId: scheduled.activityId ?? '',
      activityType,
      queue: scheduled.taskQueue?.name ?? '',
      step,
    };
  }
  const started = event.activityTaskStartedEventAttributes;
  if (started) {
    return {
      what: 'activity-started',
      scheduledEventId: Number(started.scheduledEventId),
      attempt: started.attempt ?? 1,
      identity: started.identity ?? '',
      lastFailure: started.lastFailure?.message ?? null,
    };
  }
  const completed = event.activityTaskCompletedEventAttributes;
  if (completed) return closed(completed, 'completed', null);
  const failed = event.activityTaskFailedEventAttributes;
  if (failed) return closed(failed, 'failed', failed.failure?.message ?? null);
  const timedOut = event.activityTaskTimedOutEventAttributes;
  if (timedOut) return closed({ scheduledEventId: timedOut.scheduledEventId }, 'timed out', timedOut.failure?.message ?? null);
  const cancelled = event.activityTaskCanceledEventAttributes;
  return cancelled ? closed(cancelled, 'cancelled', null) : null;
}

interface Closed {
  readonly scheduledEventId?: unknown;
  readonly identity?: string | null;
}

function closed(
  { scheduledEventId, identity }: Closed,
  outcome: 'completed' | 'failed' | 'timed out' | 'cancelled',
  failure: string | null,
): Body {
  return { what: 'activity-closed', scheduledEventId: Number(scheduledEventId), outcome, identity: identity ?? '', failure };
}

function timer(event: Event): Body | null {
  const summary = event.userMetadata?.summary ? String(defaultPayloadConverter.fromPayload(event.userMetadata.summary)) : '';
  if (event.timerStartedEventAttributes)
    return { what: 'timer-started', timerId: event.timerStartedEventAttributes.timerId ?? '', summary };
  if (event.timerFiredEventAttributes) return { what: 'timer-fired', timerId: event.timerFiredEventAttributes.timerId ?? '', summary };
  return event.timerCanceledEventAttributes
    ? { what: 'timer-cancelled', timerId: event.timerCanceledEventAttributes.timerId ?? '', summary }
    : null;
}

function time(event: Event): string {
  const { seconds, nanos } = event.eventTime ?? {};
  return new Date(Number(seconds ?? 0) * 1000 + Math.floor((nanos ?? 0) / 1e6)).toISOString();
}
