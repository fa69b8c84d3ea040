import type { Backup, Proof } from '../activities/step.ts';
import type { Attestation, PlanHeader } from '../plan/plan.ts';
import type { Head, Link } from './chain.ts';
import type { Alarm, Finding, MeasuredRun, Promised, Provable } from './protection.ts';

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
  /** What was last proven of each kind; absent: never, as far as is known. */
  readonly proven?: { readonly [what in Provable]?: { readonly at: string; readonly run: string; readonly note: string } };
  readonly promised?: Promised;
  /** When the workflow first knew of each promise: what was never proven is due from then on. ISO. */
  readonly promisedSince?: { readonly [what in Provable]?: string };
  readonly ready?: { readonly is: boolean; readonly at: string; readonly because: readonly string[] };
  readonly findings?: readonly Finding[];
  readonly alarms?: readonly Alarm[];
  /** No failover begins by itself before this time, ISO: the system was moved just now. People lift it. */
  readonly rest?: { readonly until: string; readonly why: string } | null;
  /** Kill switch: no change begins while it stands. */
  readonly stopped?: { readonly by: string; readonly at: string; readonly reason: string } | null;
  readonly head?: Head | null;
  /** The records last put into the chain, newest last, at most 100: one asked again gets the same answer, and a store that was away what it lacks. */
  readonly links?: readonly Link[];
  /** Durations of the last runs of each runbook, newest last, at most 20 each. */
  readonly measured?: { readonly [runbook: string]: readonly MeasuredRun[] };
  readonly notify?: PlanHeader['notify'];
  /** Search attributes that the server knows. */
  readonly attributes?: readonly string[];
  /** What people said by signals, oldest first, at most 20. `how`: how it is known who said it. */
  readonly said?: readonly Said[];
  /** Run ids of those that gave back last, at most 200: told twice, it counts once. */
  readonly heard?: readonly string[];
  /** Set where the state was made again by asking the world, because the workflow had been lost. */
  readonly rebuilt?: { readonly at: string; readonly epoch: number; readonly from: readonly string[] };
}

/** Memo `summary` of the workflow `system`, at most 1,900 characters: what a list of all systems shows, read in one call. */
export interface Summary {
  readonly system: string;
  readonly active: string | null;
  readonly epoch: number;
  readonly holder: string | null;
  readonly fences: number;
  readonly unprotectedSince: string | null;
  readonly proven: { readonly [what in Provable]?: string };
  readonly promised: Promised;
  readonly ready: boolean | null;
  /** The first reason why not. */
  readonly because: string;
  readonly alarms: readonly Provable[];
  readonly findings: { readonly open: number; readonly must: number; readonly accepted: number };
  readonly rest: string | null;
  readonly stopped: string | null;
  readonly head: Head | null;
  readonly lastRun: { readonly run: string; readonly verdict: string; readonly at: string } | null;
  /**
   * The last runs and rehearsals, newest last, at most 12: recovery time in milliseconds, of a rehearsal for how long its steps
   * worked; `point`, where it was measured: how long what was written before the failure and lost had been written for, milliseconds.
   */
  readonly trend: readonly {
    readonly at: string;
    readonly live: boolean;
    readonly time: number;
    readonly point?: number;
    readonly good: boolean;
  }[];
}

export interface Said {
  /** Which of the words of the system it is, from 1: several may be of one time. */
  readonly nth: number;
  readonly at: string;
  readonly by: string;
  readonly how: Attestation;
  readonly what: 'stopped' | 'allowed' | 'lifted the pause';
  readonly reason: string;
}
/** The argument of a signal of the workflow `system`. From the UI it may be absent, or a bare string: the reason. */
export type Word = undefined | null | string | { readonly by?: string; readonly reason?: string };
