import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { nameFor } from '../aws/token.ts';
import { waitFor } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import { siteName } from '../fields.ts';
import { noteAlso, noted } from '../note.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { recordName, setIdentifier, weight, zoneId } from './fields.ts';
import { changes, readPair, recordsOf, swap, ttlOf, type Pair, type Place } from './records.ts';
import { shown, turnOf } from './turn.ts';

const weights = (description: string) =>
  z.object({ from: weight('Of the first record, 0 to 255.'), to: weight('Of the second record, 0 to 255.') }).describe(description);
const input = z
  .object({
    site: siteName('The AWS site that carries it out: its account has the zone.'),
    zone: zoneId(),
    record: recordName('The name whose records are shifted, such as shop.example.com.'),
    type: z.enum(['A', 'AAAA', 'CNAME']).default('CNAME').describe('Type of the records.'),
    from: setIdentifier('Set identifier of the record that clients are led to now.'),
    to: setIdentifier('Set identifier of the record that they are led to afterwards.'),
    was: weights('Weights as they must be before. Default: one of the two is 0.').optional(),
    weights: weights('Weights as they are afterwards; needs `was`. Default: those of before, exchanged.').optional(),
  })
  .refine(({ from, to }) => from !== to, 'from and to are the same record')
  .refine((given) => (given.was === undefined) === (given.weights === undefined), '`was` and `weights` go together');
const output = z.object({
  records: z.string().describe('How the two records stand, in one line.'),
  'in-sync': z.boolean().describe('Whether all name servers of Route 53 were seen to answer so.'),
  ttl: z.int().describe('For how long a resolver may keep the answer of before, seconds.'),
  'clients-by': z.string().describe('When the last resolver that heeds the TTL has let go of the answer of before, ISO time.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

/** The change, so that it is waited for by a later attempt too; when it was seen in sync, milliseconds since 1970. */
const made = z.object({ change: z.string(), synced: z.number().optional() });

export default step({
  name: 'route53.shift',
  summary: 'Leads clients to another site by the weighted or failover records of a name, and waits until all name servers answer so.',
  effect: 'change',
  leansOn: 'us-east-1',
  expected: 60_000,
  timeout: '30 minutes',
  retry: { times: 5, wait: '2 seconds' },
  input,
  output,
  example: { site: 'us-west-2', zone: 'Z0123456789ABCDEF', record: 'shop.example.com', type: 'CNAME', from: 'us-east-1', to: 'us-west-2' },
  permissions: [],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'route53:ListResourceRecordSets'],
    execute: ['sts:GetCallerIdentity', 'route53:ListResourceRecordSets', 'route53:ChangeResourceRecordSets', 'route53:GetChange'],
    rehearse: ['sts:GetCallerIdentity', 'route53:ListResourceRecordSets', 'route53:ChangeResourceRecordSets', 'route53:GetChange'],
    undo: ['sts:GetCallerIdentity', 'route53:ListResourceRecordSets', 'route53:ChangeResourceRecordSets', 'route53:GetChange'],
  },

  async preflight(wanted, context) {
    await account(wanted.site, context);
    const pair = await readPair(wanted, context);
    const { shifted, other } = turnOf(pair, wanted, wanted.record);
    return [
      `${wanted.record} stands at ${shown(pair)}; ${shifted ? 'it is shifted already' : `it becomes ${shown(other)}`}. Resolvers keep an answer for ${Math.max(ttlOf(pair.from), ttlOf(pair.to))} s.`,
    ];
  },

  execute: (wanted, context) => shift(wanted, true, context),
  verify: (wanted, context) => shifted(wanted, context),

  async rehearse(wanted, context): Promise<Outcome<Output>> {
    rehearsalOnly(context);
    const own = rehearsed(wanted, context);
    await copyTo(own, await readPair(wanted, context), context);
    await shift(own, true, context);
    const outcome = await shifted(own, context);
    await remove(own, context);
    return { ...outcome, evidence: [`Done with copies of both records under ${own.record}, which were removed.`, ...outcome.evidence] };
  },

  sweep: (wanted, context) => remove(rehearsed(wanted, context), context),

  async undo(wanted, context) {
    const { shifted: done } = turnOf(await readPair(wanted, context), wanted, wanted.record);
    if (!done) return [`${wanted.record} leads to ${wanted.from}: nothing was shifted.`];
    await shift(wanted, false, context);
    return [`${wanted.record} leads to ${wanted.from} again.`];
  },
});

async function shift(wanted: Input, forth: boolean, context: StepContext): Promise<void> {
  const pair = await readPair(wanted, context);
  const turn = turnOf(pair, wanted, wanted.record);
  const known = noted(context, made);
  if (turn.shifted === forth && known) return inSync(wanted.site, known.change, context);
  // Where an earlier attempt's answer was lost it left no change to wait for: the same records written again do, and alter nothing.
  const after = turn.shifted === forth ? pair : turn.other;
  const change = await swap(wanted, pair, after, context);
  noteAlso(context, { change });
  await inSync(wanted.site, change, context);
}

async function inSync(site: string, change: string, context: StepContext): Promise<void> {
  await waitFor({ kind: changes, id: change, site, expected: 60_000, ready: (state) => state === 'INSYNC' }, context);
  noteAlso(context, { change, synced: Date.now() });
}

async function shifted(wanted: Input, context: StepContext): Promise<Outcome<Output>> {
  const pair = await readPair(wanted, context);
  if (!turnOf(pair, wanted, wanted.record).shifted) throw new StepError('not-shifted', `${wanted.record} still stands at ${shown(pair)}.`);
  const synced = noted(context, made)?.synced;
  const ttl = Math.max(ttlOf(pair.from), ttlOf(pair.to));
  const by = new Date((synced ?? Date.now()) + ttl * 1_000).toISOString();
  return {
    outputs: { records: shown(pair), 'in-sync': synced !== undefined, ttl, 'clients-by': by },
    evidence: [
      `${wanted.record} stands at ${shown(pair)}${synced === undefined ? '' : ', and all name servers of Route 53 answer so'}.`,
      `Resolvers that heed the TTL of ${ttl} s have let go of the answer of before by ${by}.`,
    ],
  };
}

/** The same under a name that no client uses, and that only this step of this run gives. */
function rehearsed(wanted: Input, context: StepContext): Input {
  return { ...wanted, record: `${nameFor(context, 'lifeboat-rehearsal')}.${wanted.record}` };
}

/** Records of the rehearsal's own name, as the real ones are. */
async function copyTo(own: Place, { from, to }: Pair, context: StepContext): Promise<void> {
  await change(
    own,
    'UPSERT',
    [from, to].map((record) => ({ ...record, Name: own.record })),
    context,
  );
}

async function remove(own: Place, context: StepContext): Promise<readonly string[]> {
  const there = await recordsOf(own, context);
  if (there.length === 0) return [];
  await change(own, 'DELETE', there, context);
  const left = await recordsOf(own, context);
  if (left.length === 0) return [`The ${there.length} records ${own.record} ${own.type} are no more.`];
  throw new StepError('not-swept', `${own.record} ${own.type} in zone ${own.zone} still has ${left.length} records.`, 'later', 2_000);
}

async function change({ site, zone }: Place, Action: 'UPSERT' | 'DELETE', records: readonly ResourceRecordSet[], context: StepContext) {
  const route53 = await service('route53', site, context);
  await mayChange(site, context);
  const Changes = records.map((ResourceRecordSet) => ({ Action, ResourceRecordSet }));
  await route53.changeResourceRecordSets({ HostedZoneId: zone, ChangeBatch: { Changes } });
}
