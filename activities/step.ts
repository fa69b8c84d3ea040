import type { z } from 'zod';
import { permitted } from './aws/permitted.ts';
import type { HandCommand, HandFacts } from './by-hand/command.ts';
import type { Found } from '../workflows/protection.ts';
import type { Attestation, AwsFacts, Effect, HostFacts, ProofKind, Recipient, SystemFacts } from '../plan/plan.ts';

/** One person's word, and how the person is known. */
export interface Stated {
  readonly by: string;
  readonly how: Attestation;
  /** ISO time. */
  readonly at: string;
  readonly reason?: string;
}

/** What a step proved of the old primary. Stored in the run's history; read again by the step that relies on it. */
export interface Proof {
  readonly kind: ProofKind;
  /** The step type that proved it, and that can read it again. */
  readonly by: string;
  readonly host: string;
  /** ISO time at which the world was read. */
  readonly at: string;
  /** The input with which it was proved, so that it can be read again. */
  readonly with: unknown;
  /** What was seen, one sentence an item. */
  readonly evidence: readonly string[];
  /** Whether the host stays out when its power comes back: proven, known not to, or not known. */
  readonly latched: 'yes' | 'no' | 'unknown';
}

/** A backup, as its tool lists it, and what is proven of it. */
export interface Backup {
  /** The tool's own name for it. */
  readonly label: string;
  /** The store it lies in, by its name in the inventory. */
  readonly store: string;
  readonly holds: 'database' | 'files' | 'volumes';
  readonly kind: 'full' | 'differential' | 'incremental' | 'snapshot';
  /** ISO time up to which it holds the data. */
  readonly at: string;
  readonly bytes: number;
  /** ISO time at which it was restored elsewhere and compared; null: unproven. */
  readonly provenAt: string | null;
  /** What was compared, one sentence each; empty while unproven. */
  readonly compared: readonly string[];
}

/** What a step learnt of the backups in one store. Merged by label: a proof once made is kept. */
export interface BackupNews {
  readonly store: string;
  readonly holds: Backup['holds'];
  /** True: these are all there are of what they hold, and others that were known are gone. */
  readonly complete: boolean;
  readonly backups: readonly Backup[];
}

/** What a step leaves behind: outputs for other steps, proofs for those that require them, sentences for the record. */
export interface Outcome<Output> {
  readonly outputs: Output;
  readonly proofs?: readonly Proof[];
  /** What it learnt of backups; kept in the workflow `system`. */
  readonly backups?: readonly BackupNews[];
  /** Hosts whose standing fence is lifted by this step: what it stood against can no longer write on its own. */
  readonly lifts?: readonly string[];
  /** The site that serves from now on, where a step puts something in service in place of what was there, without a promotion. */
  readonly serves?: string;
  /** What is to be mended although the step itself did what it should: a version that drifted, a check that proves nothing. */
  readonly findings?: readonly Found[];
  /** What was seen in the world, one sentence an item. */
  readonly evidence: readonly string[];
}

