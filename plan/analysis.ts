import type { Draft } from './draft.ts';
import type { Needs, Reach } from './graph.ts';
import type { Kind, Mode } from './plan.ts';
import type { Scope } from './scope.ts';

/** A runbook with its names looked up and its order known: what rules look at, and plans are made from. */
export interface Analysis {
  readonly scope: Scope;
  readonly drafts: readonly Draft[];
  readonly needs: Needs;
  /** Topological. */
  readonly order: readonly number[];
  /** What leads to what, whatever the mode. */
  readonly reach: Reach;
  readonly modes: readonly Mode[];
  /**
   * What leads to what in a mode. A step that the mode leaves out counts as done at once,
   * so nothing before it is sure to have happened for those behind it.
   */
  readonly reachIn: { readonly [mode: string]: Reach };
}

/** Only a failover is ever run with its source lost. */
export function modesOf(kind: Kind): readonly Mode[] {
  return kind === 'failover' ? ['planned', 'unplanned'] : ['planned'];
}

export function runsIn(draft: Draft, mode: Mode): boolean {
  return draft.only === undefined || draft.only === mode;
}
