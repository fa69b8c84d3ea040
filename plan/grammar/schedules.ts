import { z } from 'zod';
import { months } from '../schedules/calendar.ts';
import { readDays } from '../schedules/days.ts';
import { readBlackout, readTime, readZone } from '../schedules/time.ts';
import { durationField, nameField, read, textField } from './fields.ts';

const timeField = z
  .string()
  .transform(read(readTime))
  .meta({ description: 'A time of day, such as "03:00".', examples: ['03:00'] });
const zoneField = z
  .string()
  .transform(read(readZone))
  .meta({ description: 'Time zone of the times of day, by its IANA name.', examples: ['Europe/Berlin', 'UTC'] });
const jitter = durationField('Each start is put off by a random time up to this, so that not all begin at once.');
const catchUp = durationField(
  'What could not be started in time, because Temporal was down, is started so long after. Later it is left out, and that is said.',
);
/** What changes production is begun by people. */
const never = (kind: string) =>
  z
    .any()
    .optional()
    .meta({ description: `Never: a live ${kind} is begun by people.`, deprecated: true });

const scheduleGrammar = z
  .strictObject({
    backup: nameField('A backup runbook.').optional(),
    rehearse: nameField('A runbook that is rehearsed.').optional(),
    check: nameField('A system: whether it is ready is looked at.').optional(),
    failover: never('failover'),
    failback: never('failback'),
    restore: never('restore'),
    system: nameField('Which of the systems that the runbook serves. Default: the only one.').optional(),
    mode: z.enum(['planned', 'unplanned']).describe('Of a rehearsal: the mode. Default: as the runbook says.').optional(),
    parameters: z.record(z.string(), z.json().describe('A value.')).describe("The runbook's parameters.").optional(),
    every: durationField('An interval of whole seconds, counted from midnight UTC on 1 January 1970.').optional(),
    at: z
      .union([timeField, z.array(timeField).min(1)])
      .describe('A time of day, or several.')
      .optional(),
    on: z
      .string()
      .transform(read(readDays))
      .meta({
        description: 'Days. Default: every day.',
        examples: ['monday, friday', 'weekdays', 'first sunday', 'last friday', 'day 15', 'last day'],
      })
      .optional(),
    months: z.array(z.enum(months)).min(1).describe('Months. Default: all.').optional(),
    'time-zone': zoneField.optional(),
    jitter: jitter.optional(),
    'catch-up': catchUp.optional(),
    paused: textField('Why it is paused. Default: it is not.').optional(),
    summary: textField('One line for lists.').optional(),
  })
  .superRefine((written, context) => {
    const say = (path: string, message: string, fix: string): void =>
      context.addIssue({ code: 'custom', path: [path], message, params: { fix } });
    for (const kind of ['failover', 'failback', 'restore'] as const)
      if (written[kind] !== undefined)
        say(kind, `a live ${kind} is never scheduled: people begin it`, 'schedule its rehearsal: "rehearse: RUNBOOK"');
    const what = (['backup', 'rehearse', 'check'] as const).filter((field) => written[field] !== undefined);
    if (what.length === 0)
      context.addIssue({
        code: 'custom',
        message: 'it does nothing',
        params: { fix: 'add "backup: RUNBOOK", "rehearse: RUNBOOK" or "check: SYSTEM"' },
      });
    if (written.at === undefined && written.every === undefined)
      context.addIssue({
        code: 'custom',
        message: 'it has no time',
        params: { fix: 'add "at", such as at: "03:00", or "every", such as every: 1 hour' },
      });
    if (what.length > 1) say(what[1]!, 'one schedule does one thing', `write another schedule for "${what[1]}"`);
    if (written.at !== undefined && written.every !== undefined)
      say('every', 'it has both a time of day and an interval', 'leave "at" or "every" out');
    if (written.every !== undefined && (written.every === 0 || written.every % 1_000 !== 0))
      say('every', 'an interval is a whole number of seconds', 'write such as every: 30 minutes');
    if (written.on !== undefined && written.at === undefined) say('on', 'days need a time of day', 'add "at", such as at: "03:00"');
    if (written.months !== undefined && written.at === undefined)
      say('months', 'months need a time of day', 'add "at", such as at: "03:00"');
    if (written.mode !== undefined && written.rehearse === undefined) say('mode', 'only a rehearsal has a mode', 'leave it out');
    for (const field of ['system', 'parameters'] as const)
      if (written[field] !== undefined && written.check !== undefined)
        say(field, `a look at a system has no "${field}"`, 'leave it out: "check" names the system');
  })
  .describe('What is done, and when.');

/** `schedules.yaml`, beside the inventory. */
export const schedulesGrammar = z.strictObject({
  owner: nameField('Whose schedules these are: those of others in the same namespace of Temporal are left alone.').default('lifeboat'),
  'time-zone': zoneField.prefault('UTC'),
  jitter: jitter.prefault('0 seconds'),
  'catch-up': catchUp.prefault('6 hours'),
  blackout: z
    .array(
      z
        .string()
        .transform(read(readBlackout))
        .meta({ description: 'A day, or a span of days with both its ends.', examples: ['2026-12-24', '2026-12-31..2027-01-02'] }),
    )
    .describe('Days on which nothing is rehearsed, by the time zone of each schedule. Backups and looks whether a system is ready go on.')
    .default([]),
  schedules: z.record(nameField('Name of the schedule.'), scheduleGrammar).describe('Schedules, by name.'),
});

export type Schedules = z.output<typeof schedulesGrammar>;
export type WrittenSchedule = Schedules['schedules'][string];
