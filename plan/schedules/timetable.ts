import type { Schedules, WrittenSchedule } from '../grammar/schedules.ts';
import type { RunbookFile } from '../load.ts';
import type { Json, Mode } from '../plan.ts';
import type { Sourced } from '../problem.ts';
import { count, unitsOfTime } from '../words.ts';
import { blackoutCalendars, calendarsOf, months, type Calendar } from './calendar.ts';
import { daysInWords } from './days.ts';
import { timeInWords, type TimeOfDay } from './time.ts';

export type SchedulesFile = Sourced<Schedules>;

/** One schedule with everything looked up: what is started, with which few words, and when. */
export interface Entry {
  readonly name: string;
  readonly kind: 'backup' | 'rehearsal' | 'readiness';
  readonly input: {
    readonly system: string;
    readonly runbook?: string;
    readonly mode?: Mode;
    readonly parameters?: { readonly [name: string]: Json };
  };
  readonly spec: {
    readonly calendars: readonly Calendar[];
    /** Milliseconds. */
    readonly intervals: readonly number[];
    readonly skip: readonly Calendar[];
    readonly timeZone: string;
    /** Milliseconds. */
    readonly jitter: number;
  };
  /** Milliseconds. */
  readonly catchUp: number;
  /** Why it is paused; null: it is not. */
  readonly paused: string | null;
  /** One line for lists. */
  readonly summary: string;
  /** When, in words. */
  readonly when: string;
}

/** All schedules of a file, by name. MUST be given a file without problems. Pure. */
export function timetable({ data }: SchedulesFile, runbooks: readonly RunbookFile[]): readonly Entry[] {
  return Object.entries(data.schedules)
    .map(([name, written]) => entryOf(name, written, data, runbooks))
    .toSorted((one, other) => one.name.localeCompare(other.name));
}

/** On a blackout day people are spared, and data is not: a day without a backup or a look is one whose changes can be lost, or of which nothing is known. */
export const heldBack = (kind: Entry['kind']): boolean => kind === 'rehearsal';

function entryOf(name: string, written: WrittenSchedule, file: Schedules, runbooks: readonly RunbookFile[]): Entry {
  const { mode, parameters, paused = null, months: among = months } = written;
  const timeZone = written['time-zone'] ?? file['time-zone'];
  const runbook = written.backup ?? written.rehearse;
  const system = written.check ?? written.system ?? runbooks.find(({ data }) => data.runbook === runbook)!.data.system;
  const kind = written.backup !== undefined ? 'backup' : written.rehearse !== undefined ? 'rehearsal' : 'readiness';
  const when = inWords(written, timeZone);
  const calendars = timesOf(written).flatMap((time) => calendarsOf(written.on ?? { of: 'all' }, among, time));
  return {
    name,
    kind,
    input: {
      system,
      ...(runbook === undefined ? {} : { runbook }),
      ...(mode === undefined ? {} : { mode }),
      ...(parameters === undefined ? {} : { parameters }),
    },
    spec: {
      calendars,
      intervals: written.every === undefined ? [] : [written.every],
      skip: heldBack(kind) ? blackoutCalendars(file.blackout) : [],
      timeZone,
      jitter: written.jitter ?? file.jitter,
    },
    catchUp: Math.max(10_000, written['catch-up'] ?? file['catch-up']),
    paused,
    summary: written.summary ?? `${kind} of ${system}${runbook === undefined ? '' : ` by ${runbook}`}, ${when}`,
    when,
  };
}

export const timesOf = ({ at }: WrittenSchedule): readonly TimeOfDay[] => (at === undefined ? [] : [at].flat());

function inWords(written: WrittenSchedule, timeZone: string): string {
  if (written.every !== undefined) return `every ${span(written.every)}`;
  const among = written.months === undefined ? '' : ` in ${written.months.join(', ')}`;
  return `${daysInWords(written.on ?? { of: 'all' })}${among} at ${timesOf(written).map(timeInWords).join(', ')} ${timeZone}`;
}

/** In the largest unit of which it is a whole number: `hour`, `30 minutes`. */
function span(milliseconds: number): string {
  const [unit, size] = unitsOfTime.find(([, length]) => milliseconds % length === 0) ?? unitsOfTime.at(-1)!;
  return milliseconds === size ? unit : count(milliseconds / size, unit);
}
