import type { DBInstance } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { tag, tagOf, tagsFor } from '../aws/tags.ts';
import { waitFor } from '../aws/wait.ts';
import { days, keyName } from '../ec2/fields.ts';
import { StepError } from '../error.ts';
import { siteName } from '../fields.ts';
import { refusePending } from '../fence/refuse-pending.ts';
import { beating } from '../note.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { asideName, isAside, setAside, takeBack } from './aside.ts';
import type { Place } from './connect.ts';
import { rdsId, siteField } from './fields.ts';
import { usableKey } from './key.ts';
import { instances } from './kinds.ts';
import { lagSamples } from './lag.ts';
import { mayHold } from './quota.ts';
import { findInstance, readInstance } from './read.ts';
import { isReplicaOf, sourceOf } from './source.ts';

/** How long a new replica in another region usually takes, milliseconds: a snapshot, its copy, a restore. */
const expected = 1_800_000;

const input = z.object({
  site: siteField,
  id: rdsId('Identifier that the replica gets. Where an old primary that is isolated has it, that one is renamed and kept.'),
  from: siteName('The AWS site of the database that it follows, by its name in the inventory.'),
  source: rdsId('The database that it follows, by its identifier.'),
  subnets: z.string().min(1).max(255).describe('Name of the subnet group that it is put into.'),
  groups: z
    .array(z.string().regex(/^sg-[0-9a-f]{8,17}$/, 'the id of a security group'))
    .max(5)
    .default([])
    .describe('Ids of its security groups. Default: that of the VPC.'),
  key: keyName('The key of its own region that it is encrypted with. Needed where its source is encrypted.').optional(),
  class: z
    .string()
    .regex(/^db\.[a-z0-9-]+\.[a-z0-9]+$/, 'a class of RDS, such as db.m7g.large')
    .describe("Its class. Default: its source's.")
    .optional(),
  parameters: z.string().min(1).max(255).describe('Name of its parameter group. Default: that of RDS.').optional(),
  days: days('For how many days an old primary that was renamed is kept; ec2.cleanup removes it afterwards. Default: 90.').default(90),
});
type Input = z.infer<typeof input>;
const output = z.object({
  id: z.string().describe('Identifier of the replica.'),
  arn: z.string().describe('ARN of the replica.'),
  source: z.string().describe('ARN of the database that it follows.'),
  lag: z.number().nullable().describe('By how much it is behind, as CloudWatch says, milliseconds; null where that does not say it yet.'),
  aside: z.string().nullable().describe('Identifier that the old primary of this name has now; null where there was none.'),
});
type Output = z.infer<typeof output>;

