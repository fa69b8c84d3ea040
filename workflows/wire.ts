/**
 * What crosses between a workflow and the outside: inputs, results, queries and names. Types and constants only.
 * Names on the wire are for ever; `test/workflows/names.test.ts` holds the list of every name ever released.
 */
export type * from './chain.ts';
export type * from './loan.ts';
export type * from './ready.ts';
export type * from './protection.ts';
export type * from './run-activities.ts';
export type * from './sweeping.ts';
export type * from './system-state.ts';
export type * from './tidings.ts';

import type { AwsFacts, HostFacts, Json, Mode, Plan, PlanHeader, SystemFacts } from '../plan/plan.ts';
import type { Choice, Fact, QuestionKind, State, Verdict } from '../record/journal.ts';
import type { BackupNews, Outcome, Proof, Stated } from '../activities/step.ts';
import type { Found } from './protection.ts';

/** The queue of workflows and of the run's own activities. A site's queue is {@link siteQueue}. */
export const controlQueue = 'lifeboat';
export const siteQueue = (site: string): string => `lifeboat-${site}`;
/** Workflow id of the workflow that stands for a system, and of a system's one live run of a kind. */
export const systemId = (system: string): string => `system-${system}`;
export const runId = (kind: string, system: string): string => `${kind}-${system}`;
/** The same, of what starts it: a run of a whole site is called after the site. */
export const idOfRun = (kind: string, { system, site }: Pick<RunInput, 'system' | 'site'>): string => runId(kind, site ?? system);
/** Workflow id of a child that carries out steps of a run. No run has a slash in its id, so it is never taken for one. */
export const waveId = (run: string, branch: string, child: string): string => `${run}/${branch}/${child}`;

/** Id of a schedule in Temporal, by its name in `schedules.yaml`. */
export const scheduleId = (name: string): string => `lifeboat-${name}`;
/** Workflow id of what takes away what a rehearsal made; of the `nth` that it started, where a reset left one behind. */
export const sweepId = (origin: string, system: string, nth = 1): string =>
  `sweep-${origin.slice(-8)}-${system}${nth > 1 ? `-${nth}` : ''}`;

/** Causes of a failover. What `corruption` damaged was replicated, so it is restored and never failed over. */
export const causes = ['exercise', 'maintenance', 'hardware', 'network', 'power', 'site', 'software', 'other', 'corruption'] as const;

/** What a person types to start a run. */
export interface RunInput {
  readonly system: string;
  /** A run of every system that serves at this site: then no system needs to be named. */
  readonly site?: string;
  /** What a parent run hands its child; never typed. */
  readonly given?: Given;
  /** Required for a failover; there is no default. */
  readonly mode?: Mode;
  /** Needed only where a system has several runbooks of a kind. */
  readonly runbook?: string;
  readonly parameters?: { readonly [name: string]: Json };
  /** Digest of the plan that the person was shown. */
  readonly digest?: string;
  /** Why it is done, as whoever starts it knows: one of the words in `causes`. */
  readonly cause?: string;
  /** Who starts it, as the command line states it. */
  readonly by?: string;
}

/** What a child run is given by its parent, in place of what others find out for themselves. */
export interface Given {
  readonly plan: Plan;
  readonly compiledEpoch: number;
  readonly attributes: readonly string[];
  readonly requester: Stated | null;
  /** Who approved the gate of the parent that leads to this run. */
  readonly approved: Approval | null;
  /** Set where it carries out steps of its parent and hands back what came of them. */
  readonly wave?: {
    /** The parent's, so that keys of effects are the same in whichever child a step is carried out. */
    readonly origin: string;
    readonly epoch: number | null;
    readonly startedAt: string;
    readonly undo: boolean;
    /** Of a rehearsal: workflow id of what takes away what it makes. */
    readonly sweep?: string;
    /** Which attempt of the branch it is, from 1: what tries again looks at what is there first. */
    readonly attempt: number;
  };
}
export interface Approval {
  /** The gate and its run. */
  readonly gate: string;
  readonly by: readonly Stated[];
}
export interface WaveResult {
  /** Outputs of what was done, by step; empty where all together were more than a run can carry. */
  readonly outputs: { readonly [step: string]: Json };
  /** How many outputs were left out. */
  readonly dropped: number;
  readonly failed: readonly { readonly step: string; readonly code: string; readonly text: string }[];
  readonly backups: readonly BackupNews[];
  /** At most 100. */
  readonly findings: readonly Found[];
}

