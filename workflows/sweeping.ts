import type { SweepPlace } from '../plan/plan.ts';
import type { Leftover } from '../activities/sweep/sweeper.ts';
import type { StepCall } from './wire.ts';

export type { Leftover } from '../activities/sweep/sweeper.ts';

/** Input of the workflow `sweep`. A person types the system alone: then it takes away at once what any rehearsal left that is over. */
export interface SweepInput {
  readonly system: string;
  /** True: it only looks. */
  readonly look?: boolean;
  /** The one rehearsal that it waits for, and what that makes. */
  readonly of?: SweptRehearsal;
}

/** What a rehearsal hands to what takes away what it makes. */
export interface SweptRehearsal {
  /** Its workflow id, the first of the runs that resets made of it, and its start, ISO. */
  readonly run: string;
  readonly origin: string;
  readonly startedAt: string;
  /** How long what it made is kept once it is over, by how it ended, milliseconds. */
  readonly keep: { readonly passed: number; readonly failed: number };
  /** ISO time after which it goes, whatever became of the rehearsal. */
  readonly expires: string;
  readonly places: { readonly [site: string]: SweepPlace };
  /** Set once it is over. */
  readonly over?: Over;
  /** What steps made that only their types know how to take away. */
  readonly made?: readonly MadeCall[];
  /** What is gone already. */
  readonly removed?: readonly Leftover[];
  readonly gone?: number;
}
export interface Over {
  readonly passed: boolean;
  /** ISO time. */
  readonly at: string;
}
/** Argument of the signal `made`: a step is about to make what only its type knows how to take away. */
export interface MadeCall {
  readonly uses: string;
  readonly at: string;
  /** Milliseconds for one attempt. */
  readonly timeout: number;
  readonly call: StepCall;
}

export interface SweepResult {
  /** At most 1,000 of them: {@link gone} counts them all. */
  readonly removed: readonly Leftover[];
  readonly gone: number;
  /** Was to go, and is still there. */
  readonly left: readonly Leftover[];
  /** Of rehearsals that run, or not yet due. */
  readonly others: readonly Leftover[];
  /** Where it could not be looked, or why something did not go, one sentence each. */
  readonly problems: readonly string[];
}
/** Answer of the query `state` of the workflow `sweep`. */
export interface SweepState extends SweepResult {
  readonly doing: 'waiting for its rehearsal' | 'keeping what it made' | 'taking away' | 'done';
  /** ISO time until which it waits; null: until its rehearsal is over. */
  readonly until: string | null;
}

export interface SweepActivities {
  /** On a site's queue: takes away what rehearsals of a system left there, or only looks. */
  'run.sweep'(input: SweepCall): Promise<SweepResult>;
  /** Where rehearsals of a system may leave something, by site, as the inventory has it now. */
  'run.places'(input: { readonly system: string }): Promise<{ readonly [site: string]: SweepPlace }>;
  /** Whether a rehearsal is over: neither it nor what a reset made of it runs. */
  'run.over'(input: { readonly run: string; readonly origin: string }): Promise<boolean>;
}
export interface SweepCall {
  readonly system: string;
  readonly place: SweepPlace;
  /** Of this rehearsal alone. Null: of any, as `which` says. */
  readonly of: { readonly run: string; readonly startedAt: string } | null;
  /** Of any: what is expired, or also that whose rehearsal does not run any more. */
  readonly which: 'expired' | 'over';
  readonly remove: boolean;
  /** How long what does not go is waited for, milliseconds. */
  readonly within: number;
}
