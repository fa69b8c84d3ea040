import type { Alarm, Provable, SystemState } from '../wire.ts';

/** People are told of what is not proven once a day until it is, milliseconds. */
export const reminder = 86_400_000;

type Known = Pick<SystemState, 'system' | 'proven' | 'promised' | 'promisedSince' | 'alarms' | 'notify'>;

/** What is not proven within its promise at this time. One that stands keeps when people were last told. Pure. */
export function alarmsAt(state: Known, at: string): readonly Alarm[] {
  return dues(state)
    .filter(({ due }) => due <= at)
    .map(({ what, due }) => {
      const before = state.alarms?.find((alarm) => alarm.what === what && alarm.since === due);
      return before ?? { what, since: due, text: textOf(state, what), toldAt: null };
    });
}

/** Of these alarms, the ones of which people are to be told now. Pure. */
export function toTell(alarms: readonly Alarm[], at: string): readonly Alarm[] {
  return alarms.filter(({ toldAt }) => toldAt === null || Date.parse(toldAt) + reminder <= Date.parse(at));
}

/** Alarms that stood and stand no more, for it was proven since: one that ends with its promise is no news. Pure. */
export function cleared(before: Known, now: Known): readonly Alarm[] {
  const provenAt = ({ proven = {} }: Known, what: Provable): string => proven[what]?.at ?? '';
  const stands = new Set(now.alarms?.map(({ what }) => what));
  return (before.alarms ?? []).filter(({ what }) => !stands.has(what) && provenAt(now, what) > provenAt(before, what));
}

/** When an alarm is raised next, or told again, ISO; null: never, unless something is proven or promised. Pure. */
export function nextAlarm(state: Known): string | null {
  const standing = new Map((state.alarms ?? []).map((alarm) => [alarm.what, alarm]));
  const times = dues(state).flatMap(({ what, due }) => {
    const alarm = standing.get(what);
    if (alarm === undefined) return [due];
    return alarm.toldAt === null ? [] : [new Date(Date.parse(alarm.toldAt) + reminder).toISOString()];
  });
  return times.toSorted()[0] ?? null;
}

function dues(state: Known): { readonly what: Provable; readonly due: string }[] {
  return (Object.keys(state.promised ?? {}) as Provable[]).flatMap((what) => {
    const due = dueAt(state, what);
    return due === null ? [] : [{ what, due }];
  });
}

/** When it is to be proven, ISO: what was never proven is due from when its promise was known. Null: it is not promised. Pure. */
export function dueAt({ proven = {}, promised = {}, promisedSince = {} }: Omit<Known, 'system'>, what: Provable): string | null {
  const [within, since] = [promised[what], proven[what]?.at ?? promisedSince[what]];
  return within === undefined || since === undefined ? null : new Date(Date.parse(since) + within).toISOString();
}

/** What is proven, in words. */
export const things: { readonly [what in Provable]: string } = {
  backup: 'backup',
  rehearsal: 'rehearsal',
  exercise: 'live exercise',
  readiness: 'look at readiness',
};

function textOf({ system, proven = {}, promised = {} }: Known, what: Provable): string {
  const last = proven[what];
  const every = `one is promised every ${span(promised[what]!)}`;
  if (last === undefined) return `No ${things[what]} of ${system} was ever proven; ${every}.`;
  return `The last proven ${things[what]} of ${system} is of ${last.at} (${last.note || last.run}); ${every}.`;
}

/** In the largest unit that fits. */
function span(milliseconds: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1_000],
  ] as const;
  const [unit, size] = units.find(([, length]) => milliseconds >= length) ?? units[3];
  const count = Math.round((milliseconds / size) * 10) / 10;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
