import { z } from 'zod';
import { account } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { keptTags } from '../ec2/kept.ts';
import { StepError } from '../error.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step, type StepContext } from '../step.ts';
import { discard } from './discard.ts';
import { rdsId, siteField } from './fields.ts';
import { mayPlace, mustBeIsolated, placement } from './placed.ts';
import { mayHold } from './quota.ts';
import { actions, expected, madeHere, nameOf, pointTag, restore, restored, restoredOutput } from './restored.ts';
import { fromTag } from './saved.ts';
import { backupsOf, momentOf } from './window.ts';

const input = z.object({
  site: siteField,
  source: z
    .string()
    .toLowerCase()
    .max(512)
    .regex(
      /^(?:[a-z][a-z0-9]*(?:-[a-z0-9]+)*|arn:aws[a-z-]*:rds:[a-z0-9-]+:\d{12}:auto-backup:[a-z0-9-]+)$/u,
      'the identifier of an instance, or the ARN of automated backups',
    )
    .describe(
      'The instance, by its identifier; or the ARN of the automated backups of one that is gone, or of another region that are kept here.',
    ),
  to: z
    .union([z.literal('latest'), z.iso.datetime({ offset: true })])
    .describe('The moment to restore, ISO time with its offset from UTC, or `latest`.'),
  id: rdsId('Identifier that the new instance gets. Never that of an instance that is there.'),
  ...placement,
});
type Input = z.infer<typeof input>;
const restores = ['rds:DescribeDBInstanceAutomatedBackups', 'rds:RestoreDBInstanceToPointInTime'];

export default step({
  name: 'rds.restore-to-time',
  summary:
    'Restores a database as it was at a moment into a new instance that lets nobody in unless it is said, and waits until it is available.',
  effect: 'change',
  expected,
  timeout: '12 hours',
  retry: { times: 5, wait: '10 seconds' },
  input,
  output: restoredOutput,
  example: {
    site: 'us-east-1',
    source: 'shop-db',
    to: '2026-11-22T09:30:00+01:00',
    id: 'shop-db-0930',
    subnets: 'shop-isolated',
    groups: ['sg-0123456789abcdef0'],
    classes: ['db.m7g.large', 'db.m6g.large'],
    'backup-days': 0,
    'multi-az': false,
    days: 7,
  },
  permissions: ['The right kms:CreateGrant on the key of the instance, with which RDS decrypts in the name of the caller.'],
  iam: {
    preflight: [...actions.preflight, 'rds:DescribeDBInstanceAutomatedBackups'],
    execute: [...actions.execute, ...restores],
    rehearse: [...actions.execute, ...restores, 'ec2:DescribeSubnets', 'ec2:DescribeRouteTables'],
    undo: actions.undo,
  },

  async preflight(wanted, context) {
    const { site, source, to } = wanted;
    await account(site, context);
    notItself(wanted);
    const id = nameOf(wanted.id, context);
    const [backups, there, room] = await Promise.all([
      backupsOf(source, site, context),
      madeHere(site, id, context),
      mayHold('instances', site, context),
    ]);
    const moment = momentOf(to, backups);
    return [
      `${source} at ${site} can be restored to ${moment.toISOString()}: its window is ${backups.earliest.toISOString()} to ${backups.latest.toISOString()}.`,
      there ? `${id} at ${site} is there already, made by this step.` : `The name ${id} is free at ${site}.`,
      ...(await mayPlace(wanted, backups.engine, site, context)),
      room,
    ];
  },

  execute: (wanted, context) => make(wanted, context),
  verify: (wanted, context) => restored(wanted.site, nameOf(wanted.id, context), wanted, context),

  async rehearse(wanted, context) {
    rehearsalOnly(context);
    await mustBeIsolated(wanted, wanted.site, context);
    await make(wanted, context);
    return restored(wanted.site, nameOf(wanted.id, context), wanted, context);
  },

  undo: ({ site, id }, context) => discard(site, nameOf(id, context), context),
});

async function make(wanted: Input, context: StepContext): Promise<void> {
  notItself(wanted);
  const { site, source, to } = wanted;
  const id = nameOf(wanted.id, context);
  const backups = await backupsOf(source, site, context);
  const rds = await service('rds', site, context);
  await restore(
    {
      site,
      id,
      place: wanted,
      from: backups.arn,
      async order(common) {
        const moment = momentOf(to, backups);
        await rds.restoreDBInstanceToPointInTime({
          ...common,
          ...backups.source,
          TargetDBInstanceIdentifier: id,
          // RDS may round a moment that it is told, and then refuses its own last one.
          ...(to === 'latest' ? { UseLatestRestorableTime: true } : { RestoreTime: moment }),
          Tags: keptTags(context, wanted.days, { [fromTag]: backups.arn, [pointTag]: moment.toISOString() }),
        });
      },
    },
    context,
  );
}

function notItself({ id, source, site }: Input): void {
  if (id === source) throw new StepError('same-instance', `${id} at ${site} cannot be restored into itself: give another name.`, 'mistake');
}
