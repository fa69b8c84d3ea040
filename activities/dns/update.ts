import { z } from 'zod';
import { StepError } from '../error.ts';
import { beating, note, noted } from '../note.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { askServer, type Answer } from './ask.ts';
import { canonical, domain, fits, server } from './fields.ts';
import { mayUpdate, swap } from './nsupdate.ts';

/** How long resolvers may take to give the new answer beyond the old one's time to live, seconds. */
const margin = 5;

const input = z
  .object({
    name: domain('The name whose record is changed, whole: `db.orders.example`.'),
    type: z.enum(['A', 'AAAA', 'CNAME']).default('A').describe('The type of the record.'),
    value: z.string().max(253).describe('The new value: an address, or for CNAME a name.'),
    from: z
      .string()
      .max(253)
      .optional()
      .describe('The value that it must have now. Default: the one that the server has when the step begins.'),
    zone: domain('The zone that the name is in.'),
    server: server("The zone's primary name server, which takes the update: ADDRESS or ADDRESS:PORT."),
    ttl: z.int().min(1).max(86_400).default(5).describe('How long resolvers may keep the new answer, seconds.'),
    key: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,253}$/)
      .describe('Name of the TSIG key that signs the update.'),
    algorithm: z.enum(['hmac-sha256', 'hmac-sha384', 'hmac-sha512']).default('hmac-sha256').describe('Algorithm of the TSIG key.'),
    secret: z
      .string()
      .regex(/^(env|file):./)
      .describe('The secret of the TSIG key by reference, `env:NAME` or `file:PATH`: base64, or a key file of BIND.'),
    resolvers: z
      .array(server('A resolver.'))
      .min(2)
      .max(20)
      .describe('Resolvers that must give the new answer, at different places: ADDRESS or ADDRESS:PORT each.'),
  })
  .refine(({ type, value, from }) => fits(type, value) && (from === undefined || fits(type, from)), 'the value is not one of that type')
  .refine(({ name, zone }) => name === zone || name.endsWith(`.${zone}`), 'the name is not in the zone')
  .refine(({ resolvers }) => new Set(resolvers).size === resolvers.length, 'a resolver is named twice');
type Input = z.output<typeof input>;

const output = z.object({
  old: z.string().nullable().describe('The value before; null: not known any more, because another attempt had changed it.'),
  ttl: z.int().describe('How long resolvers may keep the new answer, seconds.'),
  'settled-at': z.string().describe('When every resolver gave the new answer, ISO time.'),
  'clients-by': z
    .string()
    .describe(
      'When the last client that had just asked for the old answer must have asked anew, ISO time: the change and the old time to live.',
    ),
});
/** What was there before the change, and when it was changed. */
const before = z.object({ old: z.string().nullable(), oldTtl: z.number().nullable(), changedAt: z.string().nullable() });

export default step({
  name: 'dns.update',
  summary:
    'Changes a record at its name server, signed and only if it still has the expected value, and waits until every resolver gives the new one.',
  effect: 'change',
  at: 'target',
  expected: 6_000,
  timeout: '2 minutes',
  retry: { times: 2, wait: '1 second' },
  input,
  output,
  example: {
    name: 'db.orders.example',
    type: 'A',
    value: '10.77.2.11',
    from: '10.77.1.11',
    zone: 'orders.example',
    server: '10.77.0.3',
    ttl: 5,
    key: 'lifeboat',
    algorithm: 'hmac-sha256',
    secret: 'file:/etc/lifeboat/tsig.key',
    resolvers: ['10.77.1.12', '10.77.2.12'],
  },
  permissions: [
    "A TSIG key that the zone's `update-policy` grants that name and type, and nothing more.",
    "DNS from the target site to the zone's primary name server and to the resolvers; nsupdate on the worker's machine.",
  ],

  async preflight(wanted, context) {
    const [at, ...resolvers] = await Promise.all([
      authoritative(wanted),
      ...wanted.resolvers.map((one) => askServer(one, wanted.name, wanted.type)),
      mayUpdate(wanted, context),
    ]);
    const ttl = at.ttl === null ? '' : `, to be kept for ${at.ttl} s`;
    const sentences = [`${wanted.server} says that ${wanted.name} is ${list(at.values)}${ttl}.`];
    if (at.values.length > 1) throw several(wanted, at);
    const from = wanted.from === undefined ? undefined : canonical(wanted.type, wanted.from);
    if (from !== undefined && ![from, goal(wanted)].includes(at.values[0] ?? ''))
      sentences.push(`It should be ${from}: as things are, the update would be refused.`);
    return [...sentences, ...resolvers.filter((one): one is Answer => one !== undefined).map((one) => sentence(one, wanted))];
  },

  async execute(wanted, context) {
    const to = goal(wanted);
    const at = await beating(context, authoritative(wanted));
    const known = noted(context, before);
    // Whoever changed it already, it is as it should be: it is adopted.
    if (at.values.length !== 1 || at.values[0] !== to) {
      const from = wanted.from === undefined ? at.values[0] : canonical(wanted.type, wanted.from);
      if (from === undefined) throw missing(wanted);
      if (at.values.length > 1) throw several(wanted, at);
      if (at.values[0] !== from) throw moved(wanted, from, at);
      note(context, { old: from, oldTtl: at.ttl, changedAt: null });
      await context.stillOurs();
      if ((await beating(context, swap({ ...wanted, from, to }, context))) === 'other-value') {
        const now = await authoritative(wanted);
        if (now.values[0] !== to) throw moved(wanted, from, now);
      }
      note(context, { old: from, oldTtl: at.ttl, changedAt: new Date().toISOString() });
    } else if (!known) note(context, { old: null, oldTtl: null, changedAt: null });
    await settle(wanted, noted(context, before)?.oldTtl ?? wanted.ttl, context);
  },

  verify: (wanted, context) => verified(wanted, context),

  rehearse: { none: 'The names that clients use are not changed for a rehearsal.' },

  async undo(wanted, context) {
    const old = wanted.from === undefined ? noted(context, before)?.old : canonical(wanted.type, wanted.from);
    const at = await authoritative(wanted);
    if (at.values.length === 1 && at.values[0] === old) return [`${wanted.name} is ${old}, as before.`];
    if (at.values.length !== 1 || at.values[0] !== goal(wanted))
      return [`${wanted.name} is ${list(at.values)}, which this step did not make so; it is left so.`];
    if (!old)
      throw new StepError(
        'dns-old-unknown',
        `${wanted.name} is ${goal(wanted)}, and what it was before is not known here: set it back by hand, and give the step \`from\` for another time.`,
        'person',
      );
    await context.stillOurs();
    await swap({ ...wanted, from: goal(wanted), to: old }, context);
    const now = await authoritative(wanted);
    if (now.values.length === 1 && now.values[0] === old) return [`${wanted.server} says that ${wanted.name} is ${old} again.`];
    throw moved(wanted, goal(wanted), now);
  },
});

