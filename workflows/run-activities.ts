import type { Forecast } from '../plan/estimate/forecast.ts';
import type { Attestation, AwsFacts, Child, HostFacts, Mode, Plan, PlanHeader, PlanNode, SystemFacts } from '../plan/plan.ts';
import type { Entry, Outage } from '../record/journal.ts';
import type { BorrowAnswer, BorrowInput, Recalled, ReturnInput } from './loan.ts';
import type { ReadyAnswer, ReadyCall, Survey } from './ready.ts';
import type { SweepActivities } from './sweeping.ts';
import type { Tidings } from './tidings.ts';
import type { PreflightCall, RunInput } from './wire.ts';

/** The run's own activities, on the control queue but where said. */
export interface RunActivities extends SweepActivities {
  'run.compile'(input: RunInput & { readonly kind: string }): Promise<Compiled>;
  /** Page `n` of the plan's steps. Throws `plan-changed` where the digest is no longer the one given. */
  'run.page'(
    input: RunInput & { readonly kind: string; readonly pinned: string; readonly page: number; readonly source: string },
  ): Promise<readonly PlanNode[]>;
  /** The plans of these children of a branch of the plan, in order; as many of the first as fit into an answer, one at least. */
  'run.children'(
    input: RunInput & {
      readonly kind: string;
      readonly pinned: string;
      readonly source: string;
      readonly target: string;
      readonly wanted: readonly { readonly node: string; readonly of: 'runs' | 'wave'; readonly child: Child }[];
    },
  ): Promise<readonly { readonly plan: Plan; readonly epoch: number }[]>;
  /** On a site's queue: the preflights of up to 50 steps, side by side, within `within` milliseconds. */
  'run.preflight'(input: { readonly calls: readonly PreflightCall[]; readonly within: number }): Promise<readonly PreflightAnswer[]>;
  /** On the target's queue: what a gate shows of the world. */
  'run.facts'(input: FactsInput): Promise<Facts>;
  'run.borrow'(input: BorrowInput): Promise<BorrowAnswer>;
  'run.return'(input: ReturnInput): Promise<void>;
  /** On a site's queue: what the record store there remembers of a system. */
  'run.recall'(input: {
    readonly system: string;
    readonly site: string;
    readonly folder: string;
    readonly aws?: { readonly [site: string]: AwsFacts };
  }): Promise<Omit<Recalled, 'serving'>>;
  /** Tells one recipient; returns what the receiver answered. */
  'run.tell'(input: Tidings): Promise<string>;
  /** From where to where a system could be moved, and which sites are to be asked whether it is ready. */
  'run.survey'(input: { readonly system: string }): Promise<Survey>;
  /** Looks at what belongs to the queue on which it is asked. */
  'run.ready'(input: ReadyCall): Promise<ReadyAnswer>;
  /** Who sent each of these decisions, read from the run's own history. */
  'run.attest'(input: { readonly signal: string; readonly nth: number; readonly openedAt: number }): Promise<Sender>;
  /** Who started the run. */
  'run.requester'(): Promise<{ readonly by: string; readonly how: Attestation }>;
  /** Whether any worker polls the queue. */
  'run.pollers'(input: { readonly queue: string }): Promise<number>;
  'run.measure'(input: { readonly system: SystemFacts; readonly since: string }): Promise<Measured>;
  /** On a site's queue: writes record and report to the record store there; returns the report's path. */
  'run.record'(input: { readonly plan: PlanHeader | null; readonly journal: readonly Entry[]; readonly folder: string }): Promise<string>;
}

export interface Measured {
  /** Null: not known, for the reason in `note`. */
  readonly outage: Outage | null;
  readonly note: string;
  /** The probe sees that nobody serves. */
  readonly unserved: boolean;
}
export interface Compiled {
  readonly plan: PlanHeader;
  /** The first page. */
  readonly steps: readonly PlanNode[];
  /** Epoch of the system's last loan when the plan was compiled. */
  readonly epoch: number;
  /** What was asked of the world to find the source, one sentence an item. */
  readonly evidence: readonly string[];
  /** Search attributes that the server knows; no other is written. */
  readonly attributes: readonly string[];
  /** How long it will take by what was measured before. Absent: there was no time to ask. */
  readonly forecast?: Foretold;
}
export interface Foretold extends Forecast {
  readonly mode: Mode;
  /** The same in one line. */
  readonly text: string;
}
export interface PreflightAnswer {
  readonly step: string;
  readonly ok: boolean;
  readonly seen: readonly string[];
  readonly code: string;
}
export interface FactsInput {
  readonly system: SystemFacts;
  readonly source: { readonly site: string };
  readonly target: { readonly site: string };
  readonly hosts: { readonly [name: string]: HostFacts };
  /** The AWS sites of the inventory. Absent: it has none. */
  readonly aws?: { readonly [site: string]: AwsFacts };
}
export interface Facts {
  /** What of the source's data the target does not have; of a database of RDS that cannot be asked, the time alone is known. Null: unknown. */
  readonly atRisk: { readonly bytes: number | null; readonly milliseconds: number | null } | null;
  readonly atRiskText: string;
  /** Which viewpoints see the source dead. */
  readonly viewpoints: readonly Viewpoint[];
  /** Last sign of life by host, ISO. */
  readonly seen: { readonly [host: string]: string };
}
export interface Viewpoint {
  readonly name: string;
  readonly sees: 'dead' | 'alive' | 'unknown';
  readonly text: string;
}

/** A decision's sender. */
export interface Sender {
  readonly by: string | null;
  readonly how: Attestation;
  /** A worker's principal or identity: no person. */
  readonly worker: boolean;
  /** A reset of the run lies between the question and the decision: it does not count. */
  readonly reset: boolean;
}
