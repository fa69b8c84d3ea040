import { z } from 'zod';
import { service } from '../aws/client.ts';
import { AwsError } from '../aws/error.ts';
import { StepError } from '../error.ts';
import { hostName, siteName } from '../fields.ts';
import { beating } from '../note.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { people, witnesses } from './witnesses.ts';
import { limited } from '../limit.ts';

const input = z.object({
  site: siteName('The AWS site whose API does not answer, by its name in the inventory.'),
  id: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,62}$/, 'the id of an instance, or an identifier of RDS')
    .describe('What is to be cut off there: the id of an instance, or the identifier of a database.'),
  host: hostName('The host of the inventory that it is.').optional(),
  port: z.int().min(1).max(65_535).describe('A TCP port of it that answers in service, for when it is cut off. Default: none.').optional(),
  uses: z
    .enum(['ec2.isolate', 'rds.isolate'])
    .describe('The step type that cuts it off later. Default: `ec2.isolate` for the id of an instance, else `rds.isolate`.')
    .optional(),
  witness: siteName('Another AWS site, in another region, whose API answers meanwhile. Default: the target site.').optional(),
});
type Input = z.infer<typeof input>;
const output = z.object({
  by: z.array(z.string()).describe('Names of those who take it upon them.'),
  owes: z.string().describe('The step type that fence.settle will carry out when the API answers again.'),
});

/** Calls that go unanswered before silence is believed, and the pause between them in milliseconds. */
const knocks = 3;
const pause = 1_500;
/** Longest that one call is waited for, milliseconds. */
const patience = 5_000;

export default step({
  name: 'fence.pending',
  summary:
    'Takes the word of two people that a fence is owed: the API of the region does not answer, and nothing is cut off before it does.',
  effect: 'change',
  provides: ['fence'],
  at: 'target',
  asks: {
    question:
      'The API of {site} does not answer, so {id} there cannot be cut off and MAY STILL TAKE WRITES. Go on all the same? It is cut off when the API returns, before anything there is trusted or started.',
    people,
    covered: true,
  },
  expected: 5_000,
  timeout: '1 minute',
  input,
  output,
  example: { site: 'us-east-1', id: 'shop-db' },
  permissions: [],
  iam: {
    preflight: ['ec2:DescribeInstances', 'rds:DescribeDBInstances'],
    execute: ['ec2:DescribeInstances', 'rds:DescribeDBInstances'],
  },

  async preflight(which, context) {
    const witness = witnessOf(which, context);
    const [here, there] = await Promise.all([ask(which.site, which, context), ask(witness, which, context)]);
    if (!there.answers) throw cannotTell(which, witness, there.text);
    return [here.text, there.text];
  },

  async execute(which, context) {
    said(which, context);
    await proveSilent(which, knocks, context);
  },

  verify: owed,

  rehearse: { none: 'A rehearsal takes no region out of service; a lab or a live exercise proves it.' },
  async undo() {
    return ['Nothing was cut off, so there is nothing to undo.'];
  },
});

/** Read again before a promotion: where the API answers, the fence is to be made properly. */
async function owed(which: Input, context: StepContext): Promise<Outcome<z.infer<typeof output>>> {
  const word = said(which, context);
  const silent = await proveSilent(which, 1, context);
  const uses = usesOf(which);
  const evidence = [
    `PENDING: ${nameOf(which)} is not cut off and may still take writes. ${uses} is owed, and fence.settle carries it out when the API of ${which.site} answers.`,
    ...word.evidence,
    ...silent,
  ];
  const at = new Date().toISOString();
  return {
    outputs: { by: word.by, owes: uses },
    proofs: [{ kind: 'fence', by: 'fence.pending', host: nameOf(which), at, with: { ...which, uses }, evidence, latched: 'unknown' }],
    evidence,
  };
}

function said(which: Input, context: StepContext) {
  return witnesses({ by: 'fence.pending', host: nameOf(which), that: `the fence of ${nameOf(which)} is owed` }, context);
}

/** @throws StepError `api-answers`, `cannot-tell`. */
async function proveSilent(which: Input, times: number, context: StepContext): Promise<readonly string[]> {
  const witness = witnessOf(which, context);
  const heard: string[] = [];
  for (let time = 1; time <= times; time += 1) {
    if (time > 1) await beating(context, context.sleep(pause));
    const { answers, text } = await ask(which.site, which, context);
    if (answers)
      throw new StepError(
        'api-answers',
        `The API of ${which.site} answers, so the fence of ${nameOf(which)} need not stay pending: cut it off now with ${usesOf(which)}. ${text}`,
        'person',
      );
    heard.push(text);
  }
  // After the silence: a path that broke meanwhile must not turn it into a proof.
  const other = await ask(witness, which, context);
  if (!other.answers) throw cannotTell(which, witness, `${heard.at(-1)} ${other.text}`);
  return [...heard, other.text];
}

interface Heard {
  readonly answers: boolean;
  /** One sentence. */
  readonly text: string;
}

/** One harmless call of the API that would make the fence. A refusal is an answer too. */
async function ask(site: string, which: Input, context: StepContext): Promise<Heard> {
  const { region } = context.aws(site);
  const caller = { ...context, signal: limited(context.signal, patience) };
  const api = usesOf(which) === 'ec2.isolate' ? 'EC2' : 'RDS';
  const sees = `The ${api} API of ${site} (${region}) seen from ${context.viewpoint}`;
  const call = async (): Promise<void> => {
    if (api === 'EC2') await (await service('ec2', site, caller)).describeInstances({ MaxResults: 5 });
    else await (await service('rds', site, caller)).describeDBInstances({ MaxRecords: 20 });
  };
  const now = () => new Date().toISOString();
  try {
    await beating(context, call());
    return { answers: true, text: `${sees} answered at ${now()}.` };
  } catch (error) {
    context.signal.throwIfAborted();
    if (caller.signal.aborted) return { answers: false, text: `${sees} did not answer within ${patience} ms at ${now()}.` };
    if (!(error instanceof AwsError)) throw error;
    // Without credentials nothing was asked.
    if (error.aws === 'CredentialsProviderError') throw error;
    if (['aws-unreachable', 'aws-lost', 'aws-fault'].includes(error.code))
      return { answers: false, text: `${sees} did not answer at ${now()}: ${error.message}` };
    return { answers: true, text: `${sees} answered at ${now()}, ${error.aws}.` };
  }
}

function witnessOf({ site, witness }: Input, context: StepContext): string {
  const other = witness ?? context.target.site;
  if (other !== site && context.aws(other).region !== context.aws(site).region) return other;
  throw new StepError(
    'no-witness',
    `${other} is in the region of ${site}, and so cannot tell a dead region from a cut link: name as \`witness\` an AWS site in another region`,
    'mistake',
  );
}

function cannotTell({ site }: Input, witness: string, text: string): StepError {
  return new StepError(
    'cannot-tell',
    `The API of ${witness} does not answer either, so the link from here may be cut and ${site} may be well: nothing may be promoted on that. ${text}`,
    'person',
  );
}

function nameOf({ site, id, host }: Input): string {
  return host ?? `${site}/${id}`;
}

function usesOf({ id, uses }: Input): 'ec2.isolate' | 'rds.isolate' {
  return uses ?? (/^i-[0-9a-f]{8,17}$/.test(id) ? 'ec2.isolate' : 'rds.isolate');
}
