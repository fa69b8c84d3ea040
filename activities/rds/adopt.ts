import type { DBInstance } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { tag, tagOf, tagsFor } from '../aws/tags.ts';
import { waitFor } from '../aws/wait.ts';
import { closedGroup } from '../ec2/closed-group.ts';
import { days } from '../ec2/fields.ts';
import { StepError } from '../error.ts';
import { refusePending } from '../fence/refuse-pending.ts';
import { beating } from '../note.ts';
import { acceptsWrites } from '../postgres/writes.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { asideName, rename, setAside, takeBack } from './aside.ts';
import { onDatabase, type Place } from './connect.ts';
import { hasGroups, ofInstance, readDatabase, setGroups, setTags, vpcOf, waitForDatabase } from './database.ts';
import { rdsId, siteField } from './fields.ts';
import { instances } from './kinds.ts';
import { findInstance, readInstance } from './read.ts';
import { pointTag } from './restored.ts';
import { sourceOf } from './source.ts';

/** How long two new names and new settings usually take, milliseconds. */
const expected = 300_000;
/** For how many days backups are kept where nothing says it. */
const usualDays = 7;

const input = z.object({
  site: siteField,
  id: rdsId('The name under which it serves from now on. Where an old instance has it, that one is isolated, renamed and kept.'),
  from: rdsId('The restored instance that gets this name, by its identifier.'),
  subnets: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,254}$/u, 'the name of a subnet group')
    .describe('Name of the subnet group that it is moved to. Default: it stays where it was restored.')
    .optional(),
  groups: z
    .array(z.string().regex(/^sg-[0-9a-f]{8,17}$/u, 'the id of a security group'))
    .min(1)
    .max(5)
    .describe('Ids of the security groups that let its clients in.'),
  'backup-days': z
    .int()
    .min(0)
    .max(35)
    .describe(`For how many days it keeps backups. Default: as the old one did; ${usualDays} where there is none.`)
    .optional(),
  days: days('For how many days the old instance is kept. Default: 90.').default(90),
});
type Input = z.infer<typeof input>;
const output = z.object({
  id: z.string().describe('Identifier of the instance that serves.'),
  arn: z.string().describe('Its ARN.'),
  address: z.string().describe('Name or address of its endpoint.'),
  port: z.number().describe('Port of its endpoint, a number.'),
  aside: z.string().nullable().describe('Identifier that the old instance has now; null where there was none.'),
  'recovery-point': z.string().nullable().describe('The moment up to which it holds the data, ISO time; null where it does not say so.'),
});
type Output = z.infer<typeof output>;

