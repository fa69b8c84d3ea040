import type { PlanNode } from '../plan/plan.ts';
import type { Entry } from './journal.ts';
import type { RunRecord } from './schema/run.ts';

/** Who serves now: what the run last said of it, unless it has stopped or cut off the source since. */
export function servingNow(journal: readonly Entry[], planned: readonly PlanNode[]): RunRecord['serving'] {
  const index = journal.findLastIndex((e) => e.what === 'serving');
  const said = journal[index];
  if (said?.what !== 'serving') return { site: null, known: false, note: 'this run did not establish which site serves', at: null };
  const stopped = journal.slice(index + 1).find((e) => takesDown(e, planned));
  if (said.site !== null && stopped && 'step' in stopped) {
    return {
      site: null,
      known: true,
      note: `${stopped.step} took ${said.site} out of service, and nothing was promoted since`,
      at: stopped.at,
    };
  }
  return { site: said.site, known: true, note: said.note, at: said.at };
}

/** A step that interrupts service does so from its start; a fence has cut the source off at its end. */
function takesDown(entry: Entry, planned: readonly PlanNode[]): boolean {
  if (entry.what === 'done') return entry.proofs.some(({ kind }) => kind === 'fence' || kind === 'shutdown');
  if (entry.what !== 'begun') return false;
  const node = planned.find(({ id }) => id === entry.step);
  return node?.kind === 'step' && node.action.outage;
}