export interface RunResult {
  readonly verdict: Verdict;
  readonly why: string;
  readonly serving: string | null;
  /** Paths of the record and its report, by site. */
  readonly records: { readonly [site: string]: string };
  /** How long the system was seen from outside not to be served, milliseconds. Absent: not known. */
  readonly outage?: number;
  /** Of a child that carries out steps of its parent. */
  readonly wave?: WaveResult;
}

/** The one argument of a decision's signal. From the UI it may be absent, or a bare string: the reason. */
export type DecisionInput = undefined | null | string | { readonly by?: string; readonly reason?: string };

export interface OpenChoice {
  readonly choice: Choice;
  /** Name of the signal that makes it. */
  readonly signal: string;
  readonly description: string;
  readonly reason: boolean;
}
export interface OpenQuestion {
  /** Step id, or `plan`, `lock`. */
  readonly id: string;
  readonly attempt: number;
  readonly kind: QuestionKind;
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly choices: readonly OpenChoice[];
  readonly approvers: readonly string[];
  readonly count: number;
  /** Who has approved so far. */
  readonly have: readonly string[];
  readonly askedAt: string;
  readonly deadline: string | null;
}
/** Memo `waiting`: what is asked, readable with no worker alive. At most 2 KiB in all. */
export interface Waiting {
  readonly id: string;
  readonly attempt: number;
  readonly kind: QuestionKind;
  readonly title: string;
  readonly choices: { readonly [choice: string]: string };
}

export type StepState = 'waiting' | 'running' | 'asking' | 'done' | 'failed' | 'skipped' | 'left out' | 'undone';
export interface StepView {
  readonly id: string;
  readonly kind: 'step' | 'gate' | 'branch';
  readonly what: string;
  readonly state: StepState;
  readonly site: string | null;
  readonly attempt: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly note: string;
  /** Of a branch: its child runs that were begun. */
  readonly children?: readonly ChildView[];
}
export interface ChildView {
  readonly name: string;
  readonly workflowId: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Null: not over, or it carries out steps of this run. */
  readonly verdict: Verdict | null;
  readonly why: string;
}
/** Answer of the query `state`. */
export interface RunState {
  readonly state: State;
  readonly system: string;
  /** The site of all of whose systems it is a run; the system only stands for it then. */
  readonly whole?: string;
  readonly runbook: string | null;
  readonly mode: Mode | null;
  readonly digest: string | null;
  readonly source: string | null;
  readonly target: string | null;
  readonly serving: string | null;
  readonly startedAt: string;
  readonly steps: readonly StepView[];
  readonly questions: readonly OpenQuestion[];
  readonly verdict: Verdict | null;
  readonly why: string;
  readonly records: { readonly [site: string]: string };
}

/** Input of `<step type>.execute`, `.verify`, `.rehearse` and `.undo`. */
export interface StepCall {
  readonly run: { readonly origin: string; readonly mode: Mode; readonly live: boolean; readonly startedAt: string };
  readonly step: { readonly id: string; readonly attempt: number; readonly variant: number };
  readonly with: { readonly [field: string]: Json };
  readonly system: SystemFacts;
  readonly source: { readonly site: string };
  readonly target: { readonly site: string };
  readonly hosts: { readonly [name: string]: HostFacts };
  /** The AWS sites of the inventory. Absent: it has none. */
  readonly aws?: { readonly [site: string]: AwsFacts };
  readonly proofs: readonly Proof[];
  readonly stated: readonly Stated[];
  readonly seen: { readonly [host: string]: string };
  readonly notify: PlanHeader['notify'];
  /** What a fence stood against when the run began, where it was lifted or made anew since. Absent: nothing. */
  readonly replaced?: readonly string[];
  /** Epoch of the loan of the system; null where people chose to go on without the lock. */
  readonly epoch: number | null;
  readonly ui: string | null;
  /** Folder of the record store at the site that carries it out. */
  readonly records: string | null;
  /** Of a preflight: hosts that steps before this one promote, and those that they change. */
  readonly earlier?: { readonly promoted: readonly string[]; readonly changed: readonly string[] };
}
/** Result of `.execute`, `.verify` and `.rehearse`. */
export type StepAnswer = Outcome<Json>;

/** A step that is looked at before the run. */
export interface PreflightCall extends StepCall {
  readonly uses: string;
  /** Set where values are missing that only the run will know: then it is only asked whether AWS would let it be done. */
  readonly late?: boolean;
}
