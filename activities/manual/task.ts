import { z } from 'zod';
import { StepError } from '../error.ts';
import { step, type StepContext } from '../step.ts';

const input = z.object({
  task: z.string().min(1).max(1_000).describe('What a person shall do, so that the person can do it with nothing else to read.'),
});

export default step({
  name: 'manual.task',
  summary: 'Asks a person to do something by hand and waits until the person says that it is done.',
  effect: 'change',
  at: 'target',
  asks: { question: '{task}', people: 1 },
  expected: 0,
  timeout: '30 seconds',
  input,
  output: z.object({
    by: z.array(z.string()).describe('Who said that it is done.'),
    at: z.string().describe('When it was said last, ISO time.'),
  }),
  example: { task: 'Tell the carrier to route 203.0.113.0/24 to the second site; ticket queue "routing".' },
  permissions: ['None: a person does it.'],
  async preflight() {
    return ['A person will be asked.'];
  },
  async execute(_, context) {
    said(context);
  },
  async verify({ task }, context) {
    const words = said(context);
    return {
      outputs: {
        by: words.map((word) => word.by),
        at:
          words
            .map((word) => word.at)
            .sort()
            .at(-1) ?? '',
      },
      evidence: words.map(
        (word) => `${word.by} (${word.how}) said at ${word.at} that this is done: ${task}${word.reason ? ` (${word.reason})` : ''}`,
      ),
    };
  },
  rehearse: { none: 'A rehearsal asks nobody to work by hand on what is in service.' },
  undo: { none: 'What a person did by hand, a person undoes by hand.' },
});

function said(context: StepContext) {
  if (context.stated.length > 0) return context.stated;
  throw new StepError('not-done', 'Nobody has said yet that the task is done.', 'person');
}
