import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  allHandlersFinished,
  condition,
  defineQuery,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Verdict } from '../record/journal.ts';
import type { RunInput, RunResult, RunState } from './wire.ts';
import { control, problemOf } from './activities.ts';
import { announce } from './announce.ts';
import { backOut } from './back-out.ts';
import { cleanUp } from './clean-up.ts';
import { clerk, keepLateDecisions } from './clerk.ts';
import { compile } from './compile.ts';
import { conclude, measure, verdictOf } from './finish.ts';
import { inputOf } from './input.ts';
import { prepare } from './lock.ts';
import type { RunKind } from './policy.ts';
import { findingsOf, judged, leftOver, triedOf, writeFindings } from './rehearsal-end.ts';
import { Run, Stopped, type Stop } from './run.ts';
import { startSweep } from './start-sweep.ts';
import { view } from './view.ts';
import { walk } from './walk.ts';
import { wave } from './wave.ts';

type Ending = readonly [verdict: Verdict, why: string];

/** Carries a run of any kind from its few words of input to its record. */
export async function drive(kind: RunKind, input: RunInput): Promise<RunResult> {
  const run = new Run(kind, inputOf(workflowInfo().parent ? input : typed(input)), workflowInfo());
  keepLateDecisions(run);
  setHandler(defineQuery<RunState>('state'), () => view(run), { description: 'What the run is doing, and what is asked.' });
  if (run.collects) {
    cancelAtSafePoint(run);
    return CancellationScope.nonCancellable(() => wave(run));
  }
  setHandler(defineQuery('journal'), () => run.journal.entries, { description: 'What happened so far, in order.' });
  cancelAtSafePoint(run);
  await CancellationScope.nonCancellable(async () => {
    void clerk(run);
    const [verdict, why] = run.live ? await outcome(run) : await rehearsed(run, await outcome(run));
    await conclude(run, verdict, why.slice(0, 2_000));
    await condition(allHandlersFinished);
  });
  return close(run);
}

/** What only a parent run may say. */
function typed(input: RunInput): RunInput {
  if (typeof input !== 'object' || input === null || !('given' in input)) return input;
  const { given: _, ...rest } = input;
  return rest;
}

async function outcome(run: Run): Promise<Ending> {
  try {
    await compile(run, identify(run));
    await prepare(run);
    if (!run.live) await startSweep(run);
    announce(run, 'running');
    return await walked(run);
  } catch (error) {
    if (error instanceof Stopped) return stopped(run);
    // A plain error would fail the workflow task for ever, and the run would hang with nobody told.
    return ['failed', `${problemOf(error).text}${serves(run)}`];
  }
}

/** Walks the plan to its end, or back to its beginning. */
async function walked(run: Run): Promise<Ending> {
  for (;;) {
    try {
      await walk(run);
      if (!run.live) return ['rehearsed', ''];
      await measure(run);
      return [verdictOf(run), doneWith(run)];
    } catch (error) {
      const stop = run.stop;
      if (!(error instanceof Stopped) || stop === null || !run.live || stop.how === 'abort' || stop.how === 'cancel') throw error;
      const problem = run.promoted ? null : await backOut(run);
      if (!run.promoted) return backedOut(run, stop, problem);
      // The promotion came first: after it the only way is forward.
      run.journal.write({
        what: 'serving',
        site: run.serving,
        note: `promoted before it could back out (${stop.why}): the only way is forward`,
      });
      run.goOn();
      announce(run, 'running');
    }
  }
}

/** What a rehearsal made is taken away, whatever became of it; then it is judged by what it found. */
async function rehearsed(run: Run, [verdict, why]: Ending): Promise<Ending> {
  if (run.plan === null) return [verdict, why];
  const walkedToItsEnd = verdict === 'rehearsed';
  run.findings.push(...findingsOf(run, walkedToItsEnd));
  if (walkedToItsEnd) run.tried.push(...triedOf(run));
  const { left, unseen } = await cleanUp(run, walkedToItsEnd && judged(run)[0] === 'rehearsed');
  run.findings.push(...leftOver(left, unseen));
  writeFindings(run);
  return walkedToItsEnd ? judged(run) : [verdict, why];
}

function backedOut(run: Run, { why, verdict = 'backed out' }: Stop, problem: string | null): Ending {
  return problem === null ? [verdict, `${why}${serves(run)}`] : ['failed', `${why}; backing out: ${problem}${serves(run)}`];
}

function stopped(run: Run): Ending {
  const { how, why, verdict = 'aborted' } = run.stop ?? { how: 'abort', why: 'stopped' };
  if (run.refused !== null) return ['refused', why];
  return [how === 'cancel' ? 'cancelled' : verdict, `${why}${serves(run)}`];
}

async function identify(run: Run): Promise<void> {
  const requester = run.input.given?.requester;
  if (requester) {
    run.requester = requester;
    run.journal.write({ what: 'started', by: requester.by, mode: run.mode, input: inputShown(run) as never });
    return;
  }
  const { by, how } = await control('who started the run?')['run.requester']();
  run.requester = {
    by: how === 'attested' ? by : (run.input.by ?? by),
    how: how === 'anonymous' && run.input.by ? 'stated' : how,
    at: run.startedAt,
  };
  run.journal.write({ what: 'started', by: run.requester.by, mode: run.mode, input: inputShown(run) as never });
}

/** Without the plan that a parent handed down: the record holds its digest. */
function inputShown({ input }: Run): Omit<RunInput, 'given'> {
  const { given: _, ...rest } = input;
  return rest;
}

/** A cancellation takes effect where the steps under way have come to rest, and says who serves then. */
function cancelAtSafePoint(run: Run): void {
  CancellationScope.current().cancelRequested.catch(() => run.halt({ how: 'cancel', why: 'cancelled' }));
}

function doneWith(run: Run): string {
  const { whole, system } = run.pinned;
  if (run.lacks.length > 0) return `${run.lacks.length} could not be saved, and the rest is kept: ${run.lacks.slice(0, 20).join('; ')}`;
  if (whole === undefined) return `${system.name} is served by ${run.serving ?? 'nobody that is known'}`;
  return `of ${whole} ${tally(run)}`;
}

/** How the runs of a whole site ended: how many each way. */
function tally(run: Run): string {
  const counts = new Map<string, number>();
  for (const { verdict } of run.childRuns.values()) counts.set(verdict ?? 'under way', (counts.get(verdict ?? 'under way') ?? 0) + 1);
  return (
    [...counts].map(([verdict, count]) => `${count} ${count === 1 ? 'system' : 'systems'} ${verdict}`).join('; ') || 'no system was begun'
  );
}

function serves(run: Run): string {
  const system = run.input.system;
  if (!run.live) return '';
  if (run.plan === null) return '. Nothing was changed.';
  if (run.plan.whole !== undefined) return `. Of ${run.plan.whole}: ${tally(run)}.`;
  return run.serving ? `. ${run.serving} serves ${system} now.` : `. No site is known to serve ${system} now.`;
}

const well: readonly Verdict[] = ['recovered', 'recovered, unprotected', 'restored', 'proven', 'backed out', 'rehearsed'];

/** What did not end well fails the execution, so that every list shows it. */
function close(run: Run): RunResult {
  const result = run.ended!;
  if (result.verdict === 'cancelled') throw new CancelledFailure(result.why);
  // A rehearsal ends with a verdict, not with an error.
  if (well.includes(result.verdict) || !run.live) return result;
  throw ApplicationFailure.create({ message: result.why, type: result.verdict, nonRetryable: true, details: [result] });
}
