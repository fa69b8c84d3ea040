import { ApplicationFailure, sleep } from '@temporalio/workflow';
import { problemOf } from './activities.ts';
import { announce } from './announce.ts';
import { now } from './journal.ts';
import { subjects } from './rehearsal-end.ts';
import type { Run } from './run.ts';
import { startSweep } from './start-sweep.ts';
import type { Leftover, Over, SweepResult } from './wire.ts';

/** How long a rehearsal waits for what it made to be gone. After that it ends, and the sweep goes on. */
const patience = '5 minutes';

/** What is left of a rehearsal, one sentence each: `left` was to go, and is there; of `unseen` it is not known. */
export interface Remains {
  readonly left: readonly string[];
  readonly unseen: readonly string[];
}

/** Has what a rehearsal made taken away, whatever became of it, and waits for that where nothing is to be kept. */
export async function cleanUp(run: Run, passed: boolean): Promise<Remains> {
  // What ended it must not end this too.
  run.stop = null;
  if (run.sweeping === null) return { left: [], unseen: [] };
  announce(run, 'cleaning up');
  const over: Over = { passed, at: now() };
  const { keep } = run.pinned.rehearsal!;
  const kept = passed ? keep.passed : keep.failed;
  const told = await tell(run, over);
  if (kept > 0 && told === null) {
    const keptUntil = new Date(Date.now() + kept).toISOString();
    run.journal.write({ what: 'swept', removed: [], left: [], unseen: [], keptUntil });
    return { left: [], unseen: [] };
  }
  const { removed, gone, left, problems } = told ?? (await swept(run));
  // Where nobody could look, what is known of it stands.
  if (problems.length === 0) run.tried.push(subjects.left);
  const more = gone > removed.length ? [`and ${gone - removed.length} more`] : [];
  const remains = { left: left.map(named), unseen: problems };
  run.journal.write({ what: 'swept', removed: [...removed.map(named), ...more], ...remains, keptUntil: null });
  return remains;
}

/** One that people ended is started again. @returns null, or why nothing is swept. */
async function tell(run: Run, over: Over): Promise<SweepResult | null> {
  try {
    await run.sweeping!.signal('over', over).catch(() => startSweep(run, over));
    return null;
  } catch (error) {
    return unknown(`nothing takes away what was made: ${problemOf(error).text}`);
  }
}

async function swept(run: Run): Promise<SweepResult> {
  const { workflowId } = run.sweeping!;
  const late = sleep(patience, { summary: 'what was made is taken away' }).then(() => {
    throw ApplicationFailure.nonRetryable(`not done within ${patience}; it goes on`, 'sweep-late');
  });
  try {
    return await Promise.race([run.sweeping!.result(), late]);
  } catch (error) {
    return unknown(`${workflowId}: ${problemOf(error).text}`);
  } finally {
    late.catch(() => undefined);
  }
}

const unknown = (problem: string): SweepResult => ({ removed: [], gone: 0, left: [], others: [], problems: [problem] });

const named = ({ site, kind, name }: Leftover): string => `${kind} ${name} at ${site}`;
