import { setTimeout as sleep } from 'node:timers/promises';
import type { Choice, Entry } from '../record/journal.ts';
import type { RunState, Waiting } from '../workflows/wire.ts';
import type { Temporal } from './connect.ts';
import type { RunName } from './find-run.ts';

/** What became of a decision. `counts` null: not known yet. */
export interface Judged {
  readonly counts: boolean | null;
  readonly note: string;
  /** People who made this choice so far, and how many it takes; null where not known. */
  readonly have: number | null;
  readonly need: number | null;
}

interface Sent {
  readonly choice: Choice;
  readonly by: string;
  readonly question: Waiting;
}

const patience = 5000;
const kept = 'no worker is running to read it yet. It is kept, and counts or not when one does.';

/** Waits, for 5 s at the most, until the run has judged a decision that was sent. */
export async function awaitJudgement(temporal: Temporal, run: RunName, sent: Sent): Promise<Judged> {
  const deadline = Date.now() + patience;
  const arrived = await arrival(temporal, run, sent);
  let answered = false;
  for (;;) {
    const journal = await journalOf(temporal, run, Math.max(500, deadline - Date.now()));
    if (journal !== null) {
      answered = true;
      const judged = find(journal, sent, arrived);
      if (judged) return { ...judged, ...(await tally(temporal, run, sent)) };
    }
    if (Date.now() >= deadline) break;
    await sleep(100);
  }
  return {
    counts: null,
    note: answered ? 'the run has not judged it within 5 s. lifeboat status shows when it does.' : kept,
    have: null,
    need: null,
  };
}

/** The run's journal, from its query `journal`; null where no worker answers. */
async function journalOf(temporal: Temporal, run: RunName, patience: number): Promise<readonly Entry[] | null> {
  try {
    return await temporal.within(patience, () =>
      temporal.client.workflow.getHandle(run.workflowId, run.runId).query<readonly Entry[]>('journal'),
    );
  } catch {
    return null;
  }
}

/** When the server took our signal, by its own clock, which is also the journal's; 0 where it does not tell. Milliseconds. */
async function arrival(temporal: Temporal, run: RunName, sent: Sent): Promise<number> {
  const request = { namespace: temporal.namespace, execution: { workflowId: run.workflowId, runId: run.runId }, maximumPageSize: 100 };
  const answer = await temporal
    .within(3000, () => temporal.client.workflowService.getWorkflowExecutionHistoryReverse(request))
    .catch(() => null);
  const ours = answer?.history?.events?.find((event) => {
    const signal = event.workflowExecutionSignaledEventAttributes;
    return signal?.signalName === sent.question.choices[sent.choice] && signal?.identity === sent.by;
  });
  return ours?.eventTime ? Number(ours.eventTime.seconds ?? 0) * 1000 + Math.floor((ours.eventTime.nanos ?? 0) / 1e6) : 0;
}

/** Our decision: not an older one; of this choice and attempt, or under its bare signal where the question was closed meanwhile. */
function find(journal: readonly Entry[], sent: Sent, arrived: number): Pick<Judged, 'counts' | 'note'> | null {
  const signal = sent.question.choices[sent.choice];
  const ours = journal.findLast(
    (entry) =>
      Date.parse(entry.at) >= arrived &&
      entry.what === 'decided' &&
      ((entry.question === sent.question.id && entry.attempt === sent.question.attempt && entry.choice === sent.choice) ||
        entry.choice === signal) &&
      (entry.by === sent.by || entry.how === 'attested'),
  );
  return ours?.what === 'decided' ? { counts: ours.counts, note: ours.note } : null;
}

async function tally(temporal: Temporal, run: RunName, sent: Sent): Promise<Pick<Judged, 'have' | 'need'>> {
  try {
    const state = await temporal.within(2000, () => temporal.client.workflow.getHandle(run.workflowId, run.runId).query<RunState>('state'));
    const open = state.questions.find((question) => question.id === sent.question.id && question.attempt === sent.question.attempt);
    return open ? { have: open.have.length, need: open.count } : { have: null, need: null };
  } catch {
    return { have: null, need: null };
  }
}
