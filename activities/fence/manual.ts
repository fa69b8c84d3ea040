import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { sight } from '../sight.ts';
import { step, type StepContext } from '../step.ts';

/** How many people must have seen it. */
const people = 2;
/** Name and attestation in a sentence of evidence that this step wrote. */
const speaker = /^(.+) \((attested|stated|anonymous)\) said at /;

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
    witnesses(name, context);
  },

  async verify({ host: name }, context) {
    const words = witnesses(name, context);
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

/** Who said so: now, or when the proof that is read again was made. Anonymous words count as one person's. */
function witnesses(name: string, context: StepContext): { by: string[]; evidence: readonly string[] } {
  const said = context.stated.map(
    (word) => `${word.by} (${word.how}) said at ${word.at} that ${name} is off${word.reason ? `: ${word.reason}` : '.'}`,
  );
  const before = context.proofs.find((proof) => proof.by === 'fence.manual' && proof.host === name)?.evidence ?? [];
  for (const evidence of [said, before.filter((sentence) => speaker.test(sentence))]) {
    const by = [
      ...new Set(
        evidence.map((sentence) => speaker.exec(sentence)).map((match) => (match?.[2] === 'anonymous' ? 'anonymous' : (match?.[1] ?? ''))),
      ),
    ];
    if (by.length >= people) return { by, evidence };
  }
  const so = said.length === 0 ? 'nobody has' : `only ${[...new Set(context.stated.map((word) => word.by))].join(', ')}`;
  throw new StepError('not-witnessed', `${people} people must say that ${name} is off and stays off; so far ${so}.`, 'person');
}
