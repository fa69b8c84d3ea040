import assert from 'node:assert/strict';
import { join } from 'node:path';
import { loadFolder, parseSchedules } from '../../plan/load.ts';
import { printProblem, Problems } from '../../plan/problem.ts';
import { blackoutCalendars, calendarsOf, months } from '../../plan/schedules/calendar.ts';
import { checkSchedules } from '../../plan/schedules/check.ts';
import { clockChanges } from '../../plan/schedules/clock-change.ts';
import { isOn, readDays } from '../../plan/schedules/days.ts';
import { heldBack, timetable } from '../../plan/schedules/timetable.ts';
import { inventory, runbook, whole } from './sample.ts';

const root = join(import.meta.dirname, '../..');
const now = new Date('2026-11-23T00:00:00Z');

function written(
  lines: string,
  head = '',
): { readonly problems: string[]; readonly warnings: string[]; readonly file: ReturnType<typeof parseSchedules> } {
  const [problems, warnings] = [new Problems(), new Problems()];
  const file = parseSchedules('schedules.yaml', `${head}schedules:\n${lines}`, problems);
  if (file) checkSchedules(file, { inventory: promising(), runbooks: [runbook(whole)], problems, warnings, now });
  return { problems: problems.sorted().map(printProblem), warnings: warnings.sorted().map(printProblem), file };
}

function promising(): ReturnType<typeof inventory> {
  const { data, ...source } = inventory();
  const orders = { ...data.systems['orders']!, promised: { rehearsal: 36 * 86_400_000 } };
  return { ...source, data: { ...data, systems: { ...data.systems, orders } } };
}

/** Every day of a year that one of these calendars matches, as ISO dates. */
function datesOf(words: string, year: number): string[] {
  const days = readDays(words);
  assert.ok('value' in days, words);
  const calendars = calendarsOf(days.value, months, { hour: 4, minute: 0 });
  const found: string[] = [];
  for (let at = new Date(Date.UTC(year, 0, 1)); at.getUTCFullYear() === year; at = new Date(at.getTime() + 86_400_000)) {
    const [date, month] = [at.getUTCDate(), months[at.getUTCMonth()]!.toUpperCase()];
    const weekday = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'][at.getUTCDay()]!;
    const matches = calendars.some(
      (one) =>
        (one.dayOfMonth === undefined ||
          (typeof one.dayOfMonth === 'number' ? one.dayOfMonth === date : date >= one.dayOfMonth.start && date <= one.dayOfMonth.end)) &&
        (one.dayOfWeek === undefined || one.dayOfWeek.includes(weekday)) &&
        (one.month === undefined || one.month.includes(month)) &&
        (one.year === undefined ||
          one.year.some(({ start, end, step = 1 }) => year >= start && year <= end && (year - start) % step === 0)),
    );
    const iso = at.toISOString().slice(0, 10);
    assert.equal(isOn(days.value, iso), matches, `${words}, ${iso}`);
    if (matches) found.push(iso);
  }
  return found;
}

