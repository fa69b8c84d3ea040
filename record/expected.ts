import type { Interval } from './interval.ts';
import { intersect, length } from './interval.ts';
import type { Entry } from './journal.ts';
import type { RunRecord } from './schema/run.ts';
import type { Walked } from './steps.ts';
import { ms } from './time.ts';

/** How long the steps were expected to take, and took; null where nobody said before the run what was to be expected. */
export function expectedOf(journal: readonly Entry[], walked: readonly Walked[], waits: readonly Interval[]): RunRecord['expected'] {
  const compiled = journal.findLast((e) => e.what === 'compiled');
  const forecast = compiled?.what === 'compiled' ? compiled.forecast : undefined;
  if (forecast === undefined) return null;
  const { runs, median, from, until, text } = forecast;
  const took = tookOf(walked, waits);
  const result = took === null || runs === 0 ? 'not compared' : took > until ? 'slower' : took < from ? 'quicker' : 'as expected';
  return { runs, median, from, until, text, took, result };
}

/** From the first step to the end of the last, less the time in which people were asked and nothing ran. Null: none was done. */
function tookOf(walked: readonly Walked[], waits: readonly Interval[]): number | null {
  const done = walked.filter(({ kind, outcome, attempts }) => kind !== 'gate' && outcome === 'done' && attempts.length > 0);
  if (done.length === 0) return null;
  const from = Math.min(...done.map(({ attempts }) => ms(attempts[0]!.begunAt)));
  const to = Math.max(...done.flatMap(({ attempts }) => attempts.flatMap(({ endedAt }) => (endedAt === null ? [] : [ms(endedAt)]))));
  return to > from ? to - from - length(intersect([{ from, to }], waits)) : null;
}
