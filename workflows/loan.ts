import type { Backup, BackupNews, Proof } from '../activities/step.ts';
import type { PlanHeader } from '../plan/plan.ts';
import type { Verdict } from '../record/journal.ts';
import type { Head } from './chain.ts';
import type { KnownFinding, Looked, MeasuredRun, Promised, Rehearsed, Walked } from './protection.ts';

export interface BorrowInput {
  readonly system: string;
  readonly kind: string;
  readonly live: boolean;
  /** Site that serves, as the plan has it, and the epoch that the plan was compiled against. */
  readonly active: string;
  readonly epoch: number;
  /** It shares the system, and does not take it. */
  readonly shares?: true;
  /** Search attributes that the server knows. */
  readonly attributes?: readonly string[];
  /** The runbook of whose last runs it wants to know how long they took. */
  readonly runbook?: string;
  /**
   * What the record stores remember, for where the workflow that knew the system was lost. Null: they were not asked; then the answer
   * says that it was lost, and they are to be. Absent: where it was lost, nothing is known.
   */
  readonly recalled?: Recalled | null;
}
export type BorrowAnswer =
  /**
   * `fenced`: hosts whose fence stands. `measured`: the last runs of the runbook that was named, newest last, at most 5. `known`: its
   * findings that are not closed, at most 40.
   */
  | {
      readonly granted: true;
      readonly epoch: number;
      readonly note: string;
      readonly fenced?: readonly string[];
      readonly measured?: readonly MeasuredRun[];
      readonly known?: readonly KnownFinding[];
    }
  /**
   * `stale`: the system was lent to another since the plan was compiled; compile again. `lost`: nothing is known of it; ask again with
   * what the record stores remember.
   */
  | { readonly granted: false; readonly stale: boolean; readonly holder: string; readonly note: string; readonly lost?: true };
export interface ReturnInput {
  readonly system: string;
  /** Of the loan; null: people chose to go on without the lock. */
  readonly epoch: number | null;
  /** Where the system serves now; null: nowhere, or not known. */
  readonly serving: string | null;
  /** Of a look: whether the system is ready. */
  readonly verdict: Verdict | 'ready' | 'not ready';
  readonly fences: readonly Proof[];
  /** Hosts whose fence was lifted. */
  readonly lifted?: readonly string[];
  /** A step of the run made a standby follow what serves. */
  readonly protected?: boolean;
  readonly backups?: readonly BackupNews[];
  /** Kinds of data that are saved, as the plan has it: of others no backup is owed any more. Absent: not known. */
  readonly saves?: readonly Backup['holds'][];
  /** Of a live run: the runbook, how long each step took that was done, milliseconds by step, and whether it was a planned one. */
  readonly walked?: Walked;
  /** Of a rehearsal: what it proved and found. */
  readonly rehearsed?: Rehearsed;
  /** Of a look at whether the system is ready. */
  readonly looked?: Looked;
  /** What the inventory promises, as the plan has it. */
  readonly promised?: Promised;
  /** Where people are told, as the plan has it. */
  readonly notify?: PlanHeader['notify'];
  /** Of a live failover: how long the system is not to be failed over again, milliseconds. */
  readonly rest?: number;
}

/** What a run that has ended gave back, as its record tells. */
export interface Remembered extends Omit<ReturnInput, 'epoch' | 'saves' | 'promised' | 'notify' | 'rest'> {
  readonly workflowId: string;
  readonly runId: string;
  /** When it ended, ISO. */
  readonly at: string;
  /** It shared the system: who serves is not for it to say. */
  readonly shared: boolean;
}
/** What record stores remember of a system. */
export interface Recalled {
  /** Where that is from, and what could not be read, a sentence each; empty: there is no record of it. */
  readonly from: readonly string[];
  readonly runs: readonly Remembered[];
  /** The newest record that is in a chain. */
  readonly head: Head | null;
  /** Names under which fences know what serves now, as the world was asked. */
  readonly serving: readonly string[];
}

/** Memo `loan` of the workflow `system`: readable with no worker alive. */
export interface Loan {
  readonly epoch: number;
  readonly active: string | null;
  readonly runId: string | null;
  /** Set while the kill switch stands: who and why. What changes the world refuses then. */
  readonly stopped?: string;
}
