import type { Choice } from '../record/journal.ts';
import type { Waiting } from '../workflows/wire.ts';
import { explain, type Temporal } from './connect.ts';
import { awaitJudgement, type Judged } from './counted.ts';
import { exit } from './exit.ts';
import { refused, usage } from './failure.ts';
import { findRun, type RunName } from './find-run.ts';
import { paint, plain, say, sayJson } from './print.ts';
import { readWaiting, statusOf } from './snapshot.ts';
import { didYouMean } from './suggest.ts';

export interface Decision {
  readonly choice: Choice;
  /** Run or system; undefined: the one run under way. */
  readonly name: string | undefined;
  readonly step: string | undefined;
  readonly by: string;
  readonly reason: string;
  readonly json: boolean;
}

/**
 * Sends one person's choice to the question that is open, as its server keeps it: no worker is needed for that.
 * Returns 0 where it counted, or was kept until a worker reads it; 4 where it did not count.
 */
export async function decide(temporal: Temporal, decision: Decision): Promise<number> {
  const run = await findRun(temporal, decision.name);
  const info = await statusOf(temporal, run);
  if (info.status.name !== 'RUNNING')
    throw refused(
      `${run.workflowId} is over (${info.status.name.toLowerCase()}): it asks nothing any more.`,
      `See how it ended: lifeboat status ${run.workflowId}`,
    );
  const question = choose(readWaiting(info.memo), decision, run);
  const signal = question.choices[decision.choice];
  if (signal === undefined) throw notOffered(question, decision, run);
  try {
    await temporal.within(10_000, () =>
      temporal.client.workflow
        .getHandle(run.workflowId, run.runId)
        .signal(signal, { by: decision.by, ...(decision.reason === '' ? {} : { reason: decision.reason }) }),
    );
  } catch (error) {
    throw explain(error, `sending "${signal}" to ${run.workflowId}`, temporal.address);
  }
  const judged = await awaitJudgement(temporal, run, { ...decision, question });
  return tell(decision, run, question, signal, judged);
}

function choose(waiting: readonly Waiting[], decision: Decision, run: RunName): Waiting {
  if (waiting.length === 0)
    throw refused(
      `${run.workflowId} asks nothing at the moment, so there is nothing to ${verb(decision.choice)}.`,
      `Watch it: lifeboat status ${run.workflowId}`,
    );
  if (decision.step !== undefined) {
    const found = waiting.find((question) => question.id === decision.step);
    if (found) return found;
    throw refused(
      `The step "${plain(decision.step)}" of ${run.workflowId} asks nothing.${didYouMean(
        decision.step,
        waiting.map((question) => question.id),
      )}`,
      listed(waiting),
    );
  }
  const fitting = waiting.filter((question) => question.choices[decision.choice] !== undefined);
  const [one, ...more] = fitting;
  if (one === undefined) throw refused(`Nothing that ${run.workflowId} asks can be answered with "${decision.choice}".`, listed(waiting));
  if (more.length > 0) throw usage(`${run.workflowId} asks ${fitting.length} things: say which with --step ID.`, listed(fitting));
  return one;
}

function notOffered(question: Waiting, decision: Decision, run: RunName): Error {
  return refused(`"${decision.choice}" is no answer to what ${question.id} of ${run.workflowId} asks.`, listed([question]));
}

function listed(waiting: readonly Waiting[]): string {
  return waiting.map((question) => `${question.id}: ${plain(question.title)} (${Object.keys(question.choices).join(', ')})`).join('\n');
}

const verb = (choice: Choice): string =>
  ['approve', 'refuse', 'retry', 'skip', 'abort'].includes(choice) ? choice : `answer with "${choice}"`;

function tell(decision: Decision, run: RunName, question: Waiting, signal: string, judged: Judged): number {
  const code = judged.counts === false ? exit.refused : exit.done;
  if (decision.json) {
    sayJson({
      ...run,
      question: question.id,
      attempt: question.attempt,
      signal,
      by: decision.by,
      counts: judged.counts,
      note: judged.note,
      have: judged.have,
      need: judged.need,
    });
    return code;
  }
  const what = `${decision.choice} of ${question.id} (attempt ${question.attempt}) by ${decision.by}`;
  const enough =
    judged.need !== null && judged.have !== null && judged.have < judged.need ? `; ${judged.have} of ${judged.need} people so far` : '';
  if (judged.counts === true)
    say(`${paint('green', '✓')} Counted: ${what}${enough}.${judged.note === '' ? '' : ` Noted: ${plain(judged.note)}.`}`);
  else if (judged.counts === false) say(`${paint('red', '✗')} Recorded, but it does not count: ${what}: ${plain(judged.note)}.`);
  else say(`${paint('yellow', '…')} Recorded: ${what}; ${judged.note}`);
  return code;
}
