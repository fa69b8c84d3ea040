import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { Entry } from '../record/journal.ts';
import { makeRecord } from '../record/record.ts';
import { report } from '../record/report.ts';
import type { RunRecord } from '../record/schema/run.ts';
import { historyFacts } from './history-facts.ts';
import { runLink } from './link.ts';
import { planIn } from './plan-in-history.ts';

export interface Recorded {
  readonly record: RunRecord;
  /** The report: one self-contained page. */
  readonly html: string;
}

/** Record and report of a run, from its history and from the journal that its workflow kept. Pure. */
export function recordOf(history: History, journal: readonly Entry[], namespace: string): Recorded {
  const { plan, steps } = planIn(history);
  const facts = historyFacts(history);
  const started = facts.find((fact) => fact.what === 'run-started');
  const link = started?.what === 'run-started' && plan?.ui ? runLink(plan.ui, namespace, started.workflowId, started.runId) : null;
  const record = makeRecord({ plan, steps, journal, history: facts, link });
  return { record, html: report(record) };
}
