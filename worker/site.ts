import type { StepType } from '../activities/step.ts';

/** What a worker knows of itself. */
export interface Site {
  /** The site whose network it sees the world from. */
  readonly site: string;
  /** Folder of the inventory and the runbooks. */
  readonly runbooks: string;
  readonly namespace: string;
  readonly types: readonly StepType[];
}
