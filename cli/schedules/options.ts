import { digestOf } from '../../plan/canonical.ts';
import type { Entry } from '../../plan/schedules/timetable.ts';
import { controlQueue, runId } from '../../workflows/wire.ts';
import type { CalendarSpec, ScheduleClient } from '@temporalio/client';

const prefix = 'lifeboat-';
/** Begins the note of a pause that the file asks for; any other pause is a person's. */
const fromFile = 'schedules.yaml: ';

/** Id of a schedule in Temporal. */
export const scheduleId = (name: string): string => `${prefix}${name}`;
export const nameOf = (id: string): string => (id.startsWith(prefix) ? id.slice(prefix.length) : id);
export const isFromFile = (noted: string | undefined): boolean => noted?.startsWith(fromFile) ?? false;

/** What was applied last, kept in the memo of what the schedule starts: the memo of a schedule itself can never be changed. */
export interface Applied {
  readonly name: string;
  readonly digest: string;
  readonly when: string;
}
export type Options = ReturnType<typeof optionsOf>;

/**
 * The schedule as Temporal is given it. Temporal's own defaults would catch up with a year, in the middle of an incident.
 * `attributes`: search attributes that the server knows; with any other it would refuse to start the run.
 */
export function optionsOf(entry: Entry, owner: string, attributes: readonly string[]) {
  const { kind, input, spec, catchUp, paused } = entry;
  const words = { LifeboatSystem: input.system, LifeboatKind: kind, LifeboatRunbook: input.runbook };
  const typedSearchAttributes = Object.entries(words)
    .filter(([name, value]) => value !== undefined && attributes.includes(name))
    .map(([name, value]) => ({ key: { name, type: 'KEYWORD' as const }, value: value! }));
  const options = {
    spec: {
      calendars: spec.calendars.map(writable),
      intervals: spec.intervals.map((every) => ({ every })),
      skip: spec.skip.map(writable),
      timezone: spec.timeZone,
      jitter: spec.jitter,
    },
    action: { ...actionOf(entry), typedSearchAttributes },
    policies: { overlap: 'SKIP', catchupWindow: catchUp, pauseOnFailure: false },
  } as const;
  const applied: Applied = { name: entry.name, digest: digestOf(options), when: entry.when };
  return {
    ...options,
    action: { ...options.action, memo: { schedule: applied } },
    scheduleId: scheduleId(entry.name),
    state: paused === null ? { paused: false } : { paused: true, note: `${fromFile}${paused}` },
    memo: { lifeboat: owner },
    typedSearchAttributes,
  } satisfies Parameters<ScheduleClient['create']>[0];
}

function actionOf({ name, kind, input, summary, when }: Entry) {
  return {
    type: 'startWorkflow',
    workflowType: kind,
    workflowId: runId(kind, input.system),
    taskQueue: controlQueue,
    args: [{ ...input, by: `schedule ${name}` }],
    workflowTaskTimeout: 3_000,
    // What is started by itself gives way to what a person starts.
    priority: { priorityKey: 4 },
    staticSummary: summary.slice(0, 190),
    staticDetails: `Started by the schedule \`${name}\` (${when}), which \`schedules.yaml\` asks for.\n\nTo stop it for a while: \`lifeboat schedules pause ${name} --reason "…"\`.`,
  } as const;
}

const writable = (calendar: Entry['spec']['calendars'][number]): CalendarSpec => structuredClone(calendar) as CalendarSpec;
