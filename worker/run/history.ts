import type { History } from '@temporalio/common/lib/proto-utils.js';

/** Who stands behind an event. */
export interface Principal {
  /** Null: nobody is named. */
  readonly name: string | null;
  /** The server computed it from credentials. */
  readonly attested: boolean;
}

export interface Senders {
  readonly starter: Principal;
  readonly signals: readonly { readonly name: string; readonly event: number; readonly sender: Principal }[];
  /** Those who complete tasks: workers, which are no people. */
  readonly workerPrincipals: ReadonlySet<string>;
  readonly workerIdentities: ReadonlySet<string>;
  /** Where the run was reset, and the last event that the reset itself wrote: signals applied again stand between. */
  readonly resets: readonly { readonly at: number; readonly until: number }[];
}

type Event = NonNullable<History['events']>[number];

/** Cause of the failed workflow task at which a reset run begins anew, as the server numbers it. */
export const resetWorkflow = 20;

/** Reads from a history who did what. */
export function sendersIn(history: History): Senders {
  const events = history.events ?? [];
  const started = events[0];
  const workers = events.filter((event) => event.workflowTaskCompletedEventAttributes ?? event.activityTaskStartedEventAttributes);
  return {
    starter: started ? principal(started, started.workflowExecutionStartedEventAttributes?.identity) : { name: null, attested: false },
    signals: events.flatMap((event) => {
      const signal = event.workflowExecutionSignaledEventAttributes;
      return signal ? [{ name: signal.signalName ?? '', event: Number(event.eventId), sender: principal(event, signal.identity) }] : [];
    }),
    workerPrincipals: new Set(
      events.filter((event) => event.workflowTaskCompletedEventAttributes).flatMap((event) => event.principal?.name ?? []),
    ),
    workerIdentities: new Set(
      workers.flatMap((event) => (event.workflowTaskCompletedEventAttributes ?? event.activityTaskStartedEventAttributes)?.identity ?? []),
    ),
    resets: events.flatMap((event, n) => {
      if (event.workflowTaskFailedEventAttributes?.cause !== resetWorkflow) return [];
      const next = events.slice(n).find((later) => later.workflowTaskScheduledEventAttributes);
      return [{ at: Number(event.eventId), until: Number((next ?? events.at(-1))?.eventId) }];
    }),
  };
}

function principal(event: Event, identity: string | null | undefined): Principal {
  if (event.principal?.name) return { name: event.principal.name, attested: true };
  return { name: named(identity ?? ''), attested: false };
}

/** Programs name themselves `pid@host` or `temporal-cli:user@host` where nobody gave a name: that states no person. */
function named(identity: string): string | null {
  return identity === '' || /^\d+@/u.test(identity) || identity.startsWith('temporal-') ? null : identity;
}
