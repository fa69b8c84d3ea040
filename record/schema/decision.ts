import { z } from 'zod';
import { attestation, maybeTime, milliseconds, time } from './common.ts';

const fact = z
  .object({ label: z.string().describe('What.'), value: z.string().describe('As it was shown.') })
  .describe('A fact shown with a question.');
const questionKind = z
  .enum(['gate', 'intervention', 'task', 'plan', 'lock'])
  .describe('A gate of the runbook, a failed step, a step that people carry out, a changed plan, or a lock that could not be had.');

export const question = z
  .object({
    id: z.string().describe('Id of the gate or step; `plan` or `lock`.'),
    attempt: z.int().describe('Counts from 1 each time it is asked.'),
    kind: questionKind,
    title: z.string().describe('What was asked.'),
    facts: z.array(fact).describe('What was shown, frozen when it was asked.'),
    approvers: z.array(z.string()).describe('Roles that could answer.'),
    count: z.int().describe('How many people had to agree.'),
    askedAt: time('When it was asked.'),
    closedAt: maybeTime('When it was answered, expired or was asked anew; null where the run ended first.'),
    deadline: maybeTime('When it would expire.'),
    answer: z.string().nullable().describe('The choice that was made; null where nobody made one.'),
    by: z.array(z.string()).describe('Who made it.'),
    waited: milliseconds('How long it was open.'),
    notes: z.array(z.string()).describe('Reminders, escalations and expiry, in order.'),
  })
  .describe('A question to people.');

export const decision = z
  .object({
    at: time('When it arrived.'),
    question: z.string().describe('Id of the question; empty where it named none of this run.'),
    title: z.string().describe('What was asked; empty where it named no question.'),
    attempt: z.int().describe('Which asking of the question it answered.'),
    choice: z.string().describe('What the person chose.'),
    by: z.string().describe('The person.'),
    how: attestation,
    counts: z.boolean().describe('Whether it counted.'),
    note: z.string().describe('Why it did not count, or what is noted of it.'),
    reason: z.string().describe('What the person gave as reason.'),
    waited: z.number().nullable().describe('From the asking to this decision, milliseconds; null where it answered no open question.'),
  })
  .describe('A decision, whether it counted or not.');

export const intervention = z
  .object({
    at: time('When it was asked.'),
    step: z.string().describe('The step, or `plan` or `lock`.'),
    problem: z.string().describe('What had gone wrong.'),
    choice: z.string().nullable().describe('What was chosen; null where nobody chose.'),
    by: z.array(z.string()).describe('Who chose.'),
    reason: z.string().describe('The reason given.'),
    waited: milliseconds('How long people were asked.'),
  })
  .describe('What people chose where the run could not go on by itself.');
