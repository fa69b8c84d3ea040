import type { PlanHeader } from '../plan/plan.ts';

/** What people are told of, at which events. */
export type TellEvent = 'gate' | 'failure' | 'finding' | 'unproven' | 'proven again' | 'ended';

/** Something that people are to hear: input of the workflow `notification`, and of `run.tell`, there for one recipient. */
export interface Tidings {
  readonly system: string;
  readonly event: TellEvent;
  /** The same where it is told again: nobody hears it twice. At most 500 characters. */
  readonly key: string;
  readonly title: string;
  /** A sentence or a line each. */
  readonly text: readonly string[];
  /** What whoever reads it may type. */
  readonly commands?: readonly string[];
  /** Workflow id of what it is about. */
  readonly link: string;
  /** Run id of it, where it is about that one and no later one. */
  readonly runId?: string;
  readonly notify: PlanHeader['notify'];
}
