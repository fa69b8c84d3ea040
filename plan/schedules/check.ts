import type { WrittenSchedule } from '../grammar/schedules.ts';
import type { InventoryFile, RunbookFile } from '../load.ts';
import { didYouMean } from '../nearest.ts';
import type { Path, Problems } from '../problem.ts';
import { lengths, months } from './calendar.ts';
import { clockChanges } from './clock-change.ts';
import { isDayOf, longestGap } from './gap.ts';
import { timeInWords } from './time.ts';
import { heldBack, timesOf, timetable, type Entry, type SchedulesFile } from './timetable.ts';

interface Against {
  readonly inventory: InventoryFile;
  readonly runbooks: readonly RunbookFile[];
  /** What cannot be. */
  readonly problems: Problems;
  /** What a person should know of. */
  readonly warnings: Problems;
  readonly now: Date;
}

/** Holds a file of schedules to the inventory and the runbooks, and to the calendar. */
export function checkSchedules(file: SchedulesFile, against: Against): void {
  const before = against.problems.list.length;
  for (const [name, written] of Object.entries(file.data.schedules)) {
    checkNames(file, ['schedules', name], written, against);
    checkTimes(file, ['schedules', name], written, against);
  }
  const today = against.now.toISOString().slice(0, 10);
  for (const [index, { until }] of file.data.blackout.entries())
    if (until < today) against.warnings.add(file, ['blackout', index], `these days have passed: ${until}`, 'remove them');
  if (against.problems.list.length === before) checkPromises(file, against);
}

/** What is promised and scheduled must be scheduled often enough: else an alarm is raised with nothing amiss. */
function checkPromises(file: SchedulesFile, { inventory, runbooks, warnings, now }: Against): void {
  const entries = timetable(file, runbooks);
  const gapOf = (some: readonly Entry[]): number =>
    longestGap(
      some.map(({ name }) => file.data.schedules[name]!),
      heldBack(some[0]!.kind) ? file.data.blackout : [],
      now,
    ) + Math.max(...some.map(({ spec }) => spec.jitter));
  for (const [system, { promised }] of Object.entries(inventory.data.systems))
    for (const kind of ['backup', 'rehearsal', 'readiness'] as const) {
      const within = promised?.[kind];
      const some = entries.filter((entry) => entry.kind === kind && entry.input.system === system);
      if (within === undefined || some.length === 0) continue;
      const gap = gapOf(some);
      if (gap >= within)
        warnings.add(
          file,
          ['schedules', some[0]!.name],
          `${Number.isFinite(gap) ? `up to ${inDays(gap)} pass between two of them` : 'it comes to nothing'}, and "${system}" promises a ${kind} every ${inDays(within)}: an alarm will be raised`,
          'schedule it more often, or promise less in the inventory',
        );
    }
}

const inDays = (milliseconds: number): string => `${Math.ceil(milliseconds / 8_640_000) / 10} days`;

function checkNames(file: SchedulesFile, path: Path, written: WrittenSchedule, { inventory, runbooks, problems }: Against): void {
  const systems = Object.keys(inventory.data.systems);
  if (written.check !== undefined && !systems.includes(written.check))
    problems.add(file, [...path, 'check'], `the inventory has no system "${written.check}"`, didYouMean(written.check, systems, 'systems'));
  const field = written.backup === undefined ? 'rehearse' : 'backup';
  const name = written[field];
  if (name === undefined) return;
  const named = runbooks.filter(({ data }) => data.runbook === name);
  const known = [...new Set(runbooks.filter(({ data }) => field === 'rehearse' || data.kind === 'backup').map(({ data }) => data.runbook))];
  const [first] = named;
  if (first === undefined) {
    problems.add(
      file,
      [...path, field],
      `there is no runbook "${name}"`,
      didYouMean(name, known, field === 'backup' ? 'backup runbooks' : 'runbooks'),
    );
    return;
  }
  if (field === 'backup' && first.data.kind !== 'backup')
    problems.add(file, [...path, field], `"${name}" is a ${first.data.kind}, which people begin`, `rehearse it: "rehearse: ${name}"`);
  if (written.system === undefined && named.length > 1)
    problems.add(
      file,
      [...path, field],
      `"${name}" serves several systems`,
      `add "system": one of ${named.map(({ data }) => data.system).join(', ')}`,
    );
  if (written.system !== undefined && !named.some(({ data }) => data.system === written.system))
    problems.add(
      file,
      [...path, 'system'],
      `"${name}" does not serve "${written.system}"`,
      didYouMean(
        written.system,
        named.map(({ data }) => data.system),
        'systems that it serves',
      ),
    );
  for (const parameter of Object.keys(written.parameters ?? {}))
    if (!Object.hasOwn(first.data.parameters, parameter))
      problems.add(
        file,
        [...path, 'parameters', parameter],
        `"${name}" has no parameter "${parameter}"`,
        didYouMean(parameter, Object.keys(first.data.parameters), 'parameters'),
        'key',
      );
  for (const [parameter, { required }] of Object.entries(first.data.parameters))
    if (required && !Object.hasOwn({ ...first.data.rehearsal.parameters, ...written.parameters }, parameter))
      problems.add(file, [...path, field], `"${name}" needs the parameter "${parameter}"`, `add it under "parameters"`);
}

function checkTimes(file: SchedulesFile, path: Path, written: WrittenSchedule, { problems, warnings, now }: Against): void {
  const { on } = written;
  if (on?.of === 'date' && on.date > 28) {
    const among = written.months ?? months;
    const without = among.filter((month) => lengths[months.indexOf(month)]! < on.date);
    const place = [...path, 'on'];
    const fix = 'write "last day" where the end of the month is meant';
    if (without.length === among.length && on.date > 29)
      problems.add(file, place, `no such month has a day ${on.date}: it is never started`, fix);
    else if (without.length > 0)
      warnings.add(
        file,
        place,
        `${without.join(', ')} ${without.length === 1 ? 'has' : 'have'} no day ${on.date}${on.date === 29 ? ' but in leap years' : ''}: nothing is started then`,
        fix,
      );
  }
  const zone = written['time-zone'] ?? file.data['time-zone'];
  for (const time of timesOf(written))
    for (const { date, how } of clockChanges(zone, time, now).filter((change) => isDayOf(written, change.date)))
      warnings.add(
        file,
        [...path, 'at'],
        how === 'skipped'
          ? `on ${date} there is no ${timeInWords(time)} in ${zone}: nothing is started then`
          : `on ${date} it is ${timeInWords(time)} twice in ${zone}: it may be started twice`,
        'choose a time at which clocks are never changed, such as "04:00", or the time zone UTC',
      );
}
