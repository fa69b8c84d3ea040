import type { DBInstance } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { mustBeRehearsals } from '../aws/of-rehearsal.ts';
import { tagOf } from '../aws/tags.ts';
import { waitFor } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import { refusePending } from '../fence/refuse-pending.ts';
import { beating, note, noted } from '../note.ts';
import { holding, isFresh } from '../postgres/hold.ts';
import { acceptsWrites } from '../postgres/writes.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step, type Outcome, type Proof, type StepContext } from '../step.ts';
import { answers } from './answers.ts';
import { hasEverything } from './caught-up.ts';
import { onDatabase, type Place } from './connect.ts';
import { readDatabase, setTags } from './database.ts';
import { rdsId, siteField } from './fields.ts';
import { isolationOf } from './isolation.ts';
import { instances } from './kinds.ts';
import { lagSamples } from './lag.ts';
import { findInstance, readInstance } from './read.ts';
import { roleOf } from './role.ts';
import { isReplicaOf, sourceOf } from './source.ts';

/** On what a run promotes, before it does: of whom it was the replica. */
const promotedFrom = 'lifeboat:promoted-from';
/** How long a promotion usually takes, milliseconds. */
const expected = 300_000;
/** What can only be known before. */
const learnt = z.object({ lag: z.number().nullable(), lsn: z.string().nullable(), how: z.string() });

