import type { Backup, BackupNews, Proof } from '../activities/step.ts';
import type { Verdict } from '../record/journal.ts';

export interface BorrowInput {
  readonly system: string;
  readonly kind: string;
  readonly live: boolean;
  /** Site that serves, as the plan has it, and the epoch that the plan was compiled against. */
  readonly active: string;
  readonly epoch: number;
  /** It shares the system, and does not take it. */
  readonly shares?: true;
}
export type BorrowAnswer =
  /** `fenced`: hosts whose fence stands. */
  | { readonly granted: true; readonly epoch: number; readonly note: string; readonly fenced?: readonly string[] }
  /** `stale`: the system was lent to another since the plan was compiled; compile again. */
  | { readonly granted: false; readonly stale: boolean; readonly holder: string; readonly note: string };
export interface ReturnInput {
  readonly system: string;
  /** Of the loan; null: people chose to go on without the lock. */
  readonly epoch: number | null;
  /** Where the system serves now; null: nowhere, or not known. */
  readonly serving: string | null;
  readonly verdict: Verdict;
  readonly fences: readonly Proof[];
  /** Hosts whose fence was lifted. */
  readonly lifted?: readonly string[];
  /** A step of the run made a standby follow what serves. */
  readonly protected?: boolean;
  readonly backups?: readonly BackupNews[];
}

/** State of the workflow `system`, its query `state`, and in short its memo `loan`. */
export interface SystemState {
  readonly system: string;
  readonly active: string | null;
  readonly epoch: number;
  readonly holder: {
    readonly workflowId: string;
    readonly runId: string;
    readonly kind: string;
    readonly live: boolean;
    readonly since: string;
  } | null;
  readonly fences: readonly Proof[];
  /** What is known of its backups, newest first, the last proven one among them. */
  readonly backups?: readonly Backup[];
  /** ISO time since when it is recovered but unprotected; null: protected, as far as is known. */
  readonly unprotectedSince: string | null;
  readonly lastRun: { readonly workflowId: string; readonly runId: string; readonly verdict: string; readonly at: string } | null;
}
/** Memo `loan` of the workflow `system`: readable with no worker alive. */
export interface Loan {
  readonly epoch: number;
  readonly active: string | null;
  readonly runId: string | null;
}
