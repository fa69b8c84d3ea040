import { z } from 'zod';
import { account } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { StepError } from '../error.ts';
import { siteName } from '../fields.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { named, secretValue } from './value.ts';

const day = 24 * 3_600_000;
const input = z.object({
  site: siteName('The AWS site at which the secrets are read, by its name in the inventory.'),
  secrets: z
    .array(z.string().regex(/^[A-Za-z0-9/_+=.@:-]{1,512}(?:#[^#]{1,256})?$/u, 'a name or ARN, with #FIELD for a field of a JSON object'))
    .min(1)
    .max(50)
    .describe('The secrets, by name or ARN; NAME#FIELD is a field of a JSON object.'),
  'max-age': z.int().min(1).max(3_650).describe('How old a value may be, days. Default: any age.').optional(),
});
const seen = z.object({
  name: z.string().describe('The secret, as it was asked for.'),
  age: z.number().nullable().describe('For how long it has had its value, days; null where AWS does not say.'),
  replica: z.boolean().describe('Whether it is a replica, whose original is in another region.'),
  replicas: z.array(z.string()).describe('Replicas of it that are in sync, by region.'),
});
const output = z.object({ secrets: z.array(seen).describe('What was seen of each secret, in the order of the input; never its value.') });
type Input = z.infer<typeof input>;
type Seen = z.infer<typeof seen>;
const actions = ['sts:GetCallerIdentity', 'secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'];

export default step({
  name: 'secrets.check',
  summary: 'Checks that the secrets which a system needs can be read at a site, how old they are, and that their replicas are in sync.',
  effect: 'read',
  expected: 1_000,
  timeout: '1 minute',
  retry: { times: 3, wait: '1 second' },
  input,
  output,
  example: { site: 'us-west-2', secrets: ['shop/database#password'], 'max-age': 90 },
  permissions: ['Use of the key of each secret (kms:Decrypt), where that is not the one of AWS.'],
  iam: { preflight: actions, execute: actions, rehearse: actions },

  async preflight(wanted, context) {
    return (await check(wanted, context)).map((one) => sentence(one, wanted.site));
  },
  async execute() {},
  verify: (wanted, context) => checked(wanted, context),
  proves: true,
  rehearse: (wanted, context) => checked(wanted, context),
  undo: { none: 'It only reads.' },
});

async function checked(wanted: Input, context: StepContext): Promise<Outcome<z.infer<typeof output>>> {
  const secrets = await check(wanted, context);
  return { outputs: { secrets }, evidence: secrets.map((one) => sentence(one, wanted.site)) };
}

/** Looks at all of them before it says what is wrong. */
async function check({ site, secrets, 'max-age': oldest }: Input, context: StepContext): Promise<Seen[]> {
  await account(site, context);
  const found: Seen[] = [];
  const wrong: StepError[] = [];
  for (const name of secrets)
    try {
      const one = await look(name, site, context);
      if (oldest !== undefined && (one.age ?? Infinity) > oldest)
        throw new StepError(
          'secret-old',
          `the secret ${name} at ${site} has had its value for ${one.age ?? 'unknown'} days, more than ${oldest}`,
          'person',
        );
      found.push(one);
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      wrong.push(error);
    }
  const [first] = wrong;
  if (first === undefined) return found;
  const { code, remedy, delay } = wrong.find((one) => one.remedy === 'person' || one.remedy === 'mistake') ?? first;
  throw new StepError(code, wrong.map(({ message }) => message).join('; '), remedy, delay);
}

async function look(name: string, site: string, context: StepContext): Promise<Seen> {
  const secret = named(name);
  const secrets = await service('secrets', site, context);
  const described = await secrets.describeSecret({ SecretId: secret.id });
  if (described.DeletedDate !== undefined)
    throw new StepError(
      'secret-missing',
      `the secret ${name} at ${site} is marked for deletion on ${described.DeletedDate.toISOString()}`,
      'person',
    );
  // Only whether it can be read: the value goes nowhere.
  await secretValue(secret, site, context);
  const all = described.ReplicationStatus ?? [];
  const behind = all.filter(({ Status }) => Status !== 'InSync');
  if (behind.length > 0) {
    const list = behind.map(({ Region, Status }) => `${Region} (${Status})`).join(', ');
    throw new StepError('secret-not-replicated', `replicas of the secret ${name} at ${site} are not in sync: ${list}`, 'person');
  }
  const changed = described.LastChangedDate ?? described.CreatedDate;
  return {
    name,
    age: changed === undefined ? null : Math.max(0, Math.floor((Date.now() - changed.getTime()) / day)),
    replica: described.PrimaryRegion !== undefined && described.PrimaryRegion !== context.aws(site).region,
    replicas: all.flatMap(({ Region }) => Region ?? []),
  };
}

function sentence({ name, age, replica, replicas }: Seen, site: string): string {
  const also = replicas.length > 0 ? `, and its replicas are in sync: ${replicas.join(', ')}` : '';
  return `The secret ${name} can be read at ${site}${replica ? ', as a replica' : ''}; its value is ${age ?? 'an unknown number of'} days old${also}.`;
}
