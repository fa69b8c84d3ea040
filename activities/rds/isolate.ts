import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { tagOf } from '../aws/tags.ts';
import { waitFor } from '../aws/wait.ts';
import { closedGroup } from '../ec2/closed-group.ts';
import { StepError } from '../error.ts';
import { note, noted } from '../note.ts';
import { step, type StepContext } from '../step.ts';
import { answers } from './answers.ts';
import { hasGroups, readDatabase, removeTags, setGroups, setTags, vpcOf, waitForDatabase, type Database } from './database.ts';
import { rdsId, siteField } from './fields.ts';
import { isolation, isolationOf, listed } from './isolation.ts';
import { instances } from './kinds.ts';
import { isPrimary } from './role.ts';

/** What an attempt saw before it closed: afterwards nothing answers any more. */
const before = z.object({ answered: z.string().nullable() });
/** How long new groups and a restart usually take, milliseconds. */
const usual = { groups: 15_000, restart: 60_000 };
const input = z.object({
  site: siteField,
  id: rdsId('The instance, or the cluster, that is cut off, by its identifier.'),
});
type Input = z.infer<typeof input>;

export default step({
  name: 'rds.isolate',
  summary:
    'Cuts a database of RDS off: its security groups are replaced by one that lets nothing in or out, a restart ends the sessions that stood, and both are read back.',
  effect: 'change',
  provides: ['fence'],
  outage: true,
  at: 'target',
  expected: usual.groups + usual.restart,
  timeout: '20 minutes',
  retry: { times: 5, wait: '2 seconds' },
  input,
  output: z.object({
    since: z.string().describe('When it was seen that no session of before is left, ISO time.'),
    group: z.string().describe('Id of the security group that lets nothing in or out.'),
    before: z.array(z.string()).describe('Ids of the security groups that it had before; undo puts them back.'),
  }),
  example: { site: 'us-east-1', id: 'shop-db' },
  permissions: ["TCP from the target site to the database's port, where there is a way: a connection that fails is a second signal."],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'rds:DescribeDBInstances', 'rds:DescribeDBClusters', 'rds:DescribeDBSubnetGroups'],
    execute: [
      'sts:GetCallerIdentity',
      'rds:DescribeDBInstances',
      'rds:DescribeDBClusters',
      'rds:DescribeDBSubnetGroups',
      'rds:AddTagsToResource',
      'rds:ModifyDBInstance',
      'rds:ModifyDBCluster',
      'rds:RebootDBInstance',
      'ec2:DescribeSecurityGroups',
      'ec2:CreateSecurityGroup',
      'ec2:CreateTags',
      'ec2:RevokeSecurityGroupEgress',
      'ec2:RevokeSecurityGroupIngress',
    ],
    undo: [
      'sts:GetCallerIdentity',
      'rds:DescribeDBInstances',
      'rds:DescribeDBClusters',
      'rds:DescribeGlobalClusters',
      'rds:ModifyDBInstance',
      'rds:ModifyDBCluster',
      'rds:RemoveTagsFromResource',
    ],
  },

  async preflight({ site, id }, context) {
    await account(site, context);
    const database = await readDatabase({ site, id }, context);
    const [vpc, seen] = await Promise.all([vpcOf(database, context), answers(database, context)]);
    return [
      `The ${database.kind} ${id} at ${site} is ${database.status}, in ${vpc}, with the security groups ${listed(database)}.`,
      seen?.greets
        ? `It answers ${context.viewpoint} at ${seen.where}: that it no longer does will be seen.`
        : `It does not answer ${context.viewpoint}${seen ? ` at ${seen.where}: ${seen.text}` : ''}. Its groups and its restart alone will prove that it is cut off.`,
    ];
  },

  async execute({ site, id }, context) {
    const database = await readDatabase({ site, id }, context);
    const seen = await answers(database, context);
    note(context, { answered: seen?.greets ? seen.at : (noted(context, before)?.answered ?? null) });
    const closed = await closedGroup(await vpcOf(database, context), site, context);
    if (!hasGroups(database, [closed])) await close(database, closed, context);
    const now = await readDatabase({ site, id }, context);
    const since = tagOf(now.tags, isolation.since);
    if (since === undefined || since === 'pending') await endSessions(now, context);
  },

  verify: (wanted, context) => verified(wanted, context),

  rehearse: { none: 'A rehearsal does not cut off a database in service; only a live exercise proves this fence.' },

  async undo({ site, id }, context) {
    const database = await readDatabase({ site, id }, context);
    const by = tagOf(database.tags, isolation.by);
    if (by === undefined) return [`${id} at ${site} was not isolated: its security groups are ${listed(database)}.`];
    if (by !== context.key) return [`${id} at ${site} was isolated before by another step, and stays so.`];
    await refusePromoted(context);
    const old = oldGroups(database);
    if (!hasGroups(database, old)) {
      await setGroups(database, old, context);
      await waitForDatabase(database, usual.groups, (now) => hasGroups(now, old), context);
    }
    await removeTags(database, Object.values(isolation), context);
    return [`${id} at ${site} has its security groups again: ${old.join(', ')}.`];
  },
});

