import { z } from 'zod';
import { account } from '../aws/account.ts';
import { days } from '../ec2/fields.ts';
import { noBackup } from '../ec2/kept.ts';
import { StepError } from '../error.ts';
import { inWords } from '../postgres/backrest/counts.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { bothIn, countsField } from './counted.ts';
import { rdsId, siteField } from './fields.ts';
import { readInstance } from './read.ts';
import { mayHold } from './quota.ts';
import { asBackup, expected, findSnapshot, isOurs, madeHere, newsOf, readSnapshot, takenAt } from './saved.ts';
import { nameOf, noCluster, take } from './take.ts';

const input = z.object({
  site: siteField,
  id: rdsId('The database instance, by its identifier.'),
  name: rdsId('Name of the snapshot. Default: one that only this step of this run gives.').optional(),
  days: days(),
});
export const savedOutput = {
  snapshot: z.string().describe('Name of the snapshot: the label of this backup.'),
  arn: z.string().describe('Its ARN.'),
  at: z.string().describe('The moment that it holds, ISO time.'),
  gigabytes: z.number().describe('Storage of the instance that it is of, GiB.'),
  key: z.string().nullable().describe('The key that encrypts it, by its ARN. Null: it is not encrypted.'),
  rows: countsField,
};
const output = z.object(savedOutput);
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

export default step({
  name: 'rds.snapshot',
  summary: 'Takes a snapshot of a database instance, waits until it is complete, and keeps with it the rows that were counted around it.',
  effect: 'change',
  expected,
  timeout: '12 hours',
  retry: { times: 5, wait: '10 seconds' },
  input,
  output,
  example: { site: 'us-east-1', id: 'shop-db', days: 35 },
  permissions: ['A PostgreSQL login that may read every table (pg_read_all_data), where rows are to be counted.'],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'rds:DescribeDBInstances', 'rds:DescribeDBSnapshots', 'servicequotas:GetServiceQuota'],
    execute: execution(),
    rehearse: execution(),
  },

  async preflight(wanted, context) {
    const { site, id } = wanted;
    await account(site, context);
    const name = nameOf(wanted, context);
    const [instance, there, room] = await Promise.all([
      readInstance(site, id, context),
      findSnapshot(site, name, context),
      mayHold('snapshots', site, context),
    ]);
    noCluster(instance, site);
    if (there && !isOurs(there, context)) await madeHere(site, name, () => false, context);
    return [`${id} at ${site} is ${instance.DBInstanceStatus} and can be saved as ${name}.`, room];
  },

  execute: (wanted, context) => take(wanted, context),
  verify: (wanted, context) => taken(wanted, context),

  async rehearse(wanted, context) {
    rehearsalOnly(context);
    await take(wanted, context);
    return noBackup(await taken(wanted, context));
  },

  undo: { none: 'A snapshot harms nobody; ec2.cleanup takes it away when its days are over.' },
});

async function taken(wanted: Input, context: StepContext): Promise<Outcome<Output>> {
  const { site, id } = wanted;
  const found = await readSnapshot(site, nameOf(wanted, context), context);
  const { DBSnapshotIdentifier: name = '', Status, DBInstanceIdentifier, TagList } = found;
  if (!isOurs(found, context) || DBInstanceIdentifier !== id)
    throw new StepError('name-taken', `The snapshot ${name} at ${site} is not of this step: give another name.`, 'person');
  if (Status !== 'available') throw new StepError('snapshot-unfinished', `The snapshot ${name} at ${site} is ${Status}.`);
  const backup = asBackup(found, site);
  const rows = bothIn(TagList);
  return {
    outputs: {
      snapshot: name,
      arn: found.DBSnapshotArn!,
      at: backup.at,
      gigabytes: found.AllocatedStorage ?? 0,
      key: found.Encrypted ? (found.KmsKeyId ?? null) : null,
      rows,
    },
    backups: [newsOf(backup)],
    evidence: [
      `${id} at ${site} was saved as ${name}, as it was at ${takenAt(found)}.`,
      rows ? `Rows were counted just before and just after: ${inWords(rows.after)}.` : `No rows were counted around it.`,
    ],
  };
}

function execution(): string[] {
  return [
    'sts:GetCallerIdentity',
    'rds:DescribeDBInstances',
    'rds:DescribeDBSnapshots',
    'rds:CreateDBSnapshot',
    'rds:DeleteDBSnapshot',
    'rds:AddTagsToResource',
  ];
}
