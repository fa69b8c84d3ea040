import { z } from 'zod';
import { attestation, maybeTime, milliseconds, mode, time } from './common.ts';
import { decision, intervention, question } from './decision.ts';
import { absence, deviation, knownFinding, normal, participant, planned, scenario, scope } from './evidence.ts';
import { left } from './left.ts';
import { clock, expected, machine, objective, point, recovery } from './recovery.ts';
import { rehearsal } from './rehearsal.ts';
import { step } from './step.ts';

const described = (text: string) => z.string().nullable().describe(text);

export const runRecord = z
  .object({
    format: z.literal(1).describe('Version of this format.'),
    run: z
      .object({
        workflowId: described('Workflow id.'),
        runId: described('Run id.'),
        firstRunId: described('First run id of the chain; another one than the run id where the run was reset.'),
        link: described('Where the run is seen in the Temporal UI.'),
      })
      .describe('The run in Temporal. Null where the record was made without its history.'),
    system: z.string().describe('The system.'),
    runbook: described('The runbook; null where nothing was compiled.'),
    kind: z.enum(['backup', 'failover', 'failback', 'restore']).nullable().describe('Kind of runbook.'),
    description: z.string().describe("The runbook's own description."),
    digest: described('SHA-256 of the plan that was carried out, hex.'),
    revision: described('Revision of the runbooks folder, with `+` where files were changed since.'),
    source: described('The site that served when the plan was compiled.'),
    target: described('The site that was to serve.'),
    modes: z
      .array(z.object({ mode, at: time('Since when.'), by: z.string().describe('Who chose it.') }).describe('A mode.'))
      .describe('The mode, and every change of it.'),
    parameters: z.record(z.string(), z.json()).describe('Parameters of the run.'),
    scenario,
    scope,
    participants: z.array(participant).describe('Everybody who took part, in the order in which they first did.'),
    absences: z.array(absence).describe('Who was asked and did not answer in time.'),
    startedBy: z.object({ by: z.string().describe('The person.'), how: attestation }).describe('Who started the run.'),
    startedAt: time('Start of the run.'),
    endedAt: maybeTime('End of the run; null while it runs.'),
    duration: milliseconds('From start to end, or to the last thing that happened.'),
    verdict: z
      .enum([
        'recovered',
        'recovered, unprotected',
        'restored',
        'proven',
        'unproven',
        'rehearsed',
        'backed out',
        'aborted',
        'refused',
        'failed',
        'cancelled',
      ])
      .nullable()
      .describe('How the run ended; null while it runs.'),
    why: z.string().describe('Why it ended so.'),
    left: left.optional(),
    serving: z
      .object({
        site: described('The site; null where none serves or it is not known.'),
        known: z.boolean().describe('Whether the run ever established it.'),
        note: z.string().describe('How it is known.'),
        at: maybeTime('Since when it is known.'),
      })
      .describe('Who serves now, as far as the run knows.'),
    objectives: z.array(objective).describe('What was promised, and what was measured.'),
    recovery,
    machine,
    point: point.nullable().describe('What became of the acknowledged markers; null where it was not measured.'),
    clock: clock.nullable().describe('What the times of the probe are worth; null without a probe.'),
    waits: milliseconds('Time in which people were asked and nothing else ran.'),
    separationOfDuties: z
      .object({ enforced: z.boolean().describe('Whether it was.'), why: z.string().describe('Why not; else empty.') })
      .describe('Whether the rule could be held that nobody approves their own run.'),
    phases: z
      .array(
        z
          .object({
            name: z.enum(['compile', 'preflight', 'lock', 'measure']).describe('Which.'),
            from: time('Start.'),
            to: time('End.'),
          })
          .describe('A phase.'),
      )
      .describe("The run's own work around the steps."),
    planned,
    deviations: z.array(deviation).describe('In what the run differs from its plan: of the whole first, then step by step.'),
    normal,
    questions: z.array(question).describe('Every question to people, in order.'),
    decisions: z.array(decision).describe('Every decision that arrived, in order, counted or not.'),
    interventions: z.array(intervention).describe('Where people had to choose how to go on.'),
    steps: z.array(step).describe('Steps and gates, in the order in which they happened; then those that did not.'),
    preflight: z
      .array(
        z
          .object({
            step: z.string().describe('The step.'),
            site: z.string().describe('The site that looked.'),
            ok: z.boolean().describe('Whether it found nothing in the way.'),
            seen: z.array(z.string()).describe('What it saw.'),
          })
          .describe('The preflight of one step.'),
      )
      .describe('What was looked at before anything was changed.'),
    notProven: z
      .array(z.object({ what: z.string().describe('Step or subject.'), why: z.string().describe('Why not.') }).describe('An item.'))
      .describe('What this run did not prove.'),
    findings: z
      .array(
        z
          .object({
            weight: z
              .enum(['must', 'should', 'note'])
              .describe('must: to be fixed before the next run; should: to be looked at; note: to be known.'),
            text: z.string().describe('What, and what to do.'),
            id: z.string().optional().describe('Of a rehearsal: its id, the same over all rehearsals. Absent: it is of this run alone.'),
          })
          .describe('A finding.'),
      )
      .describe('What is to be fixed, weightiest first.'),
    knownFindings: z
      .array(knownFinding)
      .describe('Findings of this runbook that were not closed when the run began, with owner, due date and accepted risk.'),
    rehearsal: rehearsal.nullable().describe('What a rehearsal tried; null: it was a live run.'),
    expected: expected.nullable().describe('What was expected by what was measured before; null: nothing was said before the run.'),
    warnings: z.array(z.string()).describe('Warnings of the compiler, and doubts about this record itself.'),
    workers: z.array(z.string()).describe('Identities of the workers that took part.'),
  })
  .meta({
    title: 'Lifeboat run record',
    description: 'What a run leaves: facts, times, decisions, measured recovery time and point, findings.',
  });

/** What a run leaves. Its shape, field by field, is `docs/schemas/record.schema.json`. */
export type RunRecord = z.infer<typeof runRecord>;
export type StepRecord = RunRecord['steps'][number];
export type QuestionRecord = RunRecord['questions'][number];
export type DecisionRecord = RunRecord['decisions'][number];
export type AttemptRecord = StepRecord['attempts'][number];

/** The JSON schema of a record, as text: content of `docs/schemas/record.schema.json`. */
export function recordJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(runRecord), null, 2)}\n`;
}
