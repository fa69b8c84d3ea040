import type { Kind, Mode } from '../plan/plan.ts';

/** What happens around the walk, and when a step fails. The walk itself is the same for every kind. */
export interface Policy {
  /** `ask`: pause for an intervention. `undo`: undo what was done, newest first, and end. */
  readonly onFailure: 'ask' | 'undo';
  /** It moves the service to the target site. */
  readonly moves: boolean;
  /** It shares the system with others of its like, and gives way to those that have it alone. */
  readonly shares: boolean;
  /** The mode that every run of the kind has; null: a person chooses, or it has none. */
  readonly mode: Mode | null;
}

const policies: Readonly<Record<Kind, Policy>> = {
  failover: { onFailure: 'ask', moves: true, shares: false, mode: null },
  failback: { onFailure: 'ask', moves: true, shares: false, mode: 'planned' },
  restore: { onFailure: 'ask', moves: false, shares: false, mode: null },
  backup: { onFailure: 'undo', moves: false, shares: true, mode: 'planned' },
};

export const policyOf = (kind: Kind): Policy => policies[kind];
