/**
 * What a run's own Temporal history says, in the little that the record needs. Whoever reads a history fills these in,
 * in the order of its events. Times are ISO, of the Temporal server.
 */
export type HistoryFact = {
  readonly eventId: number;
  readonly at: string;
} & (
  | {
      readonly what: 'run-started';
      readonly workflowId: string;
      readonly runId: string;
      /** First run of the chain of resets that this one belongs to. */
      readonly firstRunId: string;
      readonly identity: string;
      readonly principal: string | null;
    }
  /** A worker completed a task of the workflow; its identity is thereby a worker's. */
  | { readonly what: 'workflow-task'; readonly identity: string }
  | {
      readonly what: 'activity-scheduled';
      readonly activityId: string;
      readonly activityType: string;
      readonly queue: string;
      /** Step and attempt of its input; null where the activity serves no step. */
      readonly step: { readonly id: string; readonly attempt: number } | null;
    }
  | {
      readonly what: 'activity-started';
      readonly scheduledEventId: number;
      /** How often Temporal had started it by then: the tries before it failed. */
      readonly attempt: number;
      readonly identity: string;
      readonly lastFailure: string | null;
    }
  | {
      readonly what: 'activity-closed';
      readonly scheduledEventId: number;
      readonly outcome: 'completed' | 'failed' | 'timed out' | 'cancelled';
      /** Who reported the end; empty where the server did, as for a timeout. */
      readonly identity: string;
      readonly failure: string | null;
    }
  | { readonly what: 'signal'; readonly name: string; readonly identity: string; readonly principal: string | null }
  | { readonly what: 'timer-started' | 'timer-fired' | 'timer-cancelled'; readonly timerId: string; readonly summary: string }
  | { readonly what: 'reset'; readonly toEventId: number; readonly identity: string; readonly reason: string }
);

/** What the history says of one activity that carried out a step. */
export interface Carried {
  readonly activityType: string;
  readonly step: { readonly id: string; readonly attempt: number };
  readonly queue: string;
  readonly scheduledAt: string;
  readonly startedAt: string | null;
  readonly closedAt: string | null;
  readonly tries: number;
  readonly worker: string | null;
  readonly lastFailure: string | null;
  /** Set where somebody who is no known worker reported its end. */
  readonly closedBy: string | null;
}

/** The activities of steps, in the order in which they were scheduled. */
export function carried(history: readonly HistoryFact[]): Carried[] {
  const workers = knownWorkers(history);
  const started = new Map(history.flatMap((fact) => (fact.what === 'activity-started' ? [[fact.scheduledEventId, fact] as const] : [])));
  const closed = new Map(history.flatMap((fact) => (fact.what === 'activity-closed' ? [[fact.scheduledEventId, fact] as const] : [])));
  return history.flatMap((fact) => {
    if (fact.what !== 'activity-scheduled' || !fact.step) return [];
    const start = started.get(fact.eventId);
    const end = closed.get(fact.eventId);
    return [
      {
        activityType: fact.activityType,
        step: fact.step,
        queue: fact.queue,
        scheduledAt: fact.at,
        startedAt: start?.at ?? null,
        closedAt: end?.at ?? null,
        tries: start?.attempt ?? 0,
        worker: start?.identity ?? null,
        lastFailure: end?.failure ?? start?.lastFailure ?? null,
        closedBy: end?.identity && !workers.has(end.identity) ? end.identity : null,
      },
    ];
  });
}

/** Identities that picked up work. A mere completion makes nobody a worker: the command line can send one too. */
export function knownWorkers(history: readonly HistoryFact[]): Set<string> {
  return new Set(history.flatMap((fact) => (fact.what === 'workflow-task' || fact.what === 'activity-started' ? [fact.identity] : [])));
}
