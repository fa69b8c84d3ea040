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

/** Alarms that stood and stand no more: it was proven since. Pure. */
export function cleared(before: readonly Alarm[], now: readonly Alarm[]): readonly Alarm[] {
  return before.filter(({ what }) => !now.some((alarm) => alarm.what === what));
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

/** What was never proven is due from when its promise was known. */
function dues({ proven = {}, promised = {}, promisedSince }: Known): { readonly what: Provable; readonly due: string }[] {
  return (Object.entries(promised) as [Provable, number][]).flatMap(([what, within]) => {
    const since = proven[what]?.at ?? promisedSince;
    return since === undefined ? [] : [{ what, due: new Date(Date.parse(since) + within).toISOString() }];
  });
}

const things: { readonly [what in Provable]: string } = {
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
