import { isDeepStrictEqual } from 'node:util';
import type { CalendarSpec, CalendarSpecDescription, ScheduleDescription } from '@temporalio/client';
import type { Options } from './options.ts';

/** Whether Temporal's schedule is no longer what was applied, because somebody edited it there. What is paused is not looked at. */
export function editedByHand({ spec, action, policies }: ScheduleDescription, wanted: Options): boolean {
  const {
    workflowType,
    workflowId,
    taskQueue,
    args = [],
    staticSummary,
    staticDetails,
    memo,
    priority,
  } = action as Partial<Options['action']>;
  const { catchupWindow, overlap, pauseOnFailure } = policies;
  const found = {
    calendars: (spec.calendars ?? []).map(plainly),
    intervals: (spec.intervals ?? []).map(({ every, offset }) => ({ every, offset: offset || 0 })),
    skip: (spec.skip ?? []).map(plainly),
    bounds: [spec.startAt, spec.endAt],
    timezone: spec.timezone,
    jitter: spec.jitter ?? 0,
    action: { workflowType, workflowId, taskQueue, args, staticSummary, staticDetails, memo, priority: priority?.priorityKey },
    policies: { catchupWindow, overlap, pauseOnFailure },
  };
  const expected = {
    calendars: wanted.spec.calendars.map(whole),
    intervals: wanted.spec.intervals.map(({ every }) => ({ every, offset: 0 })),
    skip: wanted.spec.skip.map(whole),
    bounds: [undefined, undefined],
    timezone: wanted.spec.timezone,
    jitter: wanted.spec.jitter,
    action: namesOf(wanted.action),
    policies: wanted.policies,
  };
  return !isDeepStrictEqual(JSON.parse(JSON.stringify(found)), JSON.parse(JSON.stringify(expected)));
}

function namesOf({ workflowType, workflowId, taskQueue, args, staticSummary, staticDetails, memo, priority }: Options['action']) {
  return { workflowType, workflowId, taskQueue, args, staticSummary, staticDetails, memo, priority: priority.priorityKey };
}

type Part = keyof typeof every;
/** What an absent field stands for, and what `*` does. */
const every = {
  second: [
    [0, 0],
    [0, 59],
  ],
  minute: [
    [0, 0],
    [0, 59],
  ],
  hour: [
    [0, 0],
    [0, 23],
  ],
  dayOfMonth: [
    [1, 31],
    [1, 31],
  ],
  month: [
    ['JANUARY', 'DECEMBER'],
    ['JANUARY', 'DECEMBER'],
  ],
  dayOfWeek: [
    ['SUNDAY', 'SATURDAY'],
    ['SUNDAY', 'SATURDAY'],
  ],
  year: [null, null],
} as const;
const parts = Object.keys(every) as Part[];

/** A calendar as it is written, with everything that it leaves unsaid: ranges of start, end and step. */
function whole(calendar: CalendarSpec): unknown {
  return parts.map((part) => {
    const written = calendar[part];
    if (written !== undefined && written !== '*') return [written].flat().map(range);
    const span = every[part][written === '*' ? 1 : 0];
    return span === null ? [] : [[span[0], span[1], 1]];
  });
}

/** The same, as the server tells it. */
const plainly = (calendar: CalendarSpecDescription): unknown => parts.map((part) => (calendar[part] ?? []).map(range));

function range(one: unknown): unknown {
  if (typeof one !== 'object' || one === null) return [one, one, 1];
  const { start, end = start, step = 1 } = one as { start: unknown; end?: unknown; step?: number };
  return [start, end, step];
}
