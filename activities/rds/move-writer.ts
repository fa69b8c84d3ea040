import { z } from 'zod';
import { account, mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { StepError } from '../error.ts';
import { refusePending } from '../fence/refuse-pending.ts';
import { beating } from '../note.ts';
import { holding, isFresh } from '../postgres/hold.ts';
import { acceptsWrites } from '../postgres/writes.ts';
import type { Outcome, StepContext } from '../step.ts';
import { onDatabase, type Place } from './connect.ts';
import { rdsId, siteField } from './fields.ts';
import { memberAt, readGlobal, waitForGlobal, type Global } from './global.ts';
import { lagSamples } from './lag.ts';

/** What rds.switchover and rds.failover are told: they differ in what they may lose. */
export const moveInput = z.object({
  site: siteField,
  id: rdsId('The cluster at that site which becomes the writer, by its identifier.'),
  global: rdsId('The global cluster of Aurora, by its identifier. Default: the one that the inventory names for the system.').optional(),
});
export const moveOutput = z.object({
  writer: z.string().describe('ARN of the cluster that takes writes.'),
  'promoted-at': z.string().describe('When that was seen, ISO time.'),
  lsn: z
    .string()
    .nullable()
    .describe('Position in the write-ahead log of the first write that this step saw accepted; null where there is no login.'),
});
type Input = z.infer<typeof moveInput>;
type Output = z.infer<typeof moveOutput>;

/** How long a global cluster usually takes to move its writer, milliseconds. */
export const expected = 120_000;

export const moveIam = {
  preflight: ['sts:GetCallerIdentity', 'rds:DescribeGlobalClusters', 'cloudwatch:GetMetricData'],
  execute: (act: 'Switchover' | 'Failover') => [
    'sts:GetCallerIdentity',
    'rds:DescribeGlobalClusters',
    'rds:DescribeDBInstances',
    'rds:DescribeDBClusters',
    `rds:${act}GlobalCluster`,
    'ec2:DescribeSecurityGroups',
  ],
} as const;

export async function mayMove({ site, id, global: named }: Input, context: StepContext): Promise<readonly string[]> {
  await account(site, context);
  const global = await readGlobal(globalOf(named, context), site, context);
  const to = memberAt(global, { site, id }, context);
  const [sample] = await lagSamples({ site, id }, true, context);
  return [
    to.writes
      ? `${id} at ${site} is the writer of ${global.id} already.`
      : `${id} at ${site} is a reader of ${global.id}, which is ${global.status}${to.sync ? `; it is ${to.sync}` : ''}.`,
    sample
      ? `It was ${Math.round(sample.lag)} ms behind at ${new Date(sample.at).toISOString()}, as CloudWatch says.`
      : 'CloudWatch has no lag of it.',
  ];
}

/**
 * Makes a cluster the writer of its global cluster, once the old one is proven unable to serve.
 * @param lose whether what was not replicated may be lost.
 */
export async function moveWriter({ site, id, global: named }: Input, lose: boolean, context: StepContext): Promise<void> {
  const name = globalOf(named, context);
  await refusePending(site, context);
  await account(site, context);
  const arn = await beforeMove({ site, id }, name, context);
  if (arn === null) return;
  const proof = await beating(context, holding(context, oldWriter(context)));
  const rds = await service('rds', site, context);
  await mayChange(site, context);
  if (!isFresh(proof))
    throw new StepError('proof-stale', `The proof of ${proof.by} is older than 5 s: it is read again before ${id} takes writes.`);
  const move = { GlobalClusterIdentifier: name, TargetDbClusterIdentifier: arn };
  if (lose) await rds.failoverGlobalCluster({ ...move, AllowDataLoss: true });
  else await rds.switchoverGlobalCluster(move);
  await waitForGlobal(name, site, expected, (now) => isMoved(now, arn), context);
}

/** Waits for a move that goes on already. Null: the cluster is the writer, and nothing is left to do while a proof holds. */
async function beforeMove(place: Place, name: string, context: StepContext): Promise<string | null> {
  const global = await readGlobal(name, place.site, context);
  const { arn } = memberAt(global, place, context);
  if (global.moving !== null && global.moving !== arn)
    throw new StepError(
      'moves-elsewhere',
      `The global cluster ${name} is just moving its writer to ${global.moving}: wait until that is over, and look again.`,
      'person',
    );
  if (global.moving === arn) await waitForGlobal(name, place.site, expected, (now) => isMoved(now, arn), context);
  if (!isMoved(await readGlobal(name, place.site, context), arn)) return arn;
  await beating(context, holding(context, oldWriter(context)));
  return null;
}

export async function moved({ site, id, global: named }: Input, context: StepContext): Promise<Outcome<Output>> {
  const global = await readGlobal(globalOf(named, context), site, context);
  const { arn } = memberAt(global, { site, id }, context);
  if (!isMoved(global, arn))
    throw new StepError('not-promoted', `${id} at ${site} is not the writer of ${global.id}${global.moving ? ': it is being moved' : ''}.`);
  const others = global.members.filter((member) => member.arn !== arn);
  const second = others.find(({ writes }) => writes);
  if (second)
    throw new StepError('two-primaries', `${second.id} in ${second.region} is a writer of ${global.id} too: isolate it at once.`, 'person');
  const evidence = [
    `${id} at ${site} is the writer of ${global.id}.`,
    ...others.map((member) => `${member.id} in ${member.region} is a reader${member.sync ? `, ${member.sync}` : ''}.`),
  ];
  const outputs = { writer: arn, 'promoted-at': new Date().toISOString(), lsn: null };
  if (!context.system.rds?.login)
    return { outputs, evidence: [...evidence, 'Whether it takes writes was not tried: the inventory gives no `rds.login`.'] };
  const write = await onDatabase({ site, id }, context, (query) => acceptsWrites(query, `${site}/${id}`));
  return {
    outputs: { ...outputs, 'promoted-at': write.at, lsn: write.lsn },
    evidence: [...evidence, `A write was committed and flushed there at ${write.lsn}.`],
  };
}

function isMoved({ members, moving }: Global, arn: string): boolean {
  return moving === null && members.some((member) => member.arn === arn && member.writes);
}

export function globalOf(named: string | undefined, context: StepContext): string {
  const id = named ?? context.system.rds?.global?.toLowerCase();
  if (id !== undefined) return id;
  throw new StepError(
    'rds-no-global',
    `The inventory names no global cluster of ${context.system.name}: give it as \`global\`, or as \`rds.global\` there.`,
    'mistake',
  );
}

function oldWriter({ source, system }: StepContext): string {
  const id = system.rds?.members[source.site]?.toLowerCase();
  if (id !== undefined) return `${source.site}/${id}`;
  throw new StepError('no-source', `The inventory names no cluster of ${system.name} at ${source.site}.`, 'mistake');
}
