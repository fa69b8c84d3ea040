import { z } from 'zod';
import { maybeMilliseconds, maybeTime } from './common.ts';

const sentences = (text: string) => z.array(z.string()).describe(text);

export const rehearsal = z
  .object({
    of: z.string().describe('SHA-256 of the plan that a live run would have had at that moment, hex.'),
    gates: z.enum(['asked', 'stood in for']).describe('Whether people were asked at gates.'),
    differs: z
      .array(
        z
          .object({
            step: z.string().describe('The step or gate.'),
            how: z.enum(['on a copy', 'proved by reading', 'left out', 'stood in for', 'added']).describe('How it differs.'),
            text: z.string().describe('Why, or on what.'),
          })
          .describe('A step that is otherwise than in the live plan.'),
      )
      .describe('How the rehearsed plan differs from the live one, step by step.'),
    proved: z
      .array(
        z
          .object({
            step: z.string().describe('The step or gate.'),
            how: z.enum(['on a copy', 'by reading', 'by people']).describe('How it was tried.'),
            seen: sentences('What was seen, a sentence each.'),
          })
          .describe('A step that was tried, and did what it should.'),
      )
      .describe('What was proved.'),
    time: maybeMilliseconds(
      'For how long any step of the runbook worked; what was waited for meanwhile, people or a copy, is not in it. Null: none was done.',
    ),
    cleanUp: z
      .object({
        at: maybeTime('When the world was read for the last time.'),
        removed: sentences('What it had made, and is gone.'),
        left: sentences('What it had made, and is still there.'),
        unseen: sentences('Why it is not known whether anything is left; empty where it is.'),
        keptUntil: maybeTime('Until when copies are kept to be looked at; null: they are not.'),
      })
      .nullable()
      .describe('What became of what it made, as the world was read afterwards. Null: it had made nothing yet.'),
  })
  .describe('Of a rehearsal: what it tried, on what, and what is left of it.');
