/** What crosses between a look at whether a system is ready, and the sites that look. Types only. */
import type { PlanHeader } from '../plan/plan.ts';
import type { Found, Promised } from './protection.ts';

/** What a person types, and a Schedule holds. */
export interface ReadinessInput {
  readonly system: string;
  /** Who starts it, as the command line states it. */
  readonly by?: string;
}

/** From where to where a system could be moved. */
export interface Way {
  readonly source: string;
  readonly target: string;
  /** It is the one that would be taken now; else the other one. */
  readonly now: boolean;
}

/** Result of `run.survey`: what the sites are to be asked. */
export interface Survey {
  /** The one that would be taken now first. Empty: it cannot be told. */
  readonly ways: readonly Way[];
  /** Sites that would carry out a step of any runbook of the system, or have a part of it. */
  readonly sites: readonly string[];
  /** What is needed to find what record stores remember; null: it cannot be told who serves. */
  readonly pinned: Pick<PlanHeader, 'system' | 'sites' | 'source'> | null;
  readonly promised: Promised;
  /** Ids of findings whose risk people have accepted. */
  readonly accepted: readonly string[];
  readonly notify: PlanHeader['notify'];
  /** Search attributes that the server knows; no other is written. */
  readonly attributes: readonly string[];
  readonly looks: readonly Look[];
}

/** Input of `run.ready`: on the control queue what concerns no site, on a site's queue what is seen from there. */
export interface ReadyCall {
  readonly system: string;
  readonly of: 'whole' | 'site';
  readonly ways: readonly Way[];
  /** Milliseconds for each question, and for all of them. */
  readonly within: number;
  readonly whole: number;
}
export interface ReadyAnswer {
  /** Of the worker that looked. */
  readonly site: string;
  /** Null: it could not be asked. */
  readonly folder: FolderState | null;
  /** It reaches Temporal on its own machine. */
  readonly temporalHere: boolean;
  readonly looks: readonly Look[];
}
/** What a worker works by. */
export interface FolderState {
  /** SHA-256, hex, of the names and contents of its runbooks and inventory. */
  readonly digest: string;
  /** What git says that the folder is at; null: nothing. */
  readonly revision: string | null;
}

/** One thing that was looked at. */
export interface Look {
  /** Unique, and the same at each look; at most 80 characters. */
  readonly subject: string;
  /** False: nobody answered, so that nothing known of it before is settled. */
  readonly answered: boolean;
  /** What was seen, one sentence an item. */
  readonly seen: readonly string[];
  readonly problems: readonly Shortfall[];
}
/** What keeps it from being ready (`must`), or will (`should`). */
export type Shortfall = Pick<Found, 'code' | 'weight' | 'text'>;

/** Result of a look at whether a system is ready. */
export interface Readiness {
  readonly system: string;
  readonly ready: boolean;
  /** Why not, one sentence each. */
  readonly because: readonly string[];
  /** What would keep it from being ready, had people not accepted the risk. */
  readonly accepted: readonly string[];
  /** ISO. */
  readonly at: string;
  /** Those with problems first. What was seen is cut where all together are more than a result can carry. */
  readonly looks: readonly Look[];
}
