import { z } from 'zod';
import { account } from '../aws/account.ts';
import { tagOf } from '../aws/tags.ts';
import { StepError } from '../error.ts';
import { refusePending } from '../fence/refuse-pending.ts';
import { step } from '../step.ts';
import { hasGroups, readDatabase, removeTags, setGroups, waitForDatabase } from './database.ts';
import { rdsId, siteField } from './fields.ts';
import { memberAt, readGlobal, waitForGlobal } from './global.ts';
import { isolation, listed } from './isolation.ts';
import { globalOf } from './move-writer.ts';

/** How long Aurora usually takes to make a reader of an old writer, and new groups to be in force, milliseconds. */
const usual = { reader: 300_000, groups: 15_000 };

export default step({
  name: 'rds.reprotect',
  summary:
    'Waits until the old writer of a global cluster of Aurora is a reader that follows, and gives it the security groups that it had before it was isolated.',
  effect: 'change',
  protects: true,
  expected: usual.reader,
  timeout: '6 hours',
  retry: { times: 5, wait: '10 seconds' },
  input: z.object({
    site: siteField,
    id: rdsId('The cluster that was the writer, by its identifier.'),
    global: rdsId('The global cluster of Aurora, by its identifier. Default: the one that the inventory names for the system.').optional(),
  }),
  output: z.object({
    writer: z.string().describe('ARN of the cluster that it follows.'),
    groups: z.array(z.string()).describe('Ids of its security groups.'),
  }),
  example: { site: 'us-east-1', id: 'shop-east', global: 'shop' },
  permissions: [],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'rds:DescribeGlobalClusters', 'rds:DescribeDBInstances', 'rds:DescribeDBClusters'],
    execute: [
      'sts:GetCallerIdentity',
      'rds:DescribeGlobalClusters',
      'rds:DescribeDBInstances',
      'rds:DescribeDBClusters',
      'rds:ModifyDBCluster',
      'rds:RemoveTagsFromResource',
    ],
  },

  async preflight({ site, id, global: named }, context) {
    await account(site, context);
    const [global, database] = await Promise.all([
      readGlobal(globalOf(named, context), site, context),
      readDatabase({ site, id }, context),
    ]);
    const { writes } = memberAt(global, { site, id }, context);
    return [`${id} at ${site} is ${writes ? 'the writer' : 'a reader'} of ${global.id}, with the security groups ${listed(database)}.`];
  },

  async execute({ site, id, global: named }, context) {
    const name = globalOf(named, context);
    await refusePending(site, context);
    await account(site, context);
    memberAt(await readGlobal(name, site, context), { site, id }, context);
    // One that takes writes MUST stay cut off.
    await waitForGlobal(name, site, usual.reader, (now) => follows(memberAt(now, { site, id }, context)), context);
    const database = await readDatabase({ site, id }, context);
    const remembered = tagOf(database.tags, isolation.groups);
    if (remembered === undefined) return;
    const old = remembered.split(' ').filter(Boolean);
    if (!hasGroups(database, old)) {
      await setGroups(database, old, context);
      await waitForDatabase(database, usual.groups, (now) => hasGroups(now, old), context);
    }
    await removeTags(database, Object.values(isolation), context);
  },

  async verify({ site, id, global: named }, context) {
    const [global, database] = await Promise.all([
      readGlobal(globalOf(named, context), site, context),
      readDatabase({ site, id }, context),
    ]);
    const member = memberAt(global, { site, id }, context);
    if (!follows(member))
      throw new StepError(
        'not-replicating',
        `${id} at ${site} is ${member.writes ? 'the writer' : `a reader that is ${member.sync}`} of ${global.id}: it does not follow yet.`,
      );
    if (tagOf(database.tags, isolation.groups) !== undefined)
      throw new StepError(
        'still-isolated',
        `${id} at ${site} follows, and is still isolated: its security groups are ${listed(database)}.`,
      );
    const writer = global.members.find(({ writes }) => writes)?.arn ?? '';
    return {
      outputs: { writer, groups: database.groups.map((group) => group.id) },
      lifts: context.run.live ? [`${site}/${id}`] : [],
      evidence: [`${id} at ${site} is a reader of ${global.id} and follows ${writer}.`, `Its security groups are ${listed(database)}.`],
    };
  },

  rehearse: { none: 'A rehearsal does not turn a global cluster round; a planned switchover and its way back prove it.' },
  undo: { none: 'A reader that can be reached harms nobody.' },
});

function follows({ writes, sync }: { readonly writes: boolean; readonly sync: string | null }): boolean {
  return !writes && sync !== 'pending-resync';
}