export default step({
  name: 'rds.adopt',
  summary:
    'Puts a restored database instance into service under the name of one that is isolated, which is kept under another, and reads back that it takes writes.',
  effect: 'destroy',
  expected,
  timeout: '2 hours',
  retry: { times: 5, wait: '10 seconds' },
  input,
  output,
  example: {
    site: 'us-east-1',
    id: 'shop-db',
    from: 'shop-db-restored',
    subnets: 'shop-db',
    groups: ['sg-0123456789abcdef0'],
    days: 90,
  },
  permissions: [
    "Where the inventory gives `rds.login`: that login, with the role pg_monitor, and TCP from the worker to the database's port.",
  ],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'rds:DescribeDBInstances', 'ec2:DescribeSecurityGroups'],
    execute: [
      'sts:GetCallerIdentity',
      'rds:DescribeDBInstances',
      'rds:DescribeDBClusters',
      'rds:AddTagsToResource',
      'rds:ModifyDBInstance',
      'ec2:DescribeSecurityGroups',
    ],
    undo: [
      'sts:GetCallerIdentity',
      'rds:DescribeDBInstances',
      'rds:DescribeDBSubnetGroups',
      'rds:ModifyDBInstance',
      'rds:RemoveTagsFromResource',
      'ec2:DescribeSecurityGroups',
      'ec2:CreateSecurityGroup',
      'ec2:CreateTags',
      'ec2:RevokeSecurityGroupEgress',
      'ec2:RevokeSecurityGroupIngress',
    ],
  },

  async preflight(wanted, context) {
    const { site, id, from, groups } = wanted;
    notItself(wanted);
    await account(site, context);
    const ec2 = await service('ec2', site, context);
    const [holder, restored] = await Promise.all([findInstance(site, id, context), findInstance(site, from, context)]);
    await ec2.describeSecurityGroups({ GroupIds: groups });
    if (restored && !mine(restored, context)) mustBeFit(restored, wanted);
    return [
      restored ? `${from} at ${site} is ${restored.DBInstanceStatus}.` : `${from} is not at ${site} yet.`,
      holder
        ? `The name ${id} is held at ${site} by an instance that is ${holder.DBInstanceStatus}: it is renamed and kept where it is isolated when the step begins, and else the step refuses.`
        : `The name ${id} is free at ${site}.`,
    ];
  },

  async execute(wanted, context) {
    const { site, id } = wanted;
    notItself(wanted);
    await refusePending(site, context);
    await account(site, context);
    const holder = await findInstance(site, id, context);
    if (!holder || !mine(holder, context)) await exchange(wanted, holder, context);
    await settle(wanted, context);
  },

  verify: (wanted, context) => verified(wanted, context),

  rehearse: { none: 'A rehearsal restores elsewhere and puts nothing in service.' },

  async undo({ site, id, from }, context) {
    const now = await findInstance(site, id, context);
    const done: string[] = [];
    if (now && mine(now, context)) {
      const one = await whenAvailable({ site, id }, context);
      await closeAgain({ site, id }, one, context);
      await rename({ site, id }, await readInstance(site, id, context), from, context);
      done.push(`The restored instance at ${site} is called ${from} again, and lets nobody in; what was written to it is kept there.`);
    }
    const back = await takeBack({ site, id }, context);
    return done.length + back.length === 0 ? [`This step put no instance in the place of ${id} at ${site}.`] : [...done, ...back];
  },
});

/** The old one is renamed first: a name is held by one at a time. */
async function exchange(wanted: Input, holder: DBInstance | undefined, context: StepContext): Promise<void> {
  const { site, id, from } = wanted;
  const restored = await readInstance(site, from, context);
  const known = mine(restored, context);
  if (!known) mustBeFit(restored, wanted);
  if (holder) await setAside({ site, id }, holder, wanted.days * 86_400_000, context);
  // From now on it is this step's, and kept: nothing takes it away as what a restore has left.
  if (!known) await setTags({ arn: restored.DBInstanceArn!, site }, tagsFor(context), context);
  const now = restored.DBInstanceStatus === 'renaming' ? restored : await whenAvailable({ site, id: from }, context);
  await rename({ site, id: from }, now, id, context);
}

/** Everything that it needs to serve as the old one did. */
async function settle(wanted: Input, context: StepContext): Promise<void> {
  const { site, id } = wanted;
  const [now, as] = [await whenAvailable({ site, id }, context), await settingsOf(wanted, context)];
  if (stands(now, as, wanted)) return;
  const rds = await service('rds', site, context);
  await mayChange(site, context);
  await rds.modifyDBInstance({
    DBInstanceIdentifier: id,
    VpcSecurityGroupIds: wanted.groups,
    ...(wanted.subnets === undefined || isIn(now, wanted.subnets) ? {} : { DBSubnetGroupName: wanted.subnets }),
    ...as,
    ApplyImmediately: true,
  });
  const ready = (one: DBInstance): boolean => one.DBInstanceStatus === 'available' && stands(one, as, wanted);
  await waitFor({ kind: instances, id, site, expected, ready }, context);
}

interface Settings {
  readonly BackupRetentionPeriod: number;
  readonly DeletionProtection: boolean;
}

async function settingsOf({ site, id, 'backup-days': told }: Input, context: StepContext): Promise<Settings> {
  const old = await findInstance(site, asideName(id, context), context);
  return { BackupRetentionPeriod: told ?? old?.BackupRetentionPeriod ?? usualDays, DeletionProtection: old?.DeletionProtection ?? false };
}

