import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { tagsFor } from '../aws/tags.ts';
import { nameFor } from '../aws/token.ts';
import { askServer } from '../dns/ask.ts';
import { StepError } from '../error.ts';
import { siteName } from '../fields.ts';
import { beating } from '../note.ts';
import { bucketName } from '../s3/fields.ts';
import { head } from '../s3/objects.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { answers, elsewhere } from './answers.ts';
import { asChecked, urlOf } from './health.ts';

const input = z.object({
  site: siteName('The AWS site of the bucket: at the target, for nothing else of AWS is needed.'),
  bucket: bucketName('The bucket with the object that the health check reads.'),
  key: z
    .string()
    .max(900)
    .regex(/^[A-Za-z0-9!_.'()/-]+$/u, 'the key of an object, of letters, digits and !_.()/-')
    .describe('The object that the health check reads, by its key.'),
  object: z
    .enum(['present', 'absent'])
    .default('present')
    .describe('What leads clients to the target: with an inverted health check of the source, the object is there.'),
  url: z
    .url({ protocol: /^https?$/u })
    .optional()
    .describe('Where the health check reads it. Default: the HTTPS address that S3 gives it.'),
  within: z
    .int()
    .min(10)
    .max(3_600)
    .default(180)
    .describe(
      'Interval of the health check times its threshold, and the TTL of the records: for so long clients may still go elsewhere, seconds.',
    ),
  answers: answers.optional().describe('What resolvers answer afterwards. Without it nobody has seen that the health check has turned.'),
});
const output = z.object({
  object: z.enum(['present', 'absent']).describe('How the object stands, as the health check reads it.'),
  answered: z.boolean().describe('Whether all resolvers were seen to answer with the target.'),
  'clients-by': z.string().describe('When the last client that heeds the TTL goes to the target, ISO time.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

/** Whose object it is, in its metadata. */
const owner = 'lifeboat-key';

export default step({
  name: 'route53.switch',
  summary: 'Leads clients to another site by an object that the health check of their failover records reads, without changing any record.',
  effect: 'change',
  expected: 120_000,
  timeout: '30 minutes',
  retry: { times: 5, wait: '2 seconds' },
  input,
  output,
  example: {
    site: 'us-west-2',
    bucket: 'example-switch',
    key: 'shop/serve-from-west',
    object: 'present',
    within: 150,
    answers: { record: 'shop.example.com', type: 'A', values: ['192.0.2.10'], resolvers: ['192.0.2.53'] },
  },
  permissions: ['Anyone may read the object over HTTPS, as the health checkers of Route 53 do: a bucket policy says so.'],
  iam: {
    preflight: ['sts:GetCallerIdentity', 's3:ListBucket', 's3:GetObject'],
    execute: ['sts:GetCallerIdentity', 's3:ListBucket', 's3:GetObject', 's3:PutObject', 's3:PutObjectTagging', 's3:DeleteObject'],
    rehearse: ['sts:GetCallerIdentity', 's3:ListBucket', 's3:GetObject', 's3:PutObject', 's3:PutObjectTagging', 's3:DeleteObject'],
    undo: ['sts:GetCallerIdentity', 's3:ListBucket', 's3:GetObject', 's3:DeleteObject'],
  },

  async preflight(wanted, context) {
    await account(wanted.site, context);
    const there = (await head(wanted, context)) !== undefined;
    const seen = await asChecked(urlOf(wanted, context), context);
    if (seen !== there) throw notReadable(wanted, there);
    for (const resolver of wanted.answers?.resolvers ?? []) {
      const { error } = await askServer(resolver, wanted.answers!.record, wanted.answers!.type);
      if (error !== undefined) throw new StepError('resolver-silent', `The resolver ${resolver} cannot be asked: ${error}.`, 'person');
    }
    return [`${wanted.key} in ${wanted.bucket} at ${wanted.site} is ${there ? 'present' : 'absent'}, and the health check reads it so.`];
  },

  async execute(wanted, context) {
    await turn(wanted, context);
    await beating(context, seenBy(wanted, context));
  },

  async verify(wanted, context) {
    const stands = await standing(wanted, context);
    if (stands !== wanted.object)
      throw new StepError('not-switched', `${wanted.key} in ${wanted.bucket} is ${stands}, as the health check reads it.`);
    const answered = wanted.answers !== undefined;
    const other = await elsewhere(wanted.answers);
    if (other) throw other;
    const by = new Date(answered ? Date.now() : Date.parse(await since(wanted, context)) + wanted.within * 1_000).toISOString();
    return outcome(wanted, { object: stands, answered, 'clients-by': by });
  },

  async rehearse(wanted, context) {
    rehearsalOnly(context);
    const own = rehearsed(wanted, context);
    await turn(own, context);
    // A bucket policy may name one object alone.
    const read = await asChecked(urlOf(own, context), context);
    await turn({ ...own, object: 'absent' }, context);
    const done = outcome(wanted, { object: 'present', answered: false, 'clients-by': new Date().toISOString() });
    return {
      ...done,
      evidence: [`An object of its own, ${own.key}, was put there${read ? ', read as a health check does,' : ''} and removed.`],
    };
  },

  async sweep(wanted, context) {
    const own = rehearsed(wanted, context);
    if ((await head(own, context)) === undefined) return [];
    await turn({ ...own, object: 'absent' }, context);
    if ((await head(own, context)) === undefined) return [`${own.key} in ${own.bucket} is no more.`];
    throw new StepError('not-swept', `${own.key} in ${own.bucket} at ${own.site} is still there.`, 'later', 2_000);
  },

  async undo(wanted, context) {
    const there = await head(wanted, context);
    const name = `${wanted.key} in ${wanted.bucket} at ${wanted.site}`;
    if (wanted.object === 'present') {
      if (there === undefined) return [`${name} is absent: nothing was switched.`];
      if (there.Metadata?.[owner] !== context.key) return [`${name} was not put there by this step: it stays.`];
      await turn({ ...wanted, object: 'absent' }, context);
      return [`${name} is absent again.`];
    }
    if (there !== undefined) return [`${name} is still present: nothing was switched.`];
    throw new StepError(
      'not-undone',
      `${name} is absent, and whether this step removed it is not known: if it did, put it there again.`,
      'person',
    );
  },
});

/** An object that no health check reads, and that only this step of this run puts there. */
function rehearsed(wanted: Input, context: StepContext): Input {
  const { url: _, answers: __, ...rest } = wanted;
  return { ...rest, object: 'present', key: `${nameFor(context, 'lifeboat-rehearsal')}/${wanted.key}` };
}

async function turn(wanted: Input, context: StepContext): Promise<void> {
  const { site, bucket, key, object } = wanted;
  const there = await head(wanted, context);
  if ((there !== undefined) === (object === 'present')) return;
  const s3 = await service('s3', site, context);
  await mayChange(site, context);
  if (object === 'absent') {
    await s3.deleteObject({ Bucket: bucket, Key: key });
    return;
  }
  const tags = Object.fromEntries(tagsFor(context).map(({ Key, Value }) => [Key, Value]));
  const put = s3.putObject({
    Bucket: bucket,
    Key: key,
    Body: `Clients are led to ${site} by ${context.run.workflowId}.\n`,
    ContentType: 'text/plain',
    CacheControl: 'no-store',
    Metadata: { [owner]: context.key },
    Tagging: new URLSearchParams(tags).toString(),
    // Another's is left as it is.
    IfNoneMatch: '*',
  });
  await put.catch((error: unknown) => {
    if (!isAws(error, 'PreconditionFailed')) throw error;
  });
}

/** Waits until it reads so from outside and, where there are resolvers to ask, until they lead to the target. */
async function seenBy(wanted: Input, context: StepContext): Promise<void> {
  const deadline = Date.now() + (wanted.within + 60) * 1_000;
  for (;;) {
    const stands = await standing(wanted, context);
    const other = stands === wanted.object ? await elsewhere(wanted.answers) : undefined;
    if (stands === wanted.object && other === undefined) return;
    if (Date.now() > deadline) throw other ?? notReadable(wanted, wanted.object === 'present');
    await context.sleep(1_000);
  }
}

async function standing(wanted: Input, context: StepContext): Promise<'present' | 'absent'> {
  return (await asChecked(urlOf(wanted, context), context)) ? 'present' : 'absent';
}

/** Since when it stands so: an object says it itself. */
async function since(wanted: Input, context: StepContext): Promise<string> {
  const there = await head(wanted, context);
  return (there?.LastModified ?? new Date()).toISOString();
}

function outcome(wanted: Input, outputs: Output): Outcome<Output> {
  const led = outputs.answered
    ? `${wanted.answers!.record} is answered with ${wanted.answers!.values.join(', ')} by ${wanted.answers!.resolvers.join(', ')}.`
    : `Whether the health check has turned was not asked, for that needs another region; clients follow by ${outputs['clients-by']}.`;
  return {
    outputs,
    evidence: [`${wanted.key} in ${wanted.bucket} at ${wanted.site} is ${outputs.object}, read as a health check reads it.`, led],
  };
}

function notReadable({ key, bucket }: Input, there: boolean): StepError {
  return new StepError(
    'switch-not-readable',
    `${key} in ${bucket} is ${there ? 'present' : 'absent'}, and from outside it reads ${there ? 'absent' : 'present'}: a bucket policy must let anyone read it, and the URL must be that of the health check.`,
    'person',
  );
}
