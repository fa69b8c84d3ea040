import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { tagOf } from '../aws/tags.ts';
import { StepError } from '../error.ts';
import { step, type StepContext } from '../step.ts';
import { readDatabase, setTags, waitForDatabase, type Database } from './database.ts';
import { rdsId, siteField } from './fields.ts';
import { readInstance } from './read.ts';

/** The step's key and from where it moved: neither call has a token, and where it serves now alone does not tell whether it moved. */
const movedFrom = 'lifeboat:moved-from';
/** How long a move usually takes, milliseconds. */
const expected = 90_000;

export default step({
  name: 'rds.failover-zone',
  summary: 'Moves a database of RDS that stands in several zones to another zone of its region, and reads back that it moved.',
  effect: 'change',
  expected,
  timeout: '30 minutes',
  retry: { times: 5, wait: '5 seconds' },
  input: z.object({ site: siteField, id: rdsId('The instance in two zones, or the cluster, by its identifier.') }),
  output: z.object({
    from: z.string().describe('Zone, or in a cluster the instance, that took writes before.'),
    to: z.string().describe('Zone, or in a cluster the instance, that takes writes now.'),
  }),
  example: { site: 'us-east-1', id: 'shop-db' },
  permissions: [],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'rds:DescribeDBInstances', 'rds:DescribeDBClusters'],
    execute: [
      'sts:GetCallerIdentity',
      'rds:DescribeDBInstances',
      'rds:DescribeDBClusters',
      'rds:AddTagsToResource',
      'rds:RebootDBInstance',
      'rds:FailoverDBCluster',
    ],
  },

  async preflight({ site, id }, context) {
    await account(site, context);
    const database = await readDatabase({ site, id }, context);
    mayMove(database);
    return [
      `The ${database.kind} ${id} at ${site} is ${database.status}, takes writes at ${seat(database)}, and has somewhere else to go.`,
    ];
  },

  async execute({ site, id }, context) {
    await account(site, context);
    const database = await readDatabase({ site, id }, context);
    mayMove(database);
    const from = movedBy(database, context) ?? seat(database);
    if (seat(database) !== from) return;
    if (movedBy(database, context) === undefined) await setTags(database, [{ Key: movedFrom, Value: `${context.key} ${from}` }], context);
    await waitForDatabase(database, expected, ({ status }) => status === 'available', context);
    // An attempt before this one may have moved it.
    if (seat(await readDatabase({ site, id }, context)) !== from) return;
    const rds = await service('rds', site, context);
    await mayChange(site, context);
    if (database.kind === 'instance') await rds.rebootDBInstance({ DBInstanceIdentifier: id, ForceFailover: true });
    else await rds.failoverDBCluster({ DBClusterIdentifier: id });
    await waitForDatabase(database, expected, (now) => now.status === 'available' && seat(now) !== from, context);
  },

  async verify({ site, id }, context) {
    const database = await readDatabase({ site, id }, context);
    const from = movedBy(database, context);
    const to = seat(database);
    if (from === undefined || to === from || database.status !== 'available')
      throw new StepError(
        'not-moved',
        `${id} at ${site} is ${database.status} and takes writes at ${to}${from === undefined ? '; where it did before is not known' : ', as before'}.`,
      );
    const { DBInstanceStatus } =
      database.kind === 'cluster' ? await readInstance(site, to, context) : { DBInstanceStatus: database.status };
    return {
      outputs: { from, to },
      evidence: [`${id} at ${site} took writes at ${from}, and takes them at ${to} now, which is ${DBInstanceStatus}.`],
    };
  },

  rehearse: { none: 'A rehearsal does not move a database in service; only a live exercise proves it.' },
  undo: { none: 'It serves in the other zone as well, and moves back by another failover.' },
});

/** Where writes are taken: the zone of an instance, the writer of a cluster. */
function seat({ kind, zone, writers }: Database): string {
  return (kind === 'instance' ? zone : writers[0]) ?? 'nowhere';
}

function movedBy({ tags }: Database, { key }: StepContext): string | undefined {
  const [by, from] = (tagOf(tags, movedFrom) ?? '').split(' ');
  return by === key ? from : undefined;
}

function mayMove({ site, id, seats }: Database): void {
  if (seats > 1) return;
  throw new StepError('one-zone', `${id} at ${site} stands in one zone only: there is nowhere to move it to.`, 'mistake');
}
