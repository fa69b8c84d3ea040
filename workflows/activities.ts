import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  TimeoutFailure,
  proxyActivities,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { RunActivities, StepAnswer, StepCall } from './wire.ts';
import { controlQueue } from './wire.ts';

/**
 * The run's own activities. They answer in milliseconds and only read, or may be repeated; so a worker that
 * froze with one costs three seconds, and the next one takes over.
 */
export function control(summary: string, options: ActivityOptions = {}): RunActivities {
  return proxyActivities<RunActivities>({
    taskQueue: controlQueue,
    startToCloseTimeout: '5 seconds',
    heartbeatTimeout: '3 seconds',
    retry: { initialInterval: '100 milliseconds', maximumInterval: '2 seconds' },
    summary: short(summary),
    ...options,
  });
}

/** A summary is one line of a timeline; servers bound it, by default to 400 bytes. */
export const short = (summary: string): string => summary.slice(0, 100);

type Phase = (call: StepCall) => Promise<StepAnswer>;

/** One phase of a step type, such as `postgres.promote.execute`. */
export function phase(name: string, options: ActivityOptions): Phase {
  // Waiting for the cancellation to be complete is what makes "nothing acts after the end" true.
  const proxy = proxyActivities<Record<string, Phase>>({
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    ...options,
  });
  return proxy[name]!;
}

/** Why an activity failed, in words and as a stable code. */
export interface Problem {
  readonly code: string;
  readonly text: string;
}

export function problemOf(error: unknown): Problem {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) {
    const kind = (cause.timeoutType ?? 'unknown').toLowerCase().replaceAll('_', '-');
    return { code: `timeout-${kind}`, text: `no answer in time (${kind})` };
  }
  if (cause instanceof ApplicationFailure) return { code: cause.type ?? 'error', text: cause.message };
  return { code: 'error', text: cause instanceof Error ? cause.message : String(cause) };
}

/** The worker vanished with the step, or nobody picked it up: nothing is known of the step, and it may simply be carried out again. */
export function workerLost(error: unknown): 'vanished' | 'not picked up' | null {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof TimeoutFailure)) return null;
  if (cause.timeoutType === 'HEARTBEAT') return 'vanished';
  return cause.timeoutType === 'SCHEDULE_TO_START' ? 'not picked up' : null;
}