const input = z.object({
  site: siteField,
  id: rdsId('The replica that becomes primary, by its identifier.'),
  source: rdsId('Its source at the source site, by its identifier. Default: the member there that the inventory names.').optional(),
});
const output = z.object({
  'promoted-at': z.string().describe('When it was seen to be a primary, ISO time.'),
  lag: z
    .number()
    .nullable()
    .describe('By how much it was behind when it was promoted, as far as that was known, milliseconds; null where it was not.'),
  lsn: z
    .string()
    .nullable()
    .describe('Position in the write-ahead log of the first write that this step saw accepted; null where there is no login.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

export default step({
  name: 'rds.promote',
  summary:
    'Promotes a read replica of RDS once the old primary is proven unable to write, and reads back that it follows nobody and takes writes.',
  effect: 'change',
  requires: ['fence', 'shutdown'],
  commits: true,
  promotes: true,
  member: true,
  expected,
  timeout: '30 minutes',
  retry: { times: 5, wait: '2 seconds' },
  input,
  output,
  example: { site: 'us-west-2', id: 'shop-db-west' },
  permissions: [
    "Where the inventory gives `rds.login`: that login at the replica, with the role pg_monitor, and TCP from the worker to the database's port.",
  ],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'rds:DescribeDBInstances', 'cloudwatch:GetMetricData'],
    execute: [
      'sts:GetCallerIdentity',
      'rds:DescribeDBInstances',
      'rds:DescribeDBClusters',
      'rds:AddTagsToResource',
      'rds:PromoteReadReplica',
      'cloudwatch:GetMetricData',
      'ec2:DescribeSecurityGroups',
    ],
    rehearse: ['sts:GetCallerIdentity', 'rds:DescribeDBInstances', 'rds:PromoteReadReplica'],
  },

  async preflight({ site, id, source }, context) {
    await account(site, context);
    if (!context.run.live) return [await ofCopy({ site, id }, context)];
    const replica = await readInstance(site, id, context);
    if (!sourceOf(replica)) return [`${id} at ${site} is a primary already, and ${replica.DBInstanceStatus}.`];
    const from = oldPrimary(source, context);
    mustFollow(replica, from, { site, id }, context);
    const [sample] = await lagSamples({ site, id }, false, context);
    return [
      `${id} at ${site} is a replica of ${sourceOf(replica)}, ${replica.DBInstanceStatus}; ${sample ? `it was ${sample.lag / 1_000} s behind at ${new Date(sample.at).toISOString()}` : 'CloudWatch has no lag of it'}.`,
    ];
  },

  async execute({ site, id, source }, context) {
    const here = { site, id };
    const from = oldPrimary(source, context);
    await refusePending(site, context);
    await account(site, context);
    const proof = await beating(context, holding(context, nameOf(from)));
    const replica = await settled(here, context);
    if (!sourceOf(replica)) return adopt(replica, from, here);
    mustFollow(replica, from, here, context);
    note(context, await learn(here, from, proof, context));
    // Without it, a primary that a later attempt finds could be anybody's.
    await setTags({ arn: replica.DBInstanceArn!, site }, [{ Key: promotedFrom, Value: nameOf(from) }], context);
    const again = await beating(context, holding(context, nameOf(from)));
    await mayChange(site, context);
    if (!isFresh(again))
      throw new StepError('proof-stale', `The proof of ${again.by} is older than 5 s: it is read again before ${id} is promoted.`);
    await promote(here, context);
  },

  verify: (wanted, context) => verified(wanted, context),

  async rehearse({ site, id }, context): Promise<Outcome<Output>> {
    rehearsalOnly(context);
    const here = { site, id };
    await account(site, context);
    const copy = await settled(here, context);
    mustBeRehearsals(`${id} at ${site}`, copy.TagList, context);
    const followed = sourceOf(copy);
    if (followed) {
      await mayChange(site, context);
      await promote(here, context);
    }
    const outcome = await written(here, context);
    const how = followed
      ? `It was promoted from being a replica of ${followed}.`
      : 'It was restored and followed nobody: how long RDS takes to promote a replica, only a live exercise proves.';
    return { ...outcome, evidence: [...outcome.evidence, how] };
  },

  undo: { none: 'A promoted replica has left its source for good: rds.replica makes a new one.' },
});

/** A step before this one makes the copy. */
async function ofCopy({ site, id }: Place, context: StepContext): Promise<string> {
  const copy = await findInstance(site, id, context);
  if (!copy) return `${id} is not at ${site} yet.`;
  mustBeRehearsals(`${id} at ${site}`, copy.TagList, context);
  return `${id} at ${site} is a copy that a rehearsal made, and ${copy.DBInstanceStatus}.`;
}

async function promote({ site, id }: Place, context: StepContext): Promise<void> {
  const rds = await service('rds', site, context);
  await rds.promoteReadReplica({ DBInstanceIdentifier: id });
  const ready = (one: DBInstance): boolean => !sourceOf(one) && one.DBInstanceStatus === 'available';
  await waitFor({ kind: instances, id, site, expected, ready }, context);
}

/** What is known of the loss, and in a planned run that there is none. */
async function learn(here: Place, from: Place, proof: Proof, context: StepContext): Promise<z.infer<typeof learnt>> {
  if (context.run.mode === 'planned') {
    // A proof that is read again is younger than what it proves.
    const since = proof.by === 'rds.isolate' ? (await isolationOf(await readDatabase(from, context), context)).since : proof.at;
    const { text, lsn } = await beating(context, hasEverything(here, Date.parse(since), context));
    return { lag: 0, lsn, how: text };
  }
  const [sample] = await lagSamples(here, false, context).catch(() => []);
  if (!sample) return { lag: null, lsn: null, how: `By how much ${here.id} was behind was not known when it was promoted.` };
  return {
    lag: sample.lag,
    lsn: null,
    how: `${here.id} was ${sample.lag / 1_000} s behind at ${new Date(sample.at).toISOString()}, as CloudWatch says.`,
  };
}

async function verified({ site, id, source }: Input, context: StepContext): Promise<Outcome<Output>> {
  const from = oldPrimary(source, context);
  const [{ outputs, evidence }, old] = await Promise.all([written({ site, id }, context), refuses(from, context)]);
  const known = noted(context, learnt);
  return {
    outputs: { ...outputs, lag: known?.lag ?? null },
    evidence: [...evidence, old, ...(known ? [known.how] : [])],
  };
}

/** It follows nobody, and takes writes where one may try. */
async function written(here: Place, context: StepContext): Promise<Outcome<Output>> {
  const { site, id } = here;
  const now = await readInstance(site, id, context);
  if (sourceOf(now) || now.DBInstanceStatus !== 'available')
    throw new StepError(
      'not-promoted',
      `${id} at ${site} is ${now.DBInstanceStatus}, and ${sourceOf(now) ? `still a replica of ${sourceOf(now)}` : 'no replica any more'}.`,
    );
  const is = `${id} at ${site} is available and a replica of nobody.`;
  const at = new Date().toISOString();
  if (!context.system.rds?.login)
    return {
      outputs: { 'promoted-at': at, lag: null, lsn: null },
      evidence: [is, 'Whether it takes writes was not tried: the inventory gives no `rds.login`.'],
    };
  const write = await onDatabase(here, context, (query) => acceptsWrites(query, `${site}/${id}`));
  return {
    outputs: { 'promoted-at': write.at, lag: null, lsn: write.lsn },
    evidence: [is, `A write was committed and flushed there at ${write.lsn}.`],
  };
}

/** What the old primary says of itself. Silence is shown; a second primary that answers is refused. */
async function refuses(from: Place, context: StepContext): Promise<string> {
  const role = await roleOf(from, undefined, context).catch((error: Error) => error);
  if (role instanceof Error) return `The old primary's region does not say what ${from.id} is: ${role.message}`;
  if (role.is !== 'primary') return role.text;
  const seen = await answers(await readDatabase(from, context), context);
  if (!seen?.greets) return `${role.text} It does not answer ${context.viewpoint}${seen ? ` at ${seen.where} (${seen.text})` : ''}.`;
  throw new StepError(
    'two-primaries',
    `${role.text} It answers ${context.viewpoint} at ${seen.where}: there are two primaries. Cut one off at once (rds.isolate); what both have written must be compared.`,
    'person',
  );
}

/** Once nothing else is done to it: only then RDS promotes it. */
async function settled({ site, id }: Place, context: StepContext): Promise<DBInstance> {
  await readInstance(site, id, context);
  return waitFor({ kind: instances, id, site, expected: 30_000, ready: (one) => one.DBInstanceStatus === 'available' }, context);
}

function adopt({ TagList }: DBInstance, from: Place, { site, id }: Place): void {
  if (tagOf(TagList, promotedFrom) === nameOf(from)) return;
  throw new StepError(
    'not-a-replica',
    `${id} at ${site} is a replica of nobody, and no run has promoted it from ${nameOf(from)}: is it the right one? If people promoted it, say that the step is done by hand.`,
    'person',
  );
}

function mustFollow(replica: DBInstance, from: Place, { site, id }: Place, context: StepContext): void {
  if (isReplicaOf(replica, site, from, context)) return;
  throw new StepError(
    'replica-of-another',
    `${id} at ${site} is a replica of ${sourceOf(replica)}, not of ${nameOf(from)}: what is proven of ${nameOf(from)} says nothing of it. Nothing was promoted.`,
    'mistake',
  );
}

function oldPrimary(id: string | undefined, context: StepContext): Place {
  const { site } = context.source;
  const named = id ?? context.system.rds?.members[site]?.toLowerCase();
  if (named !== undefined) return { site, id: named };
  throw new StepError('no-source', `The inventory names no database of ${context.system.name} at ${site}: give the \`source\`.`, 'mistake');
}

function nameOf({ site, id }: Place): string {
  return `${site}/${id}`;
}
