import type { Kind } from '../plan/plan.ts';

/** What happens around the walk, and when a step fails. The walk itself is the same for every kind. */
export interface Policy {
  /** `ask`: pause for an intervention. `undo`: undo what was done, newest first, and end. */
  readonly onFailure: 'ask' | 'undo';
  /** It moves the service to the target site. */
  readonly moves: boolean;
}

const policies: Readonly<Record<Kind, Policy>> = {
  failover: { onFailure: 'ask', moves: true },
  failback: { onFailure: 'ask', moves: true },
  restore: { onFailure: 'ask', moves: false },
  backup: { onFailure: 'undo', moves: false },
};

export const policyOf = (kind: Kind): Policy => policies[kind];
