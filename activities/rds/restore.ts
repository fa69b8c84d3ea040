import { z } from 'zod';
import { account } from '../aws/account.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import { step } from '../step.ts';
import { discard } from './discard.ts';
import { rdsId, siteField, snapshotName } from './fields.ts';
import { mayPlace, mustBeIsolated, placement } from './placed.ts';
import { mayHold } from './quota.ts';
import { mayUse, restoreSnapshot } from './restore-snapshot.ts';
import { actions, expected, madeHere, nameOf, restored, restoredOutput } from './restored.ts';
import { findSnapshot } from './saved.ts';

const input = z.object({
  site: siteField,
  snapshot: snapshotName('The snapshot at that site, by its name or ARN.'),
  id: rdsId('Identifier that the new instance gets. Never that of an instance that is there.'),
  ...placement,
});
const restores = ['rds:DescribeDBSnapshots', 'rds:RestoreDBInstanceFromDBSnapshot'];

export default step({
  name: 'rds.restore',
  summary: 'Restores a snapshot of a database into a new instance that lets nobody in unless it is said, and waits until it is available.',
  effect: 'change',
  expected,
  timeout: '12 hours',
  retry: { times: 5, wait: '10 seconds' },
  input,
  output: restoredOutput,
  example: {
    site: 'us-west-2',
    snapshot: 'shop-db-nightly',
    id: 'shop-db-restored',
    subnets: 'shop-isolated',
    groups: ['sg-0123456789abcdef0'],
    classes: ['db.m7g.large', 'db.m6g.large'],
    parameters: 'shop-postgres16',
    'backup-days': 0,
    'multi-az': false,
    days: 1,
  },
  permissions: ['The right kms:CreateGrant on the key of the snapshot, with which RDS decrypts in the name of the caller.'],
  iam: {
    preflight: [...actions.preflight, 'rds:DescribeDBSnapshots'],
    execute: [...actions.execute, ...restores],
    rehearse: [...actions.execute, ...restores, 'ec2:DescribeSubnets', 'ec2:DescribeRouteTables'],
    undo: actions.undo,
  },

  async preflight(wanted, context) {
    const { site, snapshot } = wanted;
    await account(site, context);
    const id = nameOf(wanted.id, context);
    const [found, there, room] = await Promise.all([
      findSnapshot(site, snapshot, context),
      madeHere(site, id, context),
      mayHold('instances', site, context),
    ]);
    if (found) mayUse(found, site);
    // A step before this one may be to make the snapshot: then of its engine nothing is known yet.
    const where = await mayPlace(wanted, found ?? {}, site, context);
    return [
      found ? `${snapshot} at ${site} is ${found.Status}.` : `${snapshot} is not at ${site} yet.`,
      there ? `${id} at ${site} is there already, made by this step.` : `The name ${id} is free at ${site}.`,
      ...where,
      room,
    ];
  },

  execute: (wanted, context) => restoreSnapshot({ ...wanted, id: nameOf(wanted.id, context) }, context),
  verify: (wanted, context) => restored(wanted.site, nameOf(wanted.id, context), wanted, context),

  async rehearse(wanted, context) {
    rehearsalOnly(context);
    await mustBeIsolated(wanted, wanted.site, context);
    await restoreSnapshot({ ...wanted, id: nameOf(wanted.id, context) }, context);
    return restored(wanted.site, nameOf(wanted.id, context), wanted, context);
  },

  undo: ({ site, id }, context) => discard(site, nameOf(id, context), context),
});