/** The run and step for which a type is called, and what it may ask of its surroundings. */
export interface StepContext {
  /** Workflow id and run id, the link to it in the Temporal UI, what it is about. */
  readonly run: {
    readonly workflowId: string;
    readonly runId: string;
    readonly link: string;
    readonly mode: 'planned' | 'unplanned';
    readonly live: boolean;
    readonly startedAt: string;
  };
  readonly step: { readonly id: string; readonly attempt: number };
  /** ≤ 64 ASCII characters, the same for every attempt of this step in this run, also after a reset: look for it before you create. */
  readonly key: string;
  /** The site whose network this worker sees the world from. */
  readonly viewpoint: string;
  readonly system: SystemFacts;
  readonly source: { readonly site: string };
  readonly target: { readonly site: string };
  /** The hosts that the input names. */
  host(name: string): HostFacts;
  /** How an AWS site is reached. Any of the inventory; throws a StepError where it has none of that name. */
  aws(site: string): AwsFacts;
  /**
   * Of a preflight: hosts that steps before this one promote, and those that they change. The step will find them otherwise than
   * they are now, so their role and whether they run are not to be judged. Empty at any other time.
   */
  readonly earlier: { readonly promoted: readonly string[]; readonly changed: readonly string[] };
  /** Proofs handed over from the steps before. */
  readonly proofs: readonly Proof[];
  /** Names of those who said that a person's step is done, with how each is known. */
  readonly stated: readonly Stated[];
  /** When each host last gave a sign of life, as this run's preflight or the probe saw it; ISO time by host. */
  readonly seen: { readonly [host: string]: string };
  /** What the last attempt passed to `heartbeat`. */
  readonly resume: unknown;
  /** Backups that the workflow `system` knows, with what is proven of them. */
  backups(): Promise<readonly Backup[]>;
  /** Fences that stand for this system, as the workflow `system` knows them: those of earlier runs too. */
  fences(): Promise<readonly Proof[]>;
  /** Directory on the worker's machine where a step may leave a file for people, such as exported rows; made if missing. */
  exports(): Promise<string>;
  readonly notify: { readonly [name: string]: Recipient };
  /** Aborted when the step is cancelled, its run is over, or its time is up. Hand it to everything that waits. */
  readonly signal: AbortSignal;
  heartbeat(details?: unknown): void;
  /** Ends early, by throwing, when the step is cancelled. */
  sleep(milliseconds: number): Promise<void>;
  /** Resolves `env:NAME`, `file:PATH` or `aws:SITE:NAME`. The value MUST NOT reach an output, an error, evidence or a log. */
  secret(reference: string): Promise<string>;
  /**
   * MUST be awaited directly before each act that changes the world: throws when the run no longer runs
   * or the system has been lent to another run since.
   */
  stillOurs(): Promise<void>;
  /** Reads a proof again, now, by the type that made it; throws when it no longer holds. */
  reread(proof: Proof): Promise<Proof>;
}

/**
 * What there is to know of a step type. One file each; `test/activities/contract.test.ts` holds every type to it.
 * No exit code and no answer of a controller is proof: a step reads the world back.
 */