export default step({
  name: 'rds.replica',
  summary:
    'Makes a read replica of a database of RDS in another region, unless there is one already, under the name of an old primary where one is isolated there, and waits until it replicates.',
  effect: 'change',
  protects: true,
  expected,
  timeout: '12 hours',
  retry: { times: 5, wait: '10 seconds' },
  input,
  output,
  example: {
    site: 'us-east-1',
    id: 'shop-db',
    from: 'us-west-2',
    source: 'shop-db-west',
    subnets: 'shop-db',
    groups: ['sg-0123456789abcdef0'],
    key: 'alias/shop',
    days: 90,
  },
  permissions: ["The action kms:CreateGrant on the key of the replica's region, with which RDS encrypts in the caller's name."],
  iam: {
    preflight: [
      'sts:GetCallerIdentity',
      'rds:DescribeDBInstances',
      'rds:DescribeDBSubnetGroups',
      'kms:DescribeKey',
      'servicequotas:GetServiceQuota',
    ],
    execute: [
      'sts:GetCallerIdentity',
      'rds:DescribeDBInstances',
      'rds:CreateDBInstanceReadReplica',
      'rds:AddTagsToResource',
      'rds:ModifyDBInstance',
      'ec2:DescribeSecurityGroups',
      'cloudwatch:GetMetricData',
    ],
    undo: [
      'sts:GetCallerIdentity',
      'rds:DescribeDBInstances',
      'rds:DeleteDBInstance',
      'rds:ModifyDBInstance',
      'rds:RemoveTagsFromResource',
    ],
  },
  iamAt: { from: ['rds:DescribeDBInstances'] },
  iamIf: { 'kms:DescribeKey': ['key'] },

  async preflight(wanted, context) {
    const { site, id, from, subnets, key } = wanted;
    mustBeElsewhere(wanted, context);
    await Promise.all([account(site, context), account(from, context)]);
    const source = await readInstance(from, wanted.source, context);
    mustBeFit(source, wanted);
    const [rds, holder, room] = await Promise.all([
      service('rds', site, context),
      findInstance(site, id, context),
      mayHold('instances', site, context),
    ]);
    const { DBSubnetGroups: [group] = [] } = await rds.describeDBSubnetGroups({ DBSubnetGroupName: subnets });
    return [
      `${wanted.source} at ${from} is ${source.DBInstanceStatus}, keeps backups for ${source.BackupRetentionPeriod} days, and may be followed.`,
      `The subnet group ${subnets} at ${site} is in ${group?.VpcId ?? 'no VPC'}.`,
      room,
      ...(key === undefined ? [] : [`The key ${await usableKey(key, site, context)} is enabled at ${site}.`]),
      holder
        ? `The name ${id} is held at ${site} by ${sourceOf(holder) ? `a replica of ${sourceOf(holder)}` : 'a primary: it is renamed and kept where it is isolated when the step begins, and else the step refuses'}.`
        : `The name ${id} is free at ${site}.`,
    ];
  },

  async execute(wanted, context) {
    const { site, id, from } = wanted;
    mustBeElsewhere(wanted, context);
    await Promise.all([refusePending(site, context), refusePending(from, context)]);
    await Promise.all([account(site, context), account(from, context)]);
    const holder = await findInstance(site, id, context);
    // One that follows it already does, whoever made it.
    if (!holder || !isReplicaOf(holder, site, { site: from, id: wanted.source }, context)) {
      if (holder && mine(holder, context) && !isAside(holder, context)) mustFollow(holder, wanted, context);
      if (holder) await setAside({ site, id }, holder, wanted.days * 86_400_000, context);
      const source = await readInstance(from, wanted.source, context);
      mustBeFit(source, wanted);
      if (sourceOf(source))
        throw new StepError(
          'source-is-replica',
          `${wanted.source} at ${from} is itself a replica of ${sourceOf(source)}: a replica of it protects nothing.`,
          'person',
        );
      await create(source, wanted, context);
    }
    await waitFor({ kind: instances, id, site, expected, ready: (one) => replicates(one, { site, id }) }, context);
  },

  verify: (wanted, context) => verified(wanted, context),

  rehearse: { none: 'A replica leans on the database in service, which a rehearsal leaves alone; rds.restore proves the copy.' },

  async undo({ site, id }, context) {
    const made = await findInstance(site, id, context);
    if (made && mine(made, context) && !isAside(made, context)) {
      if (!sourceOf(made)) return [`${id} at ${site} follows nobody any more: it was promoted, and is left alone.`];
      await remove({ site, id }, made, context);
    } else if (made && !isAside(made, context)) return [`${id} at ${site} was not made by this step, and is left alone.`];
    return [`There is no replica ${id} of this step at ${site}.`, ...(await takeBack({ site, id }, context))];
  },
});

async function create(source: DBInstance, { site, id, from, subnets, groups, key, ...wanted }: Input, context: StepContext): Promise<void> {
  const rds = await service('rds', site, context);
  await mayChange(site, context);
  try {
    await rds.createDBInstanceReadReplica({
      DBInstanceIdentifier: id,
      SourceDBInstanceIdentifier: source.DBInstanceArn!,
      DBInstanceClass: wanted.class ?? source.DBInstanceClass,
      DBSubnetGroupName: subnets,
      PubliclyAccessible: false,
      ...(groups.length === 0 ? {} : { VpcSecurityGroupIds: [...groups] }),
      ...(key === undefined ? {} : { KmsKeyId: key }),
      ...(wanted.parameters === undefined ? {} : { DBParameterGroupName: wanted.parameters }),
      Tags: tagsFor(context),
    });
  } catch (error) {
    if (!isAws(error, 'DBInstanceAlreadyExists*')) throw error;
    // The answer to an earlier attempt was lost, or somebody was faster.
    const holder = await readInstance(site, id, context);
    if (!mine(holder, context)) throw taken({ site, id });
    mustFollow(holder, { site, id, from, source: wanted.source }, context);
  }
}