/** Sessions that stand outlive a change of groups: source docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html */
async function close(database: Database, closed: string, context: StepContext): Promise<void> {
  const { groups, tags } = database;
  const ids = groups.map((group) => group.id);
  // Before the groups: whoever undoes it must find the old ones.
  const known = tagOf(tags, isolation.groups) !== undefined && ids.includes(closed);
  if (!known || tagOf(tags, isolation.since) !== 'pending')
    await setTags(
      database,
      [
        ...(known ? [] : [{ Key: isolation.groups, Value: ids.filter((id) => id !== closed).join(' ') }]),
        { Key: isolation.by, Value: context.key },
        { Key: isolation.since, Value: 'pending' },
      ],
      context,
    );
  if (ids.length !== 1 || ids[0] !== closed) await setGroups(database, [closed], context);
  await waitForDatabase(database, usual.groups, (now) => hasGroups(now, [closed]), context);
}

/** Restarts what takes writes, and says so on it. */
async function endSessions(database: Database, context: StepContext): Promise<void> {
  const { site, writers } = database;
  const rds = await service('rds', site, context);
  for (const id of writers) {
    const ready = ({ DBInstanceStatus }: { DBInstanceStatus?: string | undefined }): boolean => DBInstanceStatus === 'available';
    // New groups are applied, or a restart whose answer was lost goes on.
    await waitFor({ kind: instances, id, site, expected: usual.groups, ready }, context);
    await mayChange(site, context);
    await rds.rebootDBInstance({ DBInstanceIdentifier: id });
    await waitFor({ kind: instances, id, site, expected: usual.restart, ready }, context);
  }
  await setTags(database, [{ Key: isolation.since, Value: new Date().toISOString() }], context);
}

async function verified({ site, id }: Input, context: StepContext) {
  await account(site, context);
  const database = await readDatabase({ site, id }, context);
  const [{ since, group }, seen] = await Promise.all([isolationOf(database, context), answers(database, context)]);
  if (seen?.greets)
    throw new StepError(
      'still-answers',
      `${id} at ${site} has only the security group ${group}, which lets nothing in, and still answers ${context.viewpoint} at ${seen.where}: it is not cut off. Does \`rds.connect\` lead to another database?`,
      'person',
    );
  const at = new Date().toISOString();
  const answered = noted(context, before)?.answered;
  const evidence = [
    `The security groups of ${id} at ${site} are ${group}, in force, and it has no rule: nothing gets in or out.`,
    `It was restarted after that, and since ${since} no session of before is left.`,
    ...(seen
      ? [`It does not answer ${context.viewpoint} at ${seen.where} (${seen.text})${answered ? `, where it answered at ${answered}` : ''}.`]
      : []),
  ];
  return {
    outputs: { since, group, before: oldGroups(database) },
    // Groups outlast a restart, a move to another zone and the seven days after which a stopped database starts again.
    proofs: [
      { kind: 'fence' as const, by: 'rds.isolate', host: `${site}/${id}`, at, with: { site, id }, evidence, latched: 'yes' as const },
    ],
    evidence,
  };
}

function oldGroups({ tags }: Database): string[] {
  return (tagOf(tags, isolation.groups) ?? '').split(' ').filter(Boolean);
}

/** Where another serves already, the old primary MUST stay cut off. */
async function refusePromoted(context: StepContext): Promise<void> {
  const { system, target } = context;
  const other = system.rds?.members[target.site];
  if (other === undefined || !(await isPrimary({ site: target.site, id: other.toLowerCase() }, context))) return;
  throw new StepError(
    'already-promoted',
    `${other} at ${target.site} is no replica any more: opening the old primary would make two. Nothing was changed; go on with ${other}.`,
    'person',
  );
}
