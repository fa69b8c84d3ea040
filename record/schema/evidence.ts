import { z } from 'zod';
import { attestation, maybeMilliseconds, milliseconds, time } from './common.ts';

export const scenario = z
  .object({
    test: z
      .enum(['recovery', 'exercise', 'rehearsal', 'backup', 'restore', 'readiness'])
      .describe(
        'What kind of test or event it was. `recovery`: an unplanned move of what serves; `exercise`: a planned one, in production; `rehearsal`: on copies.',
      ),
    cause: z.string().nullable().describe('Why it was done, as whoever started it said; null where nobody did.'),
    words: z.string().describe('The same in a sentence.'),
  })
  .describe('What was assumed to have happened, or had.');

export const scope = z
  .object({
    systems: z.array(z.string()).describe('Systems that it was about: its own, then those of the runs that it started.'),
    sites: z.array(z.string()).describe('Sites at which something was done or that it was about.'),
    hosts: z.array(z.string()).describe('Hosts of the plan.'),
  })
  .describe('What the run extended to.');

export const participant = z
  .object({
    name: z.string().describe('The person; `somebody` where no name was given.'),
    how: attestation,
    roles: z.array(z.string()).describe('Roles that the inventory gives them. Empty: none.'),
    did: z.array(z.string()).describe('What they did, in order.'),
  })
  .describe('A person who took part.');

export const absence = z
  .object({
    question: z.string().describe('Id of the question.'),
    roles: z.array(z.string()).describe('Roles that were asked.'),
    names: z.array(z.string()).describe('People of these roles who gave no decision.'),
    why: z.string().describe('How it is known that they were missing.'),
  })
  .describe('People who were asked and did not answer in time.');

export const planned = z
  .object({
    steps: z.int().describe('Steps and gates of the plan that this mode has.'),
    carriedOut: z.int().describe('How many of them were carried out, by the run or by hand.'),
    expected: maybeMilliseconds("Usual time of the whole, without people's waits, by the plan; null without the plan's steps."),
    actual: milliseconds('From start to end, less the time in which people were asked and nothing ran.'),
  })
  .describe('The plan against what was done.');

export const deviation = z
  .object({
    step: z.string().describe('The step or gate; `run` where it is of the whole.'),
    how: z
      .enum(['skipped', 'by hand', 'another way', 'tried again', 'failed', 'undone', 'not reached', 'unanswered', 'mode', 'plan', 'lock'])
      .describe('In what it differs from the plan.'),
    text: z.string().describe('What happened instead, and why.'),
  })
  .describe('A deviation from the plan.');

export const normal = z
  .object({
    serves: z.string().nullable().describe('The site that serves; null where none does or it is not known.'),
    protected: z
      .boolean()
      .nullable()
      .describe('Whether a standby follows what serves, so that it could be moved again; null where the run did not change that.'),
    fenced: z.array(z.string()).describe('Hosts that the run cut off, and that stay so until they are reprotected or people lift it.'),
    text: z.string().describe('What is left to do until operations are normal again.'),
  })
  .describe('The return to normal operations.');

export const knownFinding = z
  .object({
    id: z.string().describe('Its id, the same over all rehearsals.'),
    weight: z.enum(['must', 'should', 'note']).describe('How much it matters.'),
    state: z.enum(['open', 'accepted', 'closed']).describe('`accepted`: people took the risk upon them.'),
    firstSeen: time('When it was first seen.'),
    times: z.int().describe('In how many runs it was seen.'),
    owner: z.string().nullable().describe('Who mends it; null: nobody.'),
    due: z.string().nullable().describe('Until when, a date; null: no date was set.'),
    word: z
      .object({
        by: z.string().describe('Who said it.'),
        at: time('When.'),
        reason: z.string().describe('Why.'),
        until: z.string().nullable().describe('Until when a risk is accepted; null: it is not.'),
      })
      .nullable()
      .describe('The last word on it: a risk accepted, closed, opened again; null: none was said.'),
  })
  .describe('A finding of earlier runs.');
