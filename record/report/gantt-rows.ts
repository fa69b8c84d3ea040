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
    ...steps.map((step) => {
      const bars = barsOf(step, record);
      const span = around(bars.filter(({ look }) => look !== 'undone'));
      return { name: step.id, critical: step.critical, bars, span, took: span.to - span.from };
    }),
  ].filter(({ bars }) => bars.length > 0);
}

function around(bars: readonly Bar[]): Interval {
  return { from: Math.min(...bars.map(({ from }) => from)), to: Math.max(...bars.map(({ to }) => to)) };
}

function barsOf(step: StepRecord, { questions, startedAt, duration }: RunRecord): Bar[] {
  const end = Date.parse(startedAt) + duration;
  const waits = questions
    .filter(({ id }) => id === step.id)
    .map((question): Bar => ({
      from: Date.parse(question.askedAt),
      to: question.closedAt ? Date.parse(question.closedAt) : end,
      look: 'wait',
      text: question.title,
    }));
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