function stands(one: DBInstance, as: Settings, { site, id, subnets, groups }: Input): boolean {
  return (
    hasGroups(ofInstance({ site, id }, one), groups) &&
    (subnets === undefined || isIn(one, subnets)) &&
    one.BackupRetentionPeriod === as.BackupRetentionPeriod &&
    (one.DeletionProtection ?? false) === as.DeletionProtection
  );
}

async function verified(wanted: Input, context: StepContext): Promise<Outcome<Output>> {
  const { site, id, groups } = wanted;
  const [now, aside, as] = await Promise.all([
    readInstance(site, id, context),
    findInstance(site, asideName(id, context), context),
    settingsOf(wanted, context),
  ]);
  if (!mine(now, context) || now.DBInstanceStatus !== 'available' || !stands(now, as, wanted))
    throw new StepError(
      'not-adopted',
      `${id} at ${site} is ${now.DBInstanceStatus}, and ${mine(now, context) ? 'not yet set up to serve' : 'not the restored one'}.`,
    );
  const writes = context.system.rds?.login
    ? await onDatabase({ site, id }, context, (query) => acceptsWrites(query, `${site}/${id}`))
    : undefined;
  const point = tagOf(now.TagList, pointTag) ?? null;
  const old = aside?.DBInstanceIdentifier ?? null;
  return {
    outputs: {
      id,
      arn: now.DBInstanceArn!,
      address: now.Endpoint?.Address ?? '',
      port: now.Endpoint?.Port ?? 0,
      aside: old,
      'recovery-point': point,
    },
    // Whoever has this name now was never cut off; what the fence stood against has another, and stays isolated.
    lifts: context.run.live ? [`${site}/${id}`] : [],
    serves: site,
    evidence: [
      `${id} at ${site} is the restored instance${point === null ? '' : `, with the data of ${point}`}; its security groups are ${groups.join(', ')}, and it keeps backups for ${as.BackupRetentionPeriod} days.`,
      writes
        ? `A write was committed and flushed there at ${writes.lsn}.`
        : 'Whether it takes writes was not tried: the inventory gives no `rds.login`.',
      old === null
        ? 'No old instance had its name.'
        : `The old instance is called ${old} now, stays isolated, and is kept until ${tagOf(aside?.TagList, tag.expires) ?? 'it is removed'}.`,
    ],
  };
}

/** A change of the name restarts it: no session of before is left. */
async function closeAgain(place: Place, { DBSubnetGroup }: DBInstance, context: StepContext): Promise<void> {
  const database = await readDatabase(place, context);
  const closed = await closedGroup(DBSubnetGroup?.VpcId ?? (await vpcOf(database, context)), place.site, context);
  if (hasGroups(database, [closed])) return;
  await setGroups(database, [closed], context);
  await waitForDatabase(database, expected, (now) => now.status === 'available' && hasGroups(now, [closed]), context);
}

function whenAvailable({ site, id }: Place, context: StepContext): Promise<DBInstance> {
  return beating(
    context,
    waitFor({ kind: instances, id, site, expected, ready: ({ DBInstanceStatus }) => DBInstanceStatus === 'available' }, context),
  );
}

function mustBeFit(restored: DBInstance, { site, from }: Input): void {
  const refused = (why: string): StepError =>
    new StepError('not-fit', `${from} at ${site} ${why}: it is not put in service. Name another. Nothing was changed.`, 'person');
  if (sourceOf(restored)) throw refused(`is a replica of ${sourceOf(restored)}`);
  if (restored.DBClusterIdentifier !== undefined) throw refused(`is of the cluster ${restored.DBClusterIdentifier}`);
  if (tagOf(restored.TagList, tag.purpose) === 'rehearsal') throw refused('was made by a rehearsal');
}

function notItself({ site, id, from }: Input): void {
  if (id === from)
    throw new StepError('same-instance', `${id} at ${site} has its name already: name the restored instance as \`from\`.`, 'mistake');
}

function isIn({ DBSubnetGroup }: DBInstance, subnets: string): boolean {
  return DBSubnetGroup?.DBSubnetGroupName?.toLowerCase() === subnets.toLowerCase();
}

function mine({ TagList }: DBInstance, context: StepContext): boolean {
  return tagOf(TagList, tag.key) === context.key;
}
