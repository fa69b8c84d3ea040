import type { DBInstance } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { account } from '../aws/account.ts';
import { tag, tagOf } from '../aws/tags.ts';
import { nameFor } from '../aws/token.ts';
import { StepError } from '../error.ts';
import { rdsId, siteField } from '../rds/fields.ts';
import { newestBackup } from '../rds/newest-backup.ts';
import { mayPlace, mustBeIsolated, placement } from '../rds/placed.ts';
import { mayHold } from '../rds/quota.ts';
import { findInstance, readInstance } from '../rds/read.ts';
import { restoreSnapshot } from '../rds/restore-snapshot.ts';
import { actions, expected, restored } from '../rds/restored.ts';
import { fromTag, takenAt } from '../rds/saved.ts';
import { take } from '../rds/take.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { copiesOf } from './place.ts';

const input = z.object({
  site: siteField,
  id: rdsId('The copy, by the identifier that the rehearsal gives it.'),
  of: rdsId('The member of production there that it stands in for; that is only read.'),
  from: z
    .enum(['member', 'backup'])
    .default('member')
    .describe('What it is made of: a snapshot of that member, taken for it, or the newest backup of the system that lies there.'),
  ...placement,
});
const output = z.object({
  of: z.string().describe('The member of production that it stands in for.'),
  from: z.string().describe('The snapshot that it was restored from, by its ARN.'),
  at: z.string().describe('The moment up to which it holds the data, ISO time.'),
  class: z.string().describe('Its class.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

const making = ['rds:CreateDBSnapshot', 'rds:DeleteDBSnapshot', 'rds:DescribeDBSnapshots', 'rds:RestoreDBInstanceFromDBSnapshot'];

export default step({
  name: 'copy.rds',
  summary: 'Restores a copy of a database of RDS, for a rehearsal: where no way leads out, under an identifier of its own.',
  effect: 'change',
  expected: expected + 180_000,
  timeout: '12 hours',
  retry: { times: 5, wait: '10 seconds' },
  input,
  output,
  example: {
    site: 'us-west-2',
    id: 'copy-of-shop-db-west',
    of: 'shop-db-west',
    from: 'member',
    subnets: 'shop-isolated',
    groups: ['sg-0123456789abcdef0'],
    classes: [],
    'backup-days': 0,
    'multi-az': false,
  },
  permissions: ['The right kms:CreateGrant on the key of the snapshot, with which RDS decrypts in the name of the caller.'],
  iam: {
    preflight: [...actions.preflight, 'rds:DescribeDBSnapshots'],
    rehearse: [...actions.execute, ...making, 'ec2:DescribeSubnets', 'ec2:DescribeRouteTables'],
  },

  async preflight(wanted, context) {
    const { site, id, of, from } = wanted;
    await account(site, context);
    mustBeOurs(wanted, context);
    const [member, there, room] = await Promise.all([
      readInstance(site, of, context),
      findInstance(site, id, context),
      mayHold('instances', site, context),
    ]);
    if (there) mustBeMade(there, wanted, context);
    const source = from === 'member' ? `A snapshot of ${of} is taken for it.` : await sourceIn(wanted, context);
    return [source, `The name ${id} is free at ${site}.`, ...(await mayPlace(wanted, member, site, context)), room];
  },

  async execute() {
    throw new StepError('rehearsal-only', 'A live run makes no copies.', 'mistake');
  },

  verify: (wanted, context) => standing(wanted, context),

  async rehearse(wanted, context) {
    const { site, id } = wanted;
    mustBeOurs(wanted, context);
    await mustBeIsolated(wanted, site, context);
    const there = await findInstance(site, id, context);
    if (there) mustBeMade(there, wanted, context);
    const snapshot = tagOf(there?.TagList, fromTag) ?? (await snapshotFor(wanted, context));
    await restoreSnapshot({ ...wanted, snapshot }, context);
    return standing(wanted, context);
  },

  undo: { none: 'A rehearsal takes its copies away by itself.' },
});

/** The name of what it is restored from; taken where it is to be of the member as it is now. */
async function snapshotFor({ site, of, from }: Input, context: StepContext): Promise<string> {
  if (from === 'backup') return (await newestBackup(site, context)).DBSnapshotIdentifier!;
  const name = nameFor(context, of);
  await take({ site, id: of, name, days: undefined }, context);
  return name;
}

async function sourceIn({ site }: Input, context: StepContext): Promise<string> {
  const newest = await newestBackup(site, context);
  return `The newest backup at ${site} is ${newest.DBSnapshotIdentifier}, of ${takenAt(newest)}.`;
}

/** Throws where the plan has no such copy: then the identifier may be production's. */
function mustBeOurs({ site, id, of }: Input, context: StepContext): void {
  const { rds, inService } = copiesOf(context);
  if (rds?.site === site && rds.id === id && rds.of === of && inService.rds?.members[site] !== id) return;
  throw new StepError('not-a-copy', `${id} at ${site} is no copy of this rehearsal.`, 'mistake');
}

function mustBeMade({ TagList, DBInstanceStatus }: DBInstance, { site, id }: Input, context: StepContext): void {
  if (tagOf(TagList, tag.key) === context.key) return;
  const [purpose, run] = [tagOf(TagList, tag.purpose), tagOf(TagList, tag.run)];
  throw new StepError(
    'copy-there',
    purpose === 'rehearsal'
      ? `${id} at ${site} is ${DBInstanceStatus} and was made by ${run} until ${tagOf(TagList, tag.expires)}: \`lifeboat sweep ${context.system.name}\` takes it away.`
      : `${id} at ${site} was made by no rehearsal: it is left alone. Give it another name; a copy is called so.`,
    'person',
  );
}

async function standing(wanted: Input, context: StepContext): Promise<Outcome<Output>> {
  const { site, of } = wanted;
  const { outputs, evidence } = await restored(site, wanted.id, wanted, context);
  const at = outputs['recovery-point'];
  return {
    outputs: { of, from: outputs.from, at, class: outputs.class },
    findings: stale(at, site, context),
    evidence: [...evidence, 'No way leads out of its subnets: whatever runs in it by a schedule or a subscription reaches nothing.'],
  };
}

/** What it holds is older than backups may be. */
function stale(at: string, site: string, { system, run, step }: StepContext): NonNullable<Outcome<Output>['findings']> {
  const promised = system.promised?.backup;
  const age = Date.parse(run.startedAt) - Date.parse(at);
  if (promised === undefined || !(age > promised)) return [];
  const text = `The newest backup of ${system.name} at ${site} is of ${at}: ${Math.round(age / 3_600_000)} hours old, and ${promised / 3_600_000} are promised.`;
  return [{ subject: step.id, code: 'backup-stale', weight: 'must', text }];
}
