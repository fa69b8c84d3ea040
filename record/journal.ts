import type { Attestation, Json, Mode } from '../plan/plan.ts';
import type { BackupNews, Proof } from '../activities/step.ts';
import type { Found, KnownFinding } from '../workflows/protection.ts';
import type { Foretold } from '../workflows/run-activities.ts';

/** What the run is doing, as its search attribute and its status say it. */
export type State =
  | 'compiling'
  | 'preflight'
  | 'running'
  | 'waiting for approval'
  | 'waiting for intervention'
  | 'backing out'
  | 'cleaning up'
  | 'recovered'
  | 'recovered, unprotected'
  | 'restored'
  | 'proven'
  | 'unproven'
  | 'rehearsed'
  | 'backed out'
  | 'aborted'
  | 'refused'
  | 'failed'
  | 'cancelled';

/** How a run ended. */
export type Verdict =
  | 'recovered'
  | 'recovered, unprotected'
  /** A restore that put nothing in service. */
  | 'restored'
  /** A backup that was restored elsewhere and compared. */
  | 'proven'
  /** A backup that was taken, and not proven. */
  | 'unproven'
  /** A rehearsal in which everything that was tried went well. */
  | 'rehearsed'
  | 'backed out'
  | 'aborted'
  | 'refused'
  | 'failed'
  | 'cancelled';

export type QuestionKind = 'gate' | 'intervention' | 'task' | 'plan' | 'lock';
export type Choice = 'approve' | 'refuse' | 'retry' | 'skip' | 'done' | 'back-out' | 'abort' | 'unplanned' | 'planned';
export interface Fact {
  readonly label: string;
  readonly value: string;
}

/**
 * What happened in a run, in order, as its workflow saw it. Times are ISO, of the Temporal server.
 * The record is made from these entries and from the run's own history, and from nothing else.
 */
export type Entry = { readonly at: string } & (
  | { readonly what: 'started'; readonly by: string; readonly mode: Mode | null; readonly input: Json }
  | {
      readonly what: 'compiled';
      readonly digest: string;
      readonly revision: string | null;
      readonly runbook: string;
      readonly warnings: readonly string[];
      /** How long it was to take by what was measured before. Absent: nobody was asked, or nobody told in time. */
      readonly forecast?: Foretold;
    }
  | { readonly what: 'preflight'; readonly step: string; readonly site: string; readonly ok: boolean; readonly seen: readonly string[] }
  /** `known`: findings of the runbook that were not closed then. */
  | { readonly what: 'locked'; readonly epoch: number | null; readonly note: string; readonly known?: readonly KnownFinding[] }
  | {
      readonly what: 'asked';
      readonly question: string;
      readonly attempt: number;
      readonly kind: QuestionKind;
      readonly title: string;
      readonly facts: readonly Fact[];
      readonly approvers: readonly string[];
      readonly count: number;
      readonly deadline: string | null;
    }
  | { readonly what: 'reminded' | 'escalated' | 'expired'; readonly question: string; readonly attempt: number; readonly note: string }
  | {
      readonly what: 'decided';
      /** Empty where the signal named no question of this run. */
      readonly question: string;
      readonly attempt: number;
      readonly choice: string;
      readonly by: string;
      readonly how: Attestation;
      readonly counts: boolean;
      /** Why it does not count, or what is noted of it. */
      readonly note: string;
      readonly reason: string;
    }
  | {
      readonly what: 'answered';
      readonly question: string;
      readonly attempt: number;
      readonly choice: Choice;
      readonly by: readonly string[];
    }
  | { readonly what: 'begun'; readonly step: string; readonly uses: string; readonly site: string; readonly attempt: number }
  | {
      readonly what: 'done';
      readonly step: string;
      readonly uses: string;
      readonly attempt: number;
      readonly byHand: boolean;
      readonly outputs: Json;
      readonly proofs: readonly Proof[];
      readonly evidence: readonly string[];
    }
  | {
      readonly what: 'failed';
      readonly step: string;
      readonly uses: string;
      readonly attempt: number;
      readonly code: string;
      readonly problem: string;
    }
  /** A run of its own that a step of this one started has ended. */
  | {
      readonly what: 'child';
      readonly step: string;
      readonly name: string;
      readonly system: string;
      /** Its workflow id. */
      readonly run: string;
      readonly startedAt: string;
      readonly verdict: Verdict;
      readonly why: string;
      /** How long its system was seen not to be served, milliseconds; null: not known. */
      readonly outage: number | null;
    }
  | { readonly what: 'skipped'; readonly step: string; readonly why: string }
  | { readonly what: 'undone'; readonly step: string; readonly uses: string; readonly evidence: readonly string[] }
  | { readonly what: 'mode'; readonly mode: Mode; readonly by: string }
  | { readonly what: 'serving'; readonly site: string | null; readonly note: string }
  | { readonly what: 'measured'; readonly outage: Outage | null; readonly note: string }
  | { readonly what: 'not-proven'; readonly step: string; readonly why: string }
  /** Of a rehearsal: what it found, whether it was known before or not. `id` stays the same over all rehearsals. */
  | { readonly what: 'found'; readonly id: string; readonly found: Found }
  /**
   * Of a rehearsal: what it made was taken away, and the world was read for what is left of it. Nothing is left only where `left` and
   * `unseen` (why that is not known, one sentence each) are empty. `keptUntil`, ISO: it is kept until then, to be looked at.
   */
  | {
      readonly what: 'swept';
      readonly removed: readonly string[];
      readonly left: readonly string[];
      readonly unseen: readonly string[];
      readonly keptUntil: string | null;
    }
  | { readonly what: 'ended'; readonly verdict: Verdict; readonly why: string; readonly left?: Left }
);

/** What outlives a run: the state of its system is made again of it where that was lost. */
export interface Left {
  /** Fences that stand. */
  readonly fences: readonly Proof[];
  /** Hosts whose fence was lifted. */
  readonly lifted: readonly string[];
  /** A standby follows the site that serves. */
  readonly protected: boolean;
  readonly backups: readonly BackupNews[];
  /** It shared the system with others, and says nothing of who serves. */
  readonly shared: boolean;
}

/** An interruption of service as the probe saw it from outside. Times are ISO, of the probe's clock. */
export interface Outage {
  /** First missed marker. Null: none was missed. */
  readonly failedAt: string | null;
  /** Last acknowledged marker before it. */
  readonly lastGoodAt: string | null;
  /** First of the good markers in a row that count as served again. */
  readonly servedAt: string | null;
  /** Milliseconds between two markers: the resolution of these times. */
  readonly every: number;
  readonly markers: {
    readonly acknowledged: number;
    readonly kept: number;
    /** Acknowledged and not found afterwards: their times, oldest first, at most 1,000. */
    readonly lost: readonly string[];
    readonly lostCount: number;
    /** Found and never acknowledged: allowed, and counted. */
    readonly unexpected: number;
  };
  /** Probe's clock minus database server's clock, milliseconds; null where it was not sampled. */
  readonly clockOffset: number | null;
}
