import type { ChildView, RunState, StepView } from '../workflows/wire.ts';
import { duration } from '../record/words.ts';
import { timeOfDay } from './clock.ts';
import type { Hints } from './hints.ts';
import { compose } from './line.ts';
import { plain } from './print.ts';
import type { Snapshot } from './snapshot.ts';
import { questionLines } from './view.ts';

/** What has changed between two looks at a run, a line each: for logs and pipes. */
export function changes(before: Snapshot | undefined, run: Snapshot, now: number, to: Hints): string[] {
  const lines: string[] = [];
  const at = (text: string, time: string | null = null): number => lines.push(`${timeOfDay(time ?? new Date(now).toISOString())}  ${text}`);
  if (before === undefined) at(`${run.workflowId}: ${run.link}`);
  if (run.problem !== null && run.problem !== before?.problem) at(plain(run.problem));
  if (run.problem === null && before?.problem) at('A worker answers again.');
  const state = run.state;
  if (state === null) {
    for (const question of run.waiting)
      if (!before?.waiting.some((known) => known.id === question.id && known.attempt === question.attempt))
        at(
          `asks: ${plain(question.title)} (${question.id}, attempt ${question.attempt}); choices: ${Object.keys(question.choices).join(', ')}`,
        );
    return lines;
  }
  const known = new Map(before?.state?.steps.map((step) => [step.id, step]));
  for (const step of state.steps) {
    const last = known.get(step.id);
    if (step.state === (last?.state ?? 'waiting') && step.attempt === (last?.attempt ?? step.attempt)) continue;
    if (step.state === 'waiting') continue;
    at(stepChange(step), step.endedAt ?? step.startedAt);
  }
  if (state.state !== before?.state?.state) at(`${state.state}${state.mode && !before?.state?.mode ? ` (${state.mode})` : ''}`);
  for (const line of childChanges(before?.state ?? null, state)) at(line);
  if (before?.state && state.whole === undefined && state.serving !== before.state.serving)
    at(
      state.serving === null
        ? `no site is known to serve ${plain(state.system)} now`
        : `${plain(state.serving)} serves ${plain(state.system)} now`,
    );
  return [...lines, ...questionChanges(before?.state ?? null, run, state, now, to)];
}

function stepChange(step: StepView): string {
  const spent =
    step.startedAt !== null && step.endedAt !== null ? ` in ${duration(Date.parse(step.endedAt) - Date.parse(step.startedAt))}` : '';
  const attempt = step.attempt > 1 ? `, attempt ${step.attempt}` : '';
  const where = step.state === 'running' ? ` (${plain(step.what)}${step.site === null ? '' : ` at ${step.site}`})` : '';
  return `${plain(step.id)} ${step.state}${spent}${attempt}${where}${step.note === '' ? '' : `: ${plain(step.note)}`}`;
}

/** Runs that a step has started, as they begin and end. */
function childChanges(before: RunState | null, state: RunState): string[] {
  const key = (step: StepView, { name, startedAt, endedAt }: ChildView): string => `${step.id} ${name} ${startedAt} ${endedAt}`;
  const known = new Set(before?.steps.flatMap((step) => (step.children ?? []).map((child) => key(step, child))));
  return state.steps.flatMap((step) =>
    (step.children ?? []).flatMap((child) => {
      if (known.has(key(step, child))) return [];
      const says = child.verdict ?? (child.endedAt === null ? 'begun' : 'ended');
      return [`${plain(step.id)}: ${child.workflowId} ${says}${child.why === '' ? '' : `: ${plain(child.why)}`}`];
    }),
  );
}

function questionChanges(before: RunState | null, run: Snapshot, state: RunState, now: number, to: Hints): string[] {
  return state.questions.flatMap((question) => {
    const last = before?.questions.find((known) => known.id === question.id && known.attempt === question.attempt);
    if (last === undefined) return questionLines(run, state, question, now, to).map((line) => compose(line));
    const more = question.have.filter((name) => !last.have.includes(name));
    return more.length === 0 ? [] : [`${question.id}: ${more.map(plain).join(', ')}; ${question.have.length} of ${question.count} people`];
  });
}
