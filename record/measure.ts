import type { PlanHeader } from '../plan/plan.ts';
import { type Interval, intersect, length, partition } from './interval.ts';
import type { Entry, Outage } from './journal.ts';
import { objectives } from './objectives.ts';
import type { RunRecord } from './schema/run.ts';
import type { Walked } from './steps.ts';
import { lastAt, ms } from './time.ts';

export type Measured = Pick<RunRecord, 'objectives' | 'recovery' | 'machine' | 'point' | 'clock'>;

interface Source {
  readonly plan: PlanHeader | null;
  readonly journal: readonly Entry[];
  readonly startedAt: string;
  /** When people were asked and nothing ran. */
  readonly waits: readonly Interval[];
  readonly walked: readonly Walked[];
  readonly modes: RunRecord['modes'];
}

/** Everything measured from outside, and the promises against it. What was not measured is absent, never made of a promise. */
export function measure(source: Source): Measured {
  const { plan, journal, modes } = source;
  const entry = journal.findLast((e) => e.what === 'measured');
  const outage = entry?.outage ?? null;
  const note = entry ? entry.note : 'Nothing was measured: the run ended before that.';
  const recovery = recoveryOf(outage, note, source);
  const point = outage ? pointOf(outage, recovery) : null;
  return {
    objectives: objectives({
      plan,
      planned: modes.at(-1)?.mode === 'planned',
      recovery,
      point,
      outage,
      moved: provenAt(plan, journal) !== null,
      note,
    }),
    recovery,
    machine: machineOf(outage, note, source),
    point,
    clock: outage ? { every: outage.every, offset: outage.clockOffset } : null,
  };
}

function recoveryOf(outage: Outage | null, note: string, { plan, journal, startedAt, waits }: Source): RunRecord['recovery'] {
  const absent = { failedAt: null, servedAt: null, total: null, atLeast: null, split: null };
  if (!outage) return { ...absent, note: note || 'Nothing measured this system from outside.' };
  const { failedAt, servedAt } = outage;
  if (!failedAt) return { ...absent, servedAt, total: 0, note: note || 'No marker was missed: users saw no interruption.' };
  if (!servedAt) {
    const gone = Math.max(0, ms(lastAt(journal)) - ms(failedAt));
    return { ...absent, failedAt, atLeast: gone, note: note || 'Service had not returned when it was last measured.' };
  }
  const whole = { from: ms(failedAt), to: Math.max(ms(failedAt), ms(servedAt)) };
  const before = [{ from: -Infinity, to: ms(startedAt) }];
  const promoted = provenAt(plan, journal);
  const after = promoted === null ? [] : [{ from: promoted, to: Infinity }];
  const parts = partition(
    whole,
    [
      ['detect', before],
      ['decide', waits],
      ['verify', after],
    ],
    'execute',
  );
  const share = (name: string) => length(parts.find(({ part }) => part === name)?.covers ?? []);
  return {
    failedAt,
    servedAt,
    total: whole.to - whole.from,
    atLeast: null,
    split: (['detect', 'decide', 'execute', 'verify'] as const).map((part) => ({ part, milliseconds: share(part) })),
    note,
  };
}

/** When the run had proven that the new primary serves. */
function provenAt(plan: PlanHeader | null, journal: readonly Entry[]): number | null {
  const entry = journal.find((e) => e.what === 'serving' && e.site === plan?.target.site);
  return entry ? ms(entry.at) : null;
}

function machineOf(outage: Outage | null, note: string, { plan, journal, startedAt, waits }: Source): RunRecord['machine'] {
  if (!outage) return { milliseconds: null, note: note || 'Nothing measured this system from outside.' };
  if (!outage.failedAt || !outage.servedAt || provenAt(plan, journal) === null)
    return { milliseconds: null, note: 'No write was acknowledged at a new primary.' };
  const whole = { from: ms(startedAt), to: ms(outage.servedAt) };
  if (whole.to <= whole.from) return { milliseconds: null, note: 'Service returned before the run had started.' };
  return { milliseconds: whole.to - whole.from - length(intersect([whole], waits)), note: '' };
}

function pointOf({ markers, every, lastGoodAt }: Outage, { failedAt }: RunRecord['recovery']): RunRecord['point'] {
  const first = markers.lost[0] ?? null;
  const newest = markers.lost.at(-1) ?? null;
  const failure = failedAt ?? lastGoodAt ?? newest;
  // The last marker kept with all before it came one interval before the first that was lost.
  const span = first && failure ? Math.max(ms(failure), ms(newest ?? first)) - ms(first) + every : 0;
  return {
    acknowledged: markers.acknowledged,
    kept: markers.kept,
    lost: markers.lostCount,
    unexpected: markers.unexpected,
    span,
    firstLostAt: first,
    lastLostAt: newest,
  };
}
