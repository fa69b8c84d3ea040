import type { PlanHeader } from '../plan/plan.ts';
import type { Outage } from './journal.ts';
import type { RunRecord } from './schema/run.ts';
import { duration } from './words.ts';

type Objective = RunRecord['objectives'][number];

interface Source {
  readonly plan: PlanHeader | null;
  readonly planned: boolean;
  readonly recovery: RunRecord['recovery'];
  readonly point: RunRecord['point'];
  readonly outage: Outage | null;
  /** Whether the target came to serve. */
  readonly moved: boolean;
  /** Why nothing was measured. */
  readonly note: string;
}

export function objectives(source: Source): Objective[] {
  const promised = source.plan?.objectives ?? {};
  return [
    time('recovery time', promised.recoveryTime, source),
    recoveryPoint(promised.recoveryPoint, source),
    ...(source.planned && promised.outage !== undefined ? [time('outage', promised.outage, source)] : []),
  ];
}

function time(name: 'recovery time' | 'outage', promised: number | undefined, { recovery, moved, note }: Source): Objective {
  if (recovery.total !== null) {
    const until = moved ? 'the first of the good ones' : 'the first of the good ones, which the source took again';
    return judged(
      name,
      promised,
      recovery.total,
      recovery.failedAt ? `From the first missed marker to ${until}.` : 'No marker was missed.',
    );
  }
  if (recovery.atLeast === null) return judged(name, promised, null, note || 'Nothing measured this system from outside.');
  const gone = `Service had been gone for ${duration(recovery.atLeast)} and had not returned.`;
  return { name, promised: promised ?? null, measured: null, result: promised === undefined ? 'no objective' : 'missed', why: gone };
}

function recoveryPoint(promised: number | undefined, { point, outage, recovery, note }: Source): Objective {
  const name = 'recovery point';
  if (!point || !outage) return judged(name, promised, null, note || 'Nothing measured this system from outside.');
  if (recovery.atLeast !== null) return judged(name, promised, null, 'Service had not returned, so no marker could be looked for.');
  if (point.acknowledged === 0)
    return judged(name, promised, null, 'No marker had been acknowledged before the failure: nothing was tested.');
  if (point.kept + point.lost !== point.acknowledged) {
    const open = point.acknowledged - point.kept - point.lost;
    return judged(
      name,
      promised,
      null,
      `${open} acknowledged markers are neither among those kept nor among those lost: the figure cannot be trusted.`,
    );
  }
  const why =
    point.lost === 0
      ? `All ${point.acknowledged} acknowledged markers were found.`
      : `${point.lost} of ${point.acknowledged} acknowledged markers were lost.`;
  return judged(name, promised, point.span, why);
}

function judged(name: Objective['name'], promised: number | undefined, measured: number | null, why: string): Objective {
  const result = measured === null ? 'not measured' : promised === undefined ? 'no objective' : measured <= promised ? 'met' : 'missed';
  return { name, promised: promised ?? null, measured, result, why };
}
