import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { sight } from '../sight.ts';
import { step } from '../step.ts';
import { people, witnesses, type Word } from './witnesses.ts';

export default step({
  name: 'fence.manual',
  summary: 'Takes the word of two people that a host is off and stays off, unless the host itself says otherwise.',
  effect: 'change',
  provides: ['fence'],
  commits: true,
  at: 'target',
  asks: { question: 'Is {host} off, seen with your own eyes, and will nothing switch it on again?', people },
  expected: 0,
  timeout: '30 seconds',
  input: z.object({ host: hostName('The host that people cut off, by its name in the inventory.') }),
  output: z.object({ by: z.array(z.string()).describe('Names of those who saw the host off.') }),
  example: { host: 'a-db' },
  permissions: ["TCP from the target site to the host's `alive` port, to contradict a mistaken word."],

  async preflight({ host: name }, context) {
    return (await sight(context.host(name), context.system, context.viewpoint)).evidence;
  },

  async execute({ host: name }, context) {
    witnesses(word(name), context);
  },

  async verify({ host: name }, context) {
    const words = witnesses(word(name), context);
    const look = await sight(context.host(name), context.system, context.viewpoint);
    if (look.alive) {
      throw new StepError(
        'fence-contradicted',
        `${words.by.join(' and ')} say that ${name} is off, but it still answers: nothing may be promoted. ${look.evidence.join(' ')}`,
        'person',
      );
    }
    const evidence = [...words.evidence, ...look.evidence];
    return {
      outputs: { by: words.by },
      proofs: [
        {
          kind: 'fence' as const,
          by: 'fence.manual',
          host: name,
          at: look.at,
          with: { host: name },
          evidence,
          latched: 'unknown' as const,
        },
      ],
      evidence,
    };
  },

  rehearse: { none: 'In a rehearsal nobody goes and looks at a host in service; only a live exercise proves it.' },
  undo: { none: 'What people did by hand, people undo by hand.' },
});

function word(host: string): Word {
  return { by: 'fence.manual', host, that: `${host} is off` };
}
