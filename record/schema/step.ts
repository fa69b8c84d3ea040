import { z } from 'zod';
import { maybeMilliseconds, maybeTime, time } from './common.ts';

export const proof = z
  .object({
    kind: z.enum(['fence', 'shutdown']).describe('What it proves of the old primary: cut off, or shut down with nothing left to send.'),
    by: z.string().describe('Step type that proved it.'),
    host: z.string().describe('The host.'),
    at: time('When the world was read.'),
    evidence: z.array(z.string()).describe('What was seen, one sentence an item.'),
    latched: z.enum(['yes', 'no', 'unknown']).describe('Whether the host stays out when its power comes back.'),
  })
  .describe('A proof.');

export const attempt = z
  .object({
    attempt: z.int().describe('Counts from 1.'),
    uses: z.string().describe('Step type.'),
    site: z.string().describe('The site that carried it out.'),
    begunAt: time('When the run handed it out.'),
    endedAt: maybeTime('When it ended; null where the run ended first.'),
    milliseconds: maybeMilliseconds('From handing out to end.'),
    outcome: z.enum(['done', 'failed', 'unfinished']).describe('How it ended.'),
    code: z.string().describe('Stable cause of the failure; else empty.'),
    problem: z.string().describe('The failure; else empty.'),
    tries: z.int().nullable().describe('How often Temporal started it; null where the history does not say.'),
    worker: z.string().nullable().describe('Identity of the worker that had it last.'),
    scheduledAt: maybeTime('When Temporal queued it.'),
    startedAt: maybeTime('When a worker took it, the last time.'),
    closedAt: maybeTime('When its end was reported.'),
    closedBy: z.string().nullable().describe('Who reported its end, where that was no known worker: a finding. Else null.'),
    lastFailure: z.string().nullable().describe('The last failure that Temporal knew of, also where a later try succeeded.'),
  })
  .describe('One attempt.');

const child = z
  .object({
    name: z.string().describe('Name in the step.'),
    system: z.string().describe('The system.'),
    run: z.string().describe('Workflow id: it has a record of its own.'),
    startedAt: time('Start.'),
    endedAt: time('End.'),
    verdict: z.string().describe('How it ended, as in its own record.'),
    why: z.string().describe('Why it ended so.'),
    outage: maybeMilliseconds('How long its system was seen from outside not to be served; null where it is not known.'),
  })
  .describe('A run that a step started.');

export const step = z
  .object({
    id: z.string().describe('Id in the runbook.'),
    uses: z.string().describe('Step type; empty for a gate.'),
    kind: z.enum(['step', 'gate']).describe('A step or a gate.'),
    summary: z.string().describe('What it does, in one line.'),
    outcome: z
      .enum(['done', 'done by hand', 'failed', 'skipped', 'undone', 'left out', 'not reached', 'unfinished'])
      .describe('How it ended. `left out`: by mode or condition. `unfinished`: the run ended while it was under way.'),
    note: z.string().describe('Why, where that is not plain; else empty.'),
    site: z.string().nullable().describe('The site that carried it out.'),
    from: maybeTime('When it was first begun or asked.'),
    to: maybeTime('When it last ended.'),
    undoneAt: maybeTime('When it was undone; null where it was not.'),
    critical: z.boolean().describe('On the chain of steps and gates that set the length of the run.'),
    attempts: z.array(attempt).describe('Every attempt, in order.'),
    outputs: z.json().describe('What it handed on.'),
    proofs: z.array(proof).describe('What it proved of the old primary.'),
    evidence: z.array(z.string()).describe('What was seen in the world, one sentence an item.'),
    children: z.array(child).describe('Runs of their own that it started, each as it ended last. Absent: it started none.').optional(),
  })
  .describe('A step or gate of the runbook.');
