import type { Branch } from '../plan/plan.ts';
import type { Fact } from '../record/journal.ts';
import type { Failure } from './branch.ts';
import { askOnce } from './ask.ts';
import type { Question } from './question.ts';
import { Stopped, type Run } from './run.ts';

/** Asks people once about all that failed in a branch; like failures are told together. */
export async function askAboutBranch(
  run: Run,
  node: Branch,
  failures: readonly Failure[],
): Promise<{ readonly choice: string; readonly reason: string }> {
  for (;;) {
    const answer = await askOnce(run, question(run, node, failures));
    if (run.stop) throw new Stopped();
    if (answer !== 'withdrawn' && answer !== 'expired') return answer;
  }
}

function question(run: Run, node: Branch, failures: readonly Failure[]): Question {
  const { id } = node;
  const many = failures.length === 1 ? 'one' : `the ${failures.length}`;
  const choices: Question['choices'][number][] = [
    { choice: 'retry', label: `Retry ${id}`, description: `Try ${many} that failed again; what is done stays done.`, reason: false },
    {
      choice: 'skip',
      label: `Skip ${id}`,
      description: 'Go on without what failed. Input: the reason, a text in quotes.',
      reason: true,
    },
  ];
  if (!run.committed && node.of === 'wave' && !run.promoted)
    choices.push({ choice: 'back-out', label: `Back out at ${id}`, description: 'Undo what was done, newest first.', reason: false });
  choices.push({
    choice: 'abort',
    label: `Abort at ${id}`,
    description: node.of === 'runs' ? 'End this run here; runs of systems that are under way go on.' : 'End the run here.',
    reason: false,
  });
  return {
    id,
    kind: 'intervention',
    title: `${failures.length} failed in ${id}: what now?`,
    facts: [...groups(failures), { label: 'done', value: run.track(id).note }],
    choices,
    approvers: [],
    count: 1,
  };
}

/** One fact for each kind of failure: how many, which, and why. */
function groups(failures: readonly Failure[]): Fact[] {
  const byCode = new Map<string, Failure[]>();
  for (const failure of failures) byCode.set(failure.code, [...(byCode.get(failure.code) ?? []), failure]);
  return [...byCode].map(([code, all]) => ({
    label: `${all.length} × ${code}`,
    value: `${all[0]!.text} (${all
      .slice(0, 5)
      .map(({ name }) => name)
      .join(', ')}${all.length > 5 ? ` and ${all.length - 5} more` : ''})`,
  }));
}
