import type { Provable } from '../../workflows/wire.ts';
import { day } from './story.ts';

/** A time in which something is not proven as promised; `until`: null where it still stands at the end. Milliseconds since 1970. */
export interface Alarm {
  readonly what: Provable;
  readonly from: number;
  readonly until: number | null;
}
export interface Proof {
  readonly what: Provable;
  readonly at: number;
}
export interface Told {
  readonly what: Provable;
  readonly event: 'unproven' | 'proven again';
  readonly at: number;
}

/** Whoever is told, is told within this of when it is due, milliseconds. */
const late = 120_000;

/** The alarms that are due, by nothing but arithmetic: from when each promise was known, by what was proven. Pure. */
export function alarmsDue(
  promised: { readonly [what in Provable]?: number },
  known: number,
  proofs: readonly Proof[],
  end: number,
): readonly Alarm[] {
  return (Object.entries(promised) as [Provable, number][]).flatMap(([what, within]) => {
    const times = proofs.filter((proof) => proof.what === what).map(({ at }) => at);
    return [known, ...times].flatMap((at, nth) => {
      const [from, next] = [at + within, times[nth] ?? null];
      return from < Math.min(next ?? Infinity, end) ? [{ what, from, until: next }] : [];
    });
  });
}

/** What people should have been told and were not, or were told and should not; a sentence each. Pure. */
export function wrongs(alarms: readonly Alarm[], told: readonly Told[], end: number): readonly string[] {
  const near = (at: number, due: number): boolean => at >= due - 1_000 && at <= due + late;
  const of = (alarm: Alarm, event: Told['event']): readonly Told[] => told.filter((one) => one.what === alarm.what && one.event === event);
  const missing = alarms.flatMap((alarm) => {
    const { what, from, until } = alarm;
    const raised = of(alarm, 'unproven').filter(({ at }) => at >= from - 1_000 && at <= (until ?? end) + late);
    const days = Math.floor(((until ?? end) - from - late) / day);
    return [
      ...(raised.some(({ at }) => near(at, from)) ? [] : [`${iso(from)}: the alarm for ${what} did not come`]),
      ...(raised.length > days ? [] : [`${iso(from)}: the alarm for ${what} was told ${raised.length} times in ${days} days`]),
      ...(until === null || of(alarm, 'proven again').some(({ at }) => near(at, until))
        ? []
        : [`${iso(until)}: the alarm for ${what} did not clear`]),
    ];
  });
  const strange = told.filter(({ what, event, at }) => {
    const own = alarms.filter((alarm) => alarm.what === what);
    if (event === 'proven again') return !own.some(({ until }) => until !== null && near(at, until));
    return !own.some(({ from, until }) => at >= from - 1_000 && at <= (until ?? end) + late);
  });
  return [...missing, ...strange.map(({ what, event, at }) => `${iso(at)}: people were told "${event}" of ${what}, and it was not so`)];
}

const iso = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');