export interface StepDefinition<Input, Output> {
  /** `service.verb`; permanent once released: it is a name on the wire. */
  readonly name: string;
  /** One sentence for the operator. */
  readonly summary: string;
  readonly effect: Effect;
  readonly provides?: readonly ProofKind[];
  /** Any one of these proofs suffices. */
  readonly requires?: readonly ProofKind[];
  /** True: after it there is no way back without losing service or data. */
  readonly commits?: boolean;
  /** True: from its start until a promotion the system does not serve. */
  readonly outage?: boolean;
  /** True: from its end the target serves. */
  readonly promotes?: boolean;
  /** True: from its end a standby follows the site that serves. */
  readonly protects?: boolean;
  /** `host` (the default): the site of the host in `with.host`, or the one in `with.site`; `target`: the target site, whatever it acts on; `control`: any site. */
  readonly at?: 'host' | 'target';
  /**
   * It needs this region's control plane, wherever it acts: the linter keeps it out of unplanned runs from a failed site there.
   * Source: docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries (global services).
   */
  readonly leansOn?: string;
  /** Set where people carry the step out or witness it. `{field}` in the question is filled from the input. */
  readonly asks?: {
    readonly question: string;
    readonly people: number;
    /** True: in a run of a whole site, as many people who approved its gate have answered it, for the gate says so. */
    readonly covered?: boolean;
  };
  /** Usual duration, milliseconds: orders the walk and estimates the run. */
  readonly expected: number;
  /** One attempt, unless the runbook says otherwise. Words, as in a runbook: `30 seconds`. */
  readonly timeout: string;
  readonly retry?: { readonly times: number; readonly wait: string };
  /** Every field MUST be described, with its unit. A field that names a host is made by `hostName()`. */
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  readonly example: NoInfer<Input>;
  /** What it needs on a host, one sentence each. */
  readonly permissions: readonly string[];
  /** The exact IAM actions that it calls, by phase: `ec2:CreateSnapshots`. `lifeboat iam` makes policies of them, and a test holds the calls really made to them. */
  readonly iam?: { readonly [phase in 'preflight' | 'execute' | 'rehearse' | 'undo']?: readonly string[] };
  /** Where the input names several AWS sites: which of these actions are called at each, by field (`original.site`). Absent: all of them at each. */
  readonly iamAt?: { readonly [field: string]: readonly string[] };
  /** Of them, those that are called only where these sites are of different accounts. */
  readonly iamAcross?: readonly string[];
  /** Those that are called only where the input has one of these fields. */
  readonly iamIf?: { readonly [action: string]: readonly string[] };
  /** MUST only read. Everything that can be known before: credentials, reachability, versions, capacity. Throws a StepError that a person can act on. */
  preflight(input: Input, context: StepContext): Promise<readonly string[]>;
  /**
   * MUST survive running twice, and MUST survive its response being lost: it looks before it creates.
   * MUST heartbeat while it waits, and MUST stop when cancelled.
   */
  execute(input: Input, context: StepContext): Promise<void>;
  /** MUST only read. Throws unless the postcondition holds; returns the outputs as the world shows them. Also decides whether "done by hand" is believed. */
  verify(input: Input, context: StepContext): Promise<Outcome<Output>>;
  /** The same act in isolation, or the reason why there is none, which a report lists as not proven. */
  readonly rehearse: ((input: Input, context: StepContext) => Promise<Outcome<Output>>) | { readonly none: string };
  /** True: its rehearsal MUST only read, and may look at what is in service: credentials, states, rows to compare with. */
  readonly proves?: true;
  /** True: it needs the database of the member that its host is to run. In a rehearsal that is a copy, made before. */
  readonly member?: true;
  /** True: it puts another cluster in that database's place. A rehearsal that has it makes no copy of what runs. */
  readonly adopts?: true;
  /**
   * Takes away what `rehearse` made, where neither tag nor marker tells of it; read back. MUST survive that there is nothing.
   * Returns what it took away, one sentence each.
   */
  readonly sweep?: (input: Input, context: StepContext) => Promise<readonly string[]>;
  /** The same act as commands, for the checklist that people follow where there is no Temporal. Absent: words alone. */
  readonly byHand?: (input: Input, facts: HandFacts) => readonly HandCommand[];
  /** MUST survive an `execute` that never finished. A change without an undo says why. */
  readonly undo: ((input: Input, context: StepContext) => Promise<readonly string[]>) | { readonly none: string };
}

/** A step type with its shapes erased: everyone but its own file sees this. The type's own schema reads the input first. */
export interface StepType extends StepDefinition<unknown, unknown> {}

/** Declares a step type. */
export function step<Input, Output>(definition: StepDefinition<Input, Output>): StepType {
  return {
    ...definition,
    preflight: async (input, context) => {
      const read = definition.input.parse(input);
      const [allowed, seen] = await Promise.allSettled([permitted(definition, read, context), definition.preflight(read, context)]);
      // It names all that is missing, where the other names what it came upon first.
      if (allowed.status === 'rejected') throw allowed.reason;
      if (seen.status === 'rejected') throw seen.reason;
      return [...seen.value, ...allowed.value];
    },
    execute: (input, context) => definition.execute(definition.input.parse(input), context),
    verify: (input, context) => definition.verify(definition.input.parse(input), context),
    rehearse:
      typeof definition.rehearse === 'function'
        ? (
            (act) => (input: unknown, context: StepContext) =>
              act(definition.input.parse(input), context)
          )(definition.rehearse)
        : definition.rehearse,
    ...(definition.sweep === undefined
      ? {}
      : { sweep: (input: unknown, context: StepContext) => definition.sweep!(definition.input.parse(input), context) }),
    ...(definition.byHand === undefined ? {} : { byHand: (input: unknown, facts: HandFacts) => commands(definition, input, facts) }),
    undo:
      typeof definition.undo === 'function'
        ? (
            (act) => (input: unknown, context: StepContext) =>
              act(definition.input.parse(input), context)
          )(definition.undo)
        : definition.undo,
  } as StepType;
}

/** None where the input holds what only the run will know. */
function commands<Input, Output>(definition: StepDefinition<Input, Output>, input: unknown, facts: HandFacts): readonly HandCommand[] {
  const read = definition.input.safeParse(input);
  return read.success ? definition.byHand!(read.data, facts) : [];
}
