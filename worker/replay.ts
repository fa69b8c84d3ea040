import type { History } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { Entry } from '../record/journal.ts';
import { workflowBundle } from './bundle.ts';
import { recordOf, type Recorded } from './record-of.ts';
import { journalSink } from './sink.ts';

/** Record and report of a run made again from its history alone, ended or not: the workflow is replayed, and its journal heard. */
export async function recordFromHistory(history: History, namespace = 'default'): Promise<Recorded> {
  return recordOf(history, await journalFrom(history), namespace);
}

/** What happened in a run, as its workflow wrote it down. */
export async function journalFrom(history: History): Promise<Entry[]> {
  beQuiet();
  const entries: Entry[] = [];
  const workflowId = history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? 'unknown';
  await Worker.runReplayHistory(
    { workflowBundle: await workflowBundle(), sinks: journalSink((entry) => entries.push(entry), true) },
    history,
    workflowId,
  );
  return entries;
}

/** A replay is no news to the person who asked for a report. */
function beQuiet(): void {
  try {
    Runtime.install({ logger: new DefaultLogger('WARN') });
  } catch {
    // Installed already, by whoever this process belongs to.
  }
}