function goal({ type, value }: Input): string {
  return canonical(type, value);
}

/** What the zone's primary itself says. */
async function authoritative({ server: primary, name, type }: Input): Promise<Answer> {
  const answer = await askServer(primary, name, type);
  if (answer.error === undefined) return answer;
  throw new StepError('dns-unreachable', `The name server ${primary} was asked for ${name}, and ${answer.error}.`);
}

/** Waits until every resolver gives the new answer, or the old one must have been forgotten. */
async function settle(wanted: Input, oldTtl: number, context: StepContext): Promise<void> {
  for (const until = Date.now() + (oldTtl + margin) * 1_000; Date.now() < until;) {
    const answers = await beating(context, Promise.all(wanted.resolvers.map((one) => askServer(one, wanted.name, wanted.type))));
    if (answers.every((answer) => gives(answer, wanted))) return;
    await context.sleep(200);
  }
}

async function verified(wanted: Input, context: StepContext): Promise<Outcome<z.output<typeof output>>> {
  const [at, ...answers] = await beating(
    context,
    Promise.all([authoritative(wanted), ...wanted.resolvers.map((one) => askServer(one, wanted.name, wanted.type))]),
  );
  const now = new Date();
  if (at.values.length !== 1 || at.values[0] !== goal(wanted))
    throw new StepError('dns-not-updated', `${wanted.server} says that ${wanted.name} is ${list(at.values)}, not ${goal(wanted)}.`);
  const late = answers.filter((answer) => !gives(answer, wanted));
  if (late.length > 0)
    throw new StepError(
      'dns-not-settled',
      `${wanted.name} is ${goal(wanted)} at ${wanted.server}, but not yet everywhere: ${late.map((one) => sentence(one, wanted)).join(' ')}`,
    );
  const known = noted(context, before);
  const changed = known?.changedAt ? Date.parse(known.changedAt) : now.getTime();
  return {
    outputs: {
      old: known?.old ?? null,
      ttl: at.ttl ?? wanted.ttl,
      'settled-at': now.toISOString(),
      'clients-by': new Date(Math.max(changed + (known?.oldTtl ?? wanted.ttl) * 1_000, now.getTime())).toISOString(),
    },
    evidence: [at, ...answers].map((one) => sentence(one, wanted)),
  };
}

function gives(answer: Answer, wanted: Input): boolean {
  return answer.values.length === 1 && answer.values[0] === goal(wanted);
}

function sentence({ server: asked, values, error }: Answer, { name }: Input): string {
  return error === undefined ? `${asked} says that ${name} is ${list(values)}.` : `${asked} was asked for ${name}, and ${error}.`;
}

function list(values: readonly string[]): string {
  return values.join(' and ') || 'nothing';
}

function moved(wanted: Input, from: string, { values }: Answer): StepError {
  return new StepError(
    'dns-moved-on',
    `${wanted.name} is ${list(values)} and not ${from}: somebody else has changed it, so nothing was. Find out who, then correct \`from\` or skip the step.`,
    'person',
  );
}

function several(wanted: Input, { values }: Answer): StepError {
  return new StepError(
    'dns-several',
    `${wanted.name} has ${values.length} values (${list(values)}): this step changes a name that has one.`,
    'mistake',
  );
}

function missing({ name, type, server: primary }: Input): StepError {
  return new StepError('dns-missing', `${primary} has no ${type} record of ${name}: create it first, then retry.`, 'person');
}
