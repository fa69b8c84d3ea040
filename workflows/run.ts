import type { Child, Json, Mode, Plan, PlanNode, Step } from '../plan/plan.ts';
import type { BackupNews, Proof, Stated } from '../activities/step.ts';
import type { State, Verdict } from '../record/journal.ts';
import type { Facts, Foretold, Found, MeasuredRun, OpenQuestion, RunInput, RunResult, StepState } from './wire.ts';
import type { Late } from './clerk.ts';
import { Children } from './children.ts';
import { Journal } from './journal.ts';
import { policyOf, type RunKind } from './policy.ts';
import type { Sweeping } from './start-sweep.ts';

/** Where a step of the plan stands. */
export interface Track {
  readonly node: PlanNode;
  state: StepState;
  /** How often it was begun, for ids that never repeat. */
  begun: number;
  uses: string;
  site: string | null;
  startedAt: string | null;
  endedAt: string | null;
  note: string;
  outputs: { readonly [name: string]: Json };
  proofs: readonly Proof[];
}

/** A child run of a branch, as it was last begun. */
export interface ChildRun {
  readonly node: string;
  readonly child: Child;
  readonly workflowId: string;
  readonly startedAt: string;
  endedAt: string | null;
  /** Null: not over, or it carries out steps of this run, and has no verdict. */
  verdict: Verdict | null;
  why: string;
}

/** Why the walk ends before its end. */
export interface Stop {
  readonly how: 'abort' | 'back out' | 'undo' | 'cancel';
  readonly why: string;
  /** Verdict once it has been backed out; by default `backed out`. */
  readonly verdict?: Verdict;
}

/** Thrown inside the walk once it has been stopped; never leaves the run. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** All that a run knows while it goes on: the one piece of mutable state, held by the workflow function. */
export class Run {
  readonly journal = new Journal();
  readonly questions: OpenQuestion[] = [];
  readonly attempts = new Map<string, number>();
  /** How often each signal was received. */
  readonly pressed = new Map<string, number>();
  /** Decisions that no question waits for, not yet written into the journal. */
  readonly late: Late[] = [];
  readonly tracks = new Map<string, Track>();
  readonly kind: RunKind;
  readonly input: RunInput;
  readonly workflowId: string;
  readonly startedAt: string;
  /** Run id of the first of the runs that resets made of this one: keys of effects are made of it. */
  readonly origin: string;
  mode: Mode | null;
  requester: Stated | null = null;
  plan: Plan | null = null;
  /** How long it is to take, people's waits left out; null: not known. */
  forecast: Foretold | null = null;
  attributes: readonly string[] = [];
  /** What it is doing, where no question is open; {@link state} says what is shown. */
  phase: State = 'compiling';
  state: State = 'compiling';
  /** Epoch of the loan; null: not lent, or people chose to go on without the lock. */
  epoch: number | null = null;
  compiledEpoch = 0;
  /** Why the lock did not answer. */
  lockProblem = '';
  /** The run that holds the system, where this one was refused because of it. */
  refused: string | null = null;
  facts: Facts | null = null;
  /** When they were read, milliseconds. */
  factsAt = 0;
  /** Last sign of life by host. */
  seen: { [host: string]: string } = {};
  /** Where the system serves; null: nowhere, or not known. */
  serving: string | null = null;
  /** True once a step has ended after which there is no way back. */
  committed = false;
  promoted = false;
  /** A standby follows the site that serves. */
  protected = false;
  /** What steps learnt of backups, in order. */
  readonly backups: BackupNews[] = [];
  /** Of a backup: what could not be saved of many, one sentence each. */
  readonly lacks: string[] = [];
  /** What steps found to be mended although they did what they should. */
  readonly findings: Found[] = [];
  /** Of a rehearsal: what it really tried beside its steps, as subjects of findings. What was cut short is not among it. */
  readonly tried: string[] = [];
  /** Of a rehearsal: the last runs of its runbook, oldest first. */
  measured: readonly MeasuredRun[] = [];
  /** Of a rehearsal: what takes away what it makes, once that was started. */
  sweeping: Sweeping | null = null;
  /** Hosts whose fence stands in the system's workflow; those that a step lifted since are taken out. */
  readonly fenced = new Set<string>();
  /** Hosts whose fence a step of this run lifted. */
  readonly lifted = new Set<string>();
  stop: Stop | null = null;
  /** It carries out steps of its parent: what fails is handed back, and nobody is asked. */
  readonly collects: boolean;
  /** Settles once people have answered what is to become of a run that was stopped; null: it is not. */
  held: Promise<void> | null = null;
  /** Who approved each gate. */
  readonly approvals = new Map<string, readonly Stated[]>();
  /** Plans of and room for the child runs of its branches. */
  readonly children: Children = new Children(this);
  /** The child runs of its branches, by branch and name. */
  readonly childRuns = new Map<string, ChildRun>();
  /** How long its system was seen not to be served, milliseconds; null: not known. */
  outage: number | null = null;
  /** Verdict and why, once it has ended. */
  ended: RunResult | null = null;
  records: { [site: string]: string } = {};

