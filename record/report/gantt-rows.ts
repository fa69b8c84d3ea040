import { type Interval, length, subtract } from '../interval.ts';
import type { RunRecord, StepRecord } from '../schema/run.ts';

export interface Bar {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly look: 'run' | 'failed' | 'unfinished' | 'wait' | 'own' | 'undone';
  readonly text: string;
}
export interface Row {
  readonly name: string;
  readonly critical: boolean;
  /** From first begin to last end, without an undo later on. */
  readonly span: Interval;
  /** Milliseconds. */
  readonly took: number;
  readonly bars: readonly Bar[];
}

/** One row for what came before the run, one for its own work, one for each step and gate that happened, in order. */
export function rows(record: RunRecord): Row[] {
  const { recovery, startedAt, phases, steps } = record;
  const failed = recovery.failedAt ? Date.parse(recovery.failedAt) : Infinity;
  const started = Date.parse(startedAt);
  const unseen: Bar[] =
    failed < started ? [{ from: failed, to: started, look: 'unfinished', text: 'The source had failed and no run had started' }] : [];
  const own = phases.map(({ name, from, to }): Bar => ({ from: Date.parse(from), to: Date.parse(to), look: 'own', text: name }));
  const ownRow = (name: string, bars: Bar[]) => ({ name, critical: false, bars, span: around(bars), took: length(bars) });
  return [
    ownRow('until the run started', unseen),
    ownRow(phases.some(({ name }) => name === 'measure') ? 'prepare, measure' : 'prepare', own),
    ...steps.map((step) => rowOf(step.id, step.critical, barsOf(step, record))),
    ...others(record).map((id) => rowOf(id, false, asked(id, record))),
  ]
    .filter(({ bars }) => bars.length > 0)
    .sort((a, b) => a.span.from - b.span.from);
}

function rowOf(name: string, critical: boolean, bars: readonly Bar[]): Row {
  const span = around(bars.filter(({ look }) => look !== 'undone'));
  return { name, critical, bars, span, took: span.to - span.from };
}

/** What people were asked that is no step: a changed plan, the lock, whether it serves. */
function others({ questions, steps }: RunRecord): string[] {
  return [...new Set(questions.map(({ id }) => id))].filter((id) => !steps.some((step) => step.id === id));
}

function asked(id: string, { questions, startedAt, duration }: RunRecord): Bar[] {
  const end = Date.parse(startedAt) + duration;
  return questions
    .filter((question) => question.id === id)
    .map(({ askedAt, closedAt, title }) => ({
      from: Date.parse(askedAt),
      to: closedAt ? Date.parse(closedAt) : end,
      look: 'wait',
      text: title,
    }));
}

function around(bars: readonly Bar[]): Interval {
  return { from: Math.min(...bars.map(({ from }) => from)), to: Math.max(...bars.map(({ to }) => to)) };
}

function barsOf(step: StepRecord, record: RunRecord): Bar[] {
  const end = Date.parse(record.startedAt) + record.duration;
  const waits = asked(step.id, record);
  const runs = step.attempts.flatMap((one): Bar[] => {
    const whole = [{ from: Date.parse(one.begunAt), to: one.endedAt ? Date.parse(one.endedAt) : end }];
    const look = one.outcome === 'done' ? 'run' : one.outcome;
    return subtract(whole, waits).map((part) => ({ ...part, look, text: `${one.uses} #${one.attempt}: ${one.outcome}` }));
  });
  const undone: Bar[] = step.undoneAt
    ? [{ from: Date.parse(step.undoneAt), to: Date.parse(step.undoneAt), look: 'undone', text: 'undone' }]
    : [];
  return [...runs, ...waits, ...undone].sort((a, b) => a.from - b.from);
}
