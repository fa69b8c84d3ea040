import { condition, setDefaultSignalHandler } from '@temporalio/workflow';
import type { DecisionInput } from './wire.ts';
import { control } from './activities.ts';
import { announce } from './announce.ts';
import { pressed, read } from './decision.ts';
import { judge } from './judge.ts';
import type { Run } from './run.ts';

/** A decision under a name that was not being asked: too early, too late, repeated, or of another attempt. */
export interface Late {
  readonly signal: string;
  readonly nth: number;
  readonly input: DecisionInput;
}

/**
 * Receives every signal under a name that is not being asked at that moment, and records it; it never counts.
 * MUST be called before the first await: a run that was reset gets the old decisions again at its very start.
 */
export function keepLateDecisions(run: Run): void {
  setDefaultSignalHandler((signal, ...input) => {
    run.late.push({ signal, nth: pressed(run, signal), input: (input[0] ?? null) as DecisionInput });
  });
}

/** Writes late decisions into the journal with their sender, until the run has ended. Never fails. */
export async function clerk(run: Run): Promise<void> {
  while (run.ended === null || run.late.length > 0) {
    await condition(() => run.late.length > 0 || run.ended !== null);
    const late = run.late[0];
    if (!late) continue;
    const said = read(late.input);
    const sender = await control('who sent a late decision?', { scheduleToCloseTimeout: '30 seconds' })
      ['run.attest']({ signal: late.signal, nth: late.nth, openedAt: 0 })
      .catch(() => null);
    const { by, how } = judge(
      {
        choice: 'approve',
        sender: sender ?? { by: null, how: 'anonymous', worker: false, reset: false },
        stated: said.by,
        reason: said.reason,
      },
      { accepts: 'anonymous', people: {}, approvers: [], count: 1, requester: null, reasonNeeded: false, have: [] },
    );
    run.late.shift();
    run.journal.write({
      what: 'decided',
      question: '',
      attempt: 0,
      choice: late.signal,
      by,
      how,
      counts: false,
      note: 'nothing was asked under this name when it arrived',
      reason: said.reason,
    });
    announce(run);
  }
}