  /** When a planned run stopped the source: its outage limit counts from here. */
  outageSince: number | null = null;
  readonly #activityIds = new Map<string, number>();

  constructor(
    kind: RunKind,
    input: RunInput,
    info: { readonly workflowId: string; readonly firstExecutionRunId: string; readonly startTime: Date },
  ) {
    this.kind = kind;
    this.input = input;
    this.workflowId = info.workflowId;
    const wave = input.given?.wave;
    this.collects = wave !== undefined;
    this.startedAt = wave?.startedAt ?? info.startTime.toISOString();
    this.origin = wave?.origin ?? info.firstExecutionRunId;
    this.epoch = wave?.epoch ?? null;
    this.mode = input.mode ?? policyOf(kind).mode;
  }

  /** False: it acts on copies, and on nothing that is in service. */
  get live(): boolean {
    return this.kind !== 'rehearsal' && this.input.given?.plan.rehearsal === undefined;
  }

  /** The plan; MUST be called only after it was compiled. */
  get pinned(): Plan {
    if (!this.plan) throw new Error('no plan yet');
    return this.plan;
  }

  adopt(plan: Plan): void {
    this.plan = plan;
    this.tracks.clear();
    for (const node of plan.steps) {
      this.tracks.set(node.id, {
        node,
        state: 'waiting',
        begun: 0,
        uses: node.kind === 'step' ? node.action.uses : node.kind === 'branch' ? (node.uses ?? 'runbook') : 'gate',
        site: node.kind === 'step' ? node.action.at : node.kind === 'branch' ? (node.at ?? null) : null,
        startedAt: null,
        endedAt: null,
        note: '',
        outputs: {},
        proofs: [],
      });
    }
  }

  track(id: string): Track {
    const track = this.tracks.get(id);
    if (!track) throw new Error(`no step "${id}"`);
    return track;
  }

  /** Left out by the mode: counts as done for those that need it. */
  leftOut(node: PlanNode): boolean {
    return node.only !== undefined && node.only !== (this.mode ?? 'planned');
  }

  /** Stops the walk; the first reason stands. */
  halt(stop: Stop): void {
    this.stop ??= stop;
  }

  /** Forgets a stop that came too late: what it left half done is to be carried out again. */
  goOn(): void {
    this.stop = null;
    for (const track of this.tracks.values()) {
      if (track.state !== 'done' && track.state !== 'skipped') track.state = 'waiting';
    }
  }

  /**
   * The step's id where it is free, so that people can name it in the server's own commands. Two pending activities of
   * one id would hang the run: a slash stands in no step's id, and bare numbers are the ids of the run's own activities.
   */
  activityId(id: string): string {
    const nth = (this.#activityIds.get(id) ?? 0) + 1;
    this.#activityIds.set(id, nth);
    return nth === 1 && !/^\d+$/u.test(id) ? id : `${id}/${nth}`;
  }

  /** Of a run that collects: what could not be done. */
  readonly failures: { readonly step: string; readonly code: string; readonly text: string }[] = [];
  failed(node: PlanNode, { code, text }: { readonly code: string; readonly text: string }): void {
    this.failures.push({ step: node.id, code, text: text.slice(0, 500) });
  }

  attempt(question: string): number {
    const next = (this.attempts.get(question) ?? 0) + 1;
    this.attempts.set(question, next);
    return next;
  }
}

export const isStep = (node: PlanNode): node is Step => node.kind === 'step';