async function verified(wanted: Input, context: StepContext): Promise<Outcome<Output>> {
  const { site, id } = wanted;
  const now = await readInstance(site, id, context);
  mustFollow(now, wanted, context);
  if (!replicates(now, wanted))
    throw new StepError('not-replicating', `${id} at ${site} is ${now.DBInstanceStatus}, and does not replicate yet.`);
  const [[sample], aside] = await Promise.all([
    lagSamples(wanted, false, context).catch(() => []),
    findInstance(site, asideName(id, context), context),
  ]);
  const old = aside?.DBInstanceIdentifier ?? null;
  return {
    outputs: { id, arn: now.DBInstanceArn!, source: sourceOf(now)!, lag: sample?.lag ?? null, aside: old },
    // Whoever has this name now follows: what the fence stood against has another, and stays isolated.
    lifts: context.run.live ? [`${site}/${id}`] : [],
    evidence: [
      `${id} at ${site} is available and a replica of ${sourceOf(now)}.`,
      sample
        ? `It was ${sample.lag / 1_000} s behind at ${new Date(sample.at).toISOString()}, as CloudWatch says.`
        : 'CloudWatch does not say yet by how much it is behind.',
      ...(old
        ? [
            `The old primary is called ${old} now; it stays isolated, and is kept until ${tagOf(aside?.TagList, tag.expires) ?? 'it is removed'}.`,
          ]
        : []),
    ],
  };
}

/** Whether it is up and its replication runs. Throws where that ended for good. */
function replicates(one: DBInstance, { site, id }: Place): boolean {
  const replication = one.StatusInfos?.find(({ StatusType }) => StatusType === 'read replication');
  if (replication?.Status === 'error' || replication?.Status === 'terminated')
    throw new StepError(
      'not-replicating',
      `The replication of ${id} at ${site} is ${replication.Status}: ${replication.Message ?? 'RDS does not say why'}.`,
      'person',
    );
  return one.DBInstanceStatus === 'available' && sourceOf(one) !== undefined && replication?.Normal !== false;
}

async function remove({ site, id }: Place, made: DBInstance, context: StepContext): Promise<void> {
  const rds = await service('rds', site, context);
  if (made.DBInstanceStatus !== 'deleting') {
    await mayChange(site, context);
    await rds.deleteDBInstance({ DBInstanceIdentifier: id, SkipFinalSnapshot: true }).catch((error: unknown) => {
      if (!isAws(error, 'DBInstanceNotFound*')) throw error;
    });
  }
  await beating(context, untilGone({ site, id }, context));
}

async function untilGone({ site, id }: Place, context: StepContext): Promise<void> {
  while (await findInstance(site, id, context)) await context.sleep(1_000);
}

function mustBeElsewhere({ site, from, id, source }: Input, context: StepContext): void {
  if (context.aws(site).region !== context.aws(from).region) return;
  throw new StepError(
    'same-failure-domain',
    `${id} and its source ${source} would both be in ${context.aws(site).region}: a replica there falls with it. Name two regions.`,
    'mistake',
  );
}

function mustBeFit(source: DBInstance, { from, source: id, key, site }: Input): void {
  // A promotion turns them on: docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PromoteReadReplica.html
  if (!source.BackupRetentionPeriod && !sourceOf(source))
    throw new StepError(
      'no-backups',
      `${id} at ${from} keeps no automated backups, and RDS follows only what does: set its backup retention period above 0.`,
      'person',
    );
  if (source.StorageEncrypted && key === undefined)
    throw new StepError(
      'no-key',
      `${id} at ${from} is encrypted: name the \`key\` of ${site} that its replica is encrypted with.`,
      'mistake',
    );
}

function mustFollow(
  one: DBInstance,
  { site, id, from, source }: Pick<Input, 'site' | 'id' | 'from' | 'source'>,
  context: StepContext,
): void {
  if (isReplicaOf(one, site, { site: from, id: source }, context)) return;
  throw new StepError(
    'replica-of-another',
    `${id} at ${site} is ${sourceOf(one) ? `a replica of ${sourceOf(one)}` : 'a replica of nobody'}, and not of ${source} at ${from}.`,
    'person',
  );
}

function mine({ TagList }: DBInstance, context: StepContext): boolean {
  return tagOf(TagList, tag.key) === context.key;
}

function taken({ site, id }: Place): StepError {
  return new StepError(
    'name-taken',
    `The name ${id} was taken at ${site} by another meanwhile: name another, or remove that one.`,
    'person',
  );
}
