import { type Interval, subtract, union } from './interval.ts';
import type { Entry } from './journal.ts';
import type { QuestionRecord, RunRecord } from './schema/run.ts';
import type { Walked } from './steps.ts';
import { between, lastAt, ms } from './time.ts';

type Phases = RunRecord['phases'];

/** The run's own work around the steps, told from the entries that end each piece of it. */
export function phases(journal: readonly Entry[], walked: readonly Walked[], startedAt: string): Phases {
  const list: Phases = [];
  let since = startedAt;
  const until = (name: Phases[number]['name'], at: string | undefined) => {
    if (!at || ms(at) < ms(since)) return;
    list.push({ name, from: since, to: at });
    since = at;
  };
  until('compile', journal.find((e) => e.what === 'compiled')?.at);
  until('preflight', journal.findLast((e) => e.what === 'preflight')?.at);
  until('lock', journal.find((e) => e.what === 'locked')?.at);
  const ends = walked.flatMap(({ to, undoneAt }) => [to, undoneAt].filter((at) => at !== null));
  since = ends.length > 0 ? new Date(Math.max(...ends.map(ms))).toISOString() : since;
  until('measure', journal.findLast((e) => e.what === 'measured')?.at);
  return list;
}

/** When people were asked and nothing ran: no step, and none of the run's own work. */
export function quiet(journal: readonly Entry[], asked: readonly QuestionRecord[], walked: readonly Walked[], around: Phases): Interval[] {
  if (journal.length === 0) return [];
  const end = lastAt(journal);
  const open = asked.map((question) => between(question.askedAt, question.closedAt ?? end));
  return subtract(open, busy(end, asked, walked, around));
}

/**
 * When the run was at work. A step that people carry out counts as theirs while they are asked,
 * and so does the run's own work while it asks them.
 */
export function busy(
  end: string,
  asked: readonly QuestionRecord[],
  walked: readonly Pick<Walked, 'id' | 'attempts'>[],
  around: Phases,
): Interval[] {
  const open = asked.map((question) => ({ ...between(question.askedAt, question.closedAt ?? end), id: question.id }));
  const running = walked.flatMap(({ id, attempts }) =>
    subtract(
      attempts.map((attempt) => between(attempt.begunAt, attempt.endedAt ?? end)),
      open.filter((question) => question.id === id),
    ),
  );
  const own = subtract(
    around.map(({ from, to }) => between(from, to)),
    open,
  );
  return union([...running, ...own]);
}
