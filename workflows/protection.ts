import type { Mode } from '../plan/plan.ts';

export interface Walked {
  readonly runbook: string;
  readonly mode: Mode | null;
  readonly durations: { readonly [step: string]: number };
  /** What steps moved that tell it, bytes. */
  readonly bytes?: { readonly [step: string]: number };
  /** Recovery time and point as they were measured from outside, milliseconds; null: not measured. */
  readonly recovery: { readonly time: number | null; readonly point: number | null };
}
export interface Rehearsed extends Walked {
  readonly passed: boolean;
  /** Everything it found, whether it was known before or not. */
  readonly found: readonly Found[];
  /** Subjects that it really tried: a known finding of one of these that was not found again is closed. */
  readonly tried: readonly string[];
}
export interface Looked {
  readonly ready: boolean;
  /** Why not, one sentence each. */
  readonly because: readonly string[];
  readonly found: readonly Found[];
  readonly tried: readonly string[];
}

/** How old a proof of each kind may be, milliseconds. Absent: nothing is promised. */
export type Promised = { readonly [what in Provable]?: number };
export type Provable = 'backup' | 'rehearsal' | 'exercise' | 'readiness';

/** Something to be mended, as a rehearsal or a look found it. */
export interface Found {
  /** Step id, or what was looked at (`backup orders-b`, `worker site-a`). No spaces around it, at most 80 characters. */
  readonly subject: string;
  /** Code of the problem: `backup-stale`, `content-differs`, `slower`. */
  readonly code: string;
  readonly weight: 'must' | 'should' | 'note';
  readonly text: string;
}
/** The same over all rehearsals. Its id is `RUNBOOK/SUBJECT/CODE`; a look's runbook is `readiness`. */
export interface Finding extends Found {
  readonly id: string;
  readonly runbook: string;
  readonly state: 'open' | 'accepted' | 'closed';
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly times: number;
  /** Run in which it was last seen. */
  readonly run: string;
  readonly owner: string | null;
  /** A day: `2027-01-31`. */
  readonly due: string | null;
  /** The last word on it: who accepted the risk (and until when), closed or opened it again, and why. `retest`: a rehearsal found it no more. */
  readonly word: { readonly by: string; readonly at: string; readonly reason: string; readonly until: string | null } | null;
}
/** A finding as it stood when a run began: for the run's record. */
export type KnownFinding = Pick<Finding, 'id' | 'weight' | 'state' | 'firstSeen' | 'times' | 'owner' | 'due' | 'word'>;
/** Update `finding` of the workflow `system`: refused where there is none of that id. `due` is a day, `until` an ISO time. */
export interface FindingChange {
  readonly id: string;
  readonly by: string;
  readonly owner?: string;
  readonly due?: string;
  readonly state?: { readonly is: Finding['state']; readonly reason: string; readonly until?: string };
}

/** Something was not proven within its promise. */
export interface Alarm {
  readonly what: Provable;
  /** ISO time since when it is due. */
  readonly since: string;
  readonly text: string;
  /** When people were last told, ISO; null: not yet. */
  readonly toldAt: string | null;
}

export interface MeasuredRun extends Walked {
  readonly run: string;
  readonly at: string;
  readonly live: boolean;
  readonly good: boolean;
}
