import { z } from 'zod';
import { maybeMilliseconds, maybeTime, milliseconds } from './common.ts';

export const objective = z
  .object({
    name: z.enum(['recovery time', 'recovery point', 'outage']).describe('What was promised.'),
    promised: maybeMilliseconds('The promise; null where the runbook makes none.'),
    measured: maybeMilliseconds('The figure measured from outside; null where it could not be.'),
    result: z.enum(['met', 'missed', 'not measured', 'no objective']).describe('Measured against promised.'),
    why: z.string().describe('One sentence on how the result came about.'),
  })
  .describe('An objective, and what was measured against it.');

export const recovery = z
  .object({
    failedAt: maybeTime('First marker that was missed, by the clock of the probe.'),
    servedAt: maybeTime('First of the good markers that count as served again, by the clock of the probe.'),
    total: maybeMilliseconds('From the first missed marker to service; null where it was not measured or service did not return.'),
    atLeast: maybeMilliseconds('Where service had not returned: how long it had been gone when the run ended.'),
    split: z
      .array(
        z
          .object({
            part: z.enum(['detect', 'decide', 'execute', 'verify']).describe('Which part.'),
            milliseconds: milliseconds('Its share.'),
          })
          .describe('One part.'),
      )
      .nullable()
      .describe(
        'The total in disjoint parts that sum to it. detect: until the run started; decide: a question was open to people and nothing ran; verify: after the target was proven to serve; execute: the rest.',
      ),
    note: z.string().describe('How it was measured, or why it was not.'),
  })
  .describe('The interruption of service, measured from outside.');

export const expected = z
  .object({
    runs: z.int().describe('Earlier runs and rehearsals that it stands on; 0: it is what is usual for the step types.'),
    median: milliseconds('Half of the runs were to take no longer.'),
    from: milliseconds('Nine of ten were to end between this and `until`.'),
    until: milliseconds('Nine of ten were to end between `from` and this.'),
    text: z.string().describe('The same in words, as people saw it.'),
    took: maybeMilliseconds('From the first step to the end of the last, less the time in which people were asked and nothing ran.'),
    result: z.enum(['as expected', 'slower', 'quicker', 'not compared']).describe('What it took against that.'),
  })
  .describe('How long the steps were expected to take, and took.');

export const machine = z
  .object({
    milliseconds: maybeMilliseconds(
      'From the start of the run to the first acknowledged write at the new primary, less the time at which people were asked and nothing ran.',
    ),
    note: z.string().describe('Why it is absent; else empty.'),
  })
  .describe("The machine's part of the recovery.");

export const point = z
  .object({
    acknowledged: z.int().describe('Markers that the old primary had acknowledged.'),
    kept: z.int().describe('Acknowledged markers that were found afterwards.'),
    lost: z.int().describe('Acknowledged markers that were not found afterwards.'),
    unexpected: z.int().describe('Markers found and never acknowledged: allowed, and counted.'),
    span: milliseconds('Time that the lost markers cover, to the resolution of one interval; 0 where none was lost.'),
    firstLostAt: maybeTime('Oldest marker that was lost.'),
    lastLostAt: maybeTime('Newest marker that was lost, of those listed.'),
  })
  .describe('Acknowledged markers against those found afterwards.');

export const clock = z
  .object({
    every: milliseconds('Time between two markers: the resolution of every time that the probe measured.'),
    offset: maybeMilliseconds("Probe's clock minus the database server's; null where it was not sampled."),
  })
  .describe('What the times of the probe are worth.');
