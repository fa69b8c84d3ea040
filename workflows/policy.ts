import type { Kind, Mode } from '../plan/plan.ts';

/** What a run is: of a runbook's kind, or a rehearsal of a runbook of any. */
export type RunKind = Kind | 'rehearsal';

/** What happens around the walk, and when a step fails. The walk itself is the same for every kind. */
export interface Policy {
  /** `ask`: pause for an intervention. `undo`: undo what was done, newest first, and end. `note`: go on with what does not need it. */
  readonly onFailure: 'ask' | 'undo' | 'note';
  /** It moves the service to the target site. */
  readonly moves: boolean;
  /** It shares the system with others of its like, and gives way to those that have it alone. */
  readonly shares: boolean;
  /** The mode that every run of the kind has; null: a person chooses, or it has none. */
  readonly mode: Mode | null;
}

const policies: Readonly<Record<RunKind, Policy>> = {
  failover: { onFailure: 'ask', moves: true, shares: false, mode: null },
  failback: { onFailure: 'ask', moves: true, shares: false, mode: 'planned' },
  restore: { onFailure: 'ask', moves: false, shares: false, mode: null },
  backup: { onFailure: 'undo', moves: false, shares: true, mode: 'planned' },
  rehearsal: { onFailure: 'note', moves: false, shares: true, mode: null },
};

export const policyOf = (kind: RunKind): Policy => policies[kind];