describe('schedules', () => {
  it('know the first and the last such day of every month, in leap years too', () => {
    assert.deepEqual(datesOf('first sunday', 2026).slice(0, 3), ['2026-01-04', '2026-02-01', '2026-03-01']);
    for (const year of [2027, 2028]) {
      const last = datesOf('last day', year);
      assert.equal(last.length, 12);
      assert.equal(last[1], year === 2028 ? '2028-02-29' : '2027-02-28');
      const fridays = datesOf('last friday', year);
      assert.equal(fridays.length, 12);
      for (const date of fridays) {
        const week = new Date(Date.parse(date) + 7 * 86_400_000);
        assert.notEqual(week.toISOString().slice(5, 7), date.slice(5, 7), `${date} is not the last`);
      }
    }
  });

  it('leave months out that have no such day, and say so', () => {
    assert.equal(datesOf('day 31', 2026).length, 7);
    const { problems, warnings } = written('  a: { rehearse: r, on: day 31, at: "04:00" }\n');
    assert.deepEqual(problems, []);
    assert.match(warnings.join('\n'), /schedules\.yaml:2:\d+: february, april, june, september, november have no day 31/u);
    assert.match(warnings.join('\n'), /last day/u);
  });

  it('say on which days a time is skipped or comes twice where clocks are changed', () => {
    assert.deepEqual(clockChanges('Europe/Berlin', { hour: 2, minute: 30 }, now), [
      { date: '2027-03-28', how: 'skipped' },
      { date: '2027-10-31', how: 'twice' },
    ]);
    assert.deepEqual(clockChanges('Europe/Berlin', { hour: 3, minute: 0 }, now), []);
    assert.deepEqual(clockChanges('UTC', { hour: 2, minute: 30 }, now), []);
    const { warnings } = written('  a: { rehearse: r, at: "02:30" }\n', 'time-zone: Europe/Berlin\n');
    assert.match(warnings.join('\n'), /on 2027-03-28 there is no 02:30 in Europe\/Berlin/u);
    assert.match(warnings.join('\n'), /on 2027-10-31 it is 02:30 twice/u);
    const days = ['first sunday', 'last sunday', 'weekdays', 'last day'];
    const warned = days.map(
      (on) => written(`  a: { rehearse: r, on: ${on}, at: "02:30" }\n`, 'time-zone: Europe/Berlin\n').warnings.length,
    );
    assert.deepEqual(warned, [0, 2, 0, 1], 'only of days that are meant');
    const october = written('  a: { rehearse: r, months: [october], at: "02:30" }\n', 'time-zone: Europe/Berlin\n').warnings;
    assert.equal(october.filter((text) => text.includes('02:30')).length, 1);
  });

  it('have blackouts that match every second of each of their days, over the end of a year', () => {
    const all = blackoutCalendars([{ from: '2026-12-31', until: '2027-01-02' }]);
    assert.deepEqual(
      all.map(({ year, month, dayOfMonth, second }) => [year, month, dayOfMonth, second]),
      [
        [[{ start: 2026, end: 2026 }], ['DECEMBER'], { start: 31, end: 31 }, '*'],
        [[{ start: 2027, end: 2027 }], ['JANUARY'], { start: 1, end: 2 }, '*'],
      ],
    );
  });

  const wrong: readonly (readonly [what: string, lines: string, said: RegExp])[] = [
    [
      'a live failover',
      '  a: { failover: r, at: "04:00" }\n',
      /:2:\d+: "failover": a live failover is never scheduled: people begin it — schedule its rehearsal/u,
    ],
    ['an unknown runbook', '  a: { rehearse: rr, at: "04:00" }\n', /:2:\d+: there is no runbook "rr" — did you mean "r"/u],
    ['a failover as a backup', '  a: { backup: r, at: "04:00" }\n', /"r" is a failover, which people begin — rehearse it/u],
    ['an unknown system', '  a: { check: order, every: 30 minutes }\n', /the inventory has no system "order" — did you mean "orders"/u],
    ['no time', '  a: { rehearse: r }\n', /it has no time — add "at"/u],
    [
      'an interval of no time',
      '  a: { check: orders, every: 0 seconds }\n',
      /:2:\d+: "every": an interval is a whole number of seconds — write such as every: 30 minutes/u,
    ],
    ['nothing to do', '  a: { at: "04:00" }\n', /it does nothing — add "backup: RUNBOOK"/u],
    ['a mode of a backup or a look', '  a: { check: orders, mode: planned, at: "04:00" }\n', /only a rehearsal has a mode/u],
    ['a parameter of a look', '  a: { check: orders, parameters: { x: 1 }, at: "04:00" }\n', /a look at a system has no "parameters"/u],
    ['two things to do', '  a: { rehearse: r, check: orders, at: "04:00" }\n', /one schedule does one thing/u],
    ['a time that is none', '  a: { rehearse: r, at: "4 pm" }\n', /"4 pm" is no time of day — write hours and minutes/u],
    ['days that are none', '  a: { rehearse: r, on: fifth sunday, at: "04:00" }\n', /"fifth sunday" names no days/u],
    [
      'a day that never comes',
      '  a: { rehearse: r, on: day 31, months: [june], at: "04:00" }\n',
      /no such month has a day 31: it is never started/u,
    ],
    ['a zone that is none', '  a: { rehearse: r, at: "04:00", time-zone: Berlin }\n', /"Berlin" is no time zone/u],
    ['a parameter that is none', '  a: { rehearse: r, at: "04:00", parameters: { x: 1 } }\n', /"r" has no parameter "x"/u],
  ];
  for (const [what, lines, said] of wrong)
    it(`refuse ${what}, and say where and what to do`, () => {
      assert.match(written(lines).problems.join('\n'), said);
    });

  it('refuse a blackout that ends before it begins', () => {
    const { problems } = written('  a: { check: orders, every: 1 hour }\n', 'blackout: [2027-01-02..2026-12-31]\n');
    assert.match(problems.join('\n'), /ends before it begins — write "2026-12-31\.\.2027-01-02"/u);
  });

  it('are never caught up with by a year, and hold back in a blackout what can wait: rehearsals alone', () => {
    const { file } = written('  a: { check: orders, every: 30 minutes }\n  b: { rehearse: r, at: "04:00" }\n', 'blackout: [2026-12-24]\n');
    const [ready, rehearsal] = timetable(file!, [runbook(whole)]);
    assert.deepEqual([ready!.catchUp, rehearsal!.catchUp], [21_600_000, 21_600_000]);
    assert.deepEqual([ready!.spec.skip.length, rehearsal!.spec.skip.length, heldBack('backup')], [0, 1, false]);
    assert.deepEqual(
      [ready!.kind, ready!.input, rehearsal!.kind, rehearsal!.input],
      ['readiness', { system: 'orders' }, 'rehearsal', { system: 'orders', runbook: 'r' }],
    );
  });

  it('warn where they leave more time than is promised, counting blackouts and jitter', () => {
    const monthly = '  a: { rehearse: r, on: first sunday, at: "04:00" }\n';
    const gaps = (lines: string, head = ''): string[] => written(lines, head).warnings.filter((text) => text.includes('alarm'));
    assert.deepEqual(gaps(monthly, 'jitter: 1 hour\n'), []);
    assert.match(
      gaps(monthly, 'blackout: [2027-03-07]\n').join('\n'),
      /:3:\d+: up to 56 days pass between two of them, and "orders" promises a rehearsal every 36 days: an alarm will be raised/u,
    );
    assert.match(
      gaps('  a: { rehearse: r, every: 14 days }\n', 'blackout: [2027-12-01..2028-01-31]\n').join('\n'),
      /up to 84 days pass between two of them/u,
    );
    assert.deepEqual(gaps('  a: { rehearse: r, every: 30 minutes }\n'), []);
    const halves = ['first sunday', 'day 15'].map(
      (on, nth) => `  h${nth}: { rehearse: r, on: ${on}, months: [january, march, may, july, september, november], at: "04:00" }\n`,
    );
    assert.equal(gaps(halves[0]!).length, 1);
    const others = halves.map((text) =>
      text.replace(/h\d/u, 'x$&').replace(/\[.*\]/u, '[february, april, june, august, october, december]'),
    );
    assert.deepEqual(gaps([halves[0], others[0]].join('')), [], 'both together are monthly');
    assert.equal(gaps('  a: { rehearse: r, at: "04:00", paused: why }\n').length, 1);
    assert.equal(gaps(`${monthly}  b: { rehearse: r, on: monday, at: "04:00" }\n`, 'blackout: [2027-03-07]\n').length, 0, 'one is enough');
  });

  for (const folder of ['runbooks', 'runbooks/two-sites', 'runbooks/hybrid', 'runbooks/cloud'])
    it(`that are shipped in ${folder} have no problem, and nothing that a person should know of`, async () => {
      const { inventory: known, runbooks, schedules, problems } = await loadFolder(join(root, folder));
      assert.deepEqual(problems, []);
      const [refused, warnings] = [new Problems(), new Problems()];
      checkSchedules(schedules!, { inventory: known!, runbooks, problems: refused, warnings, now });
      assert.deepEqual([refused.list, warnings.list], [[], []]);
    });
});
