import type { DBInstance } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { tagOf } from '../aws/tags.ts';
import { waitFor } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { rdsId, siteField } from './fields.ts';
import { instances as kind } from './kinds.ts';
import { readInstance } from './read.ts';

const input = z.object({ site: siteField, id: rdsId('The database instance, by its identifier.') });
const output = z.object({
  status: z.literal('stopped').describe('Always `stopped`.'),
  'starts-again': z
    .string()
    .nullable()
    .describe('When AWS starts it again by itself, ISO time. Null: AWS does not say; 7 days after it was stopped.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

/** Tag of an instance that a step stopped: its key. */
const stopper = 'lifeboat:stopped-by';
const expected = 300_000;

export default step({
  name: 'rds.stop',
  summary:
    'Stops a database instance until AWS starts it again by itself after 7 days, so it saves cost and is no fence: rds.isolate is one.',
  effect: 'change',
  expected,
  timeout: '1 hour',
  retry: { times: 5, wait: '10 seconds' },
  input,
  output,
  example: { site: 'us-east-1', id: 'shop-db' },
  permissions: [],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'rds:DescribeDBInstances'],
    execute: ['sts:GetCallerIdentity', 'rds:DescribeDBInstances', 'rds:AddTagsToResource', 'rds:StopDBInstance'],
    undo: ['sts:GetCallerIdentity', 'rds:DescribeDBInstances', 'rds:RemoveTagsFromResource', 'rds:StartDBInstance'],
  },

  async preflight({ site, id }, context) {
    await account(site, context);
    const found = await readInstance(site, id, context);
    mayStop(found, site);
    return [`${id} at ${site} is ${found.DBInstanceStatus} and can be stopped.`];
  },

  async execute({ site, id }, context) {
    const rds = await service('rds', site, context);
    const found = await settled(site, id, context);
    if (found.DBInstanceStatus !== 'stopped') {
      mayStop(found, site);
      if (tagOf(found.TagList, stopper) !== context.key) {
        await mayChange(site, context);
        await rds.addTagsToResource({ ResourceName: found.DBInstanceArn, Tags: [{ Key: stopper, Value: context.key }] });
      }
      await mayChange(site, context);
      await rds.stopDBInstance({ DBInstanceIdentifier: id });
    }
    await until('stopped', { site, id }, context);
  },

  verify: (wanted, context) => stopped(wanted, context),

  rehearse: { none: "A rehearsal stops no instance in service; that one can be stopped is AWS's own matter." },

  async undo({ site, id }, context) {
    const rds = await service('rds', site, context);
    const found = await settled(site, id, context);
    if (tagOf(found.TagList, stopper) !== context.key)
      return [`${id} at ${site} was not stopped by this step: it is left ${found.DBInstanceStatus}.`];
    if (found.DBInstanceStatus === 'stopped') {
      await mayChange(site, context);
      await rds.startDBInstance({ DBInstanceIdentifier: id });
    }
    await until('available', { site, id }, context);
    await mayChange(site, context);
    await rds.removeTagsFromResource({ ResourceName: found.DBInstanceArn, TagKeys: [stopper] });
    return [`${id} at ${site} was stopped by this step, and is available again.`];
  },
});

async function stopped({ site, id }: Input, context: StepContext): Promise<Outcome<Output>> {
  const { DBInstanceStatus: status, AutomaticRestartTime } = await readInstance(site, id, context);
  if (status !== 'stopped') throw new StepError('not-stopped', `${id} at ${site} is ${status}, not stopped.`);
  const again = AutomaticRestartTime?.toISOString() ?? null;
  return {
    outputs: { status, 'starts-again': again },
    evidence: [`${id} at ${site} is stopped. AWS starts it again by itself ${again ?? '7 days after it was stopped'}: it is not fenced.`],
  };
}

/** Waits until it is neither being started nor stopped. */
async function settled(site: string, id: string, context: StepContext): Promise<DBInstance> {
  const now = await readInstance(site, id, context);
  const ready = ({ DBInstanceStatus: status = '' }: DBInstance): boolean => !/^(?:starting|stopping)$/u.test(status);
  return ready(now) ? now : waitFor({ kind, id, site, expected, ready }, context);
}

async function until(status: 'stopped' | 'available', { site, id }: Input, context: StepContext): Promise<void> {
  await waitFor({ kind, id, site, expected, ready: (found) => found.DBInstanceStatus === status }, context);
}

/** Source: docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html */
function mayStop(found: DBInstance, site: string): void {
  const { DBInstanceIdentifier: id, DBClusterIdentifier: cluster, ReadReplicaSourceDBInstanceIdentifier: source } = found;
  const replicas = found.ReadReplicaDBInstanceIdentifiers ?? [];
  const why =
    cluster !== undefined
      ? `is of the cluster ${cluster}, which is stopped as a whole`
      : source !== undefined
        ? `is a replica of ${source}`
        : replicas.length > 0
          ? `has the replicas ${replicas.join(', ')}`
          : undefined;
  if (why !== undefined)
    throw new StepError(
      'cannot-stop',
      `${id} at ${site} ${why}: AWS stops no such instance. Isolate it with rds.isolate instead.`,
      'mistake',
    );
  const { DBInstanceStatus: status = '' } = found;
  if (!/^(?:available|stopped|starting|stopping)$/u.test(status))
    throw new StepError('aws-not-now', `${id} at ${site} is ${status}: it can be stopped when it is available.`, 'later', 10_000);
}
