import type { Instance } from '@aws-sdk/client-ec2';
import { z } from 'zod';
import { account } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { tagOf, tagSpecifications, tagsFor } from '../aws/tags.ts';
import { StepError } from '../error.ts';
import { hostName, siteName } from '../fields.ts';
import { note, noted } from '../note.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { closedGroup, groupsTag, isClosed } from './closed-group.ts';
import { allowed } from './dry-run.ts';
import { instanceId } from './fields.ts';
import { halt, putBack, sweepHalted } from './halt.ts';
import { becomes, mustBeCopy, standIn, stateOf, thing, theInstance, type Which } from './instance.ts';
import { forget, interfacesOf, remember, setGroups } from './interfaces.ts';
import { knock, silence } from './knock.ts';

const input = z.object({
  site: siteName('The AWS site at which the instance is, by its name in the inventory.'),
  id: instanceId('The instance that is cut off, by its id.'),
  host: hostName('The host of the inventory that it is: its name then stands in the proof.').optional(),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .describe('A TCP port that answers in service: it is knocked at before and after, as seen from the worker. Default: none.')
    .optional(),
  stop: z
    .boolean()
    .describe(
      'Whether it is stopped as well, once nobody can reach it. Security groups keep out new connections only: those that stand go on until they end. Default: true.',
    )
    .default(true),
});
const output = z.object({
  state: z.string().describe('State of the instance, as EC2 says: `stopped`, `terminated`, or `running` where it was not to be stopped.'),
  interfaces: z.array(z.string()).describe('Its network interfaces, by id; none of them lets anything in or out.'),
  groups: z.array(z.string()).describe('The security groups that they are in, by id.'),
});
type Input = z.infer<typeof input>;
type Output = z.infer<typeof output>;

/** What an attempt heard before it cut: afterwards it is silent. */
const before = z.object({ heard: z.string().nullable() });
/** Network interfaces may be attached while others are cut. */
const rounds = 4;

const reads = ['sts:GetCallerIdentity', 'ec2:DescribeInstances', 'ec2:DescribeNetworkInterfaces'];
const acts = [
  ...reads,
  'ec2:CreateSecurityGroup',
  'ec2:CreateTags',
  'ec2:DescribeSecurityGroups',
  'ec2:ModifyNetworkInterfaceAttribute',
  'ec2:RevokeSecurityGroupEgress',
  'ec2:RevokeSecurityGroupIngress',
  'ec2:StopInstances',
];

export default step({
  name: 'ec2.isolate',
  summary: 'Cuts an instance off: every network interface gets a security group that lets nothing in or out, and the instance is stopped.',
  effect: 'change',
  provides: ['fence'],
  outage: true,
  at: 'target',
  expected: 40_000,
  timeout: '6 minutes',
  retry: { times: 2, wait: '1 second' },
  input,
  output,
  example: { site: 'us-east-1', id: 'i-0123456789abcdef0', host: 'c-db', port: 5432, stop: true },
  permissions: [],
  iam: {
    preflight: [...reads, 'ec2:CreateSecurityGroup', 'ec2:CreateTags', 'ec2:ModifyNetworkInterfaceAttribute', 'ec2:StopInstances'],
    execute: acts,
    rehearse: acts,
    undo: [...reads, 'ec2:CreateTags', 'ec2:DeleteTags', 'ec2:ModifyNetworkInterfaceAttribute', 'ec2:StartInstances', 'ec2:StopInstances'],
  },

  async preflight(which, context) {
    const { site, id, stop } = which;
    await account(site, context);
    const instance = await theInstance(which, context);
    const interfaces = await interfacesOf(id, site, context);
    const ec2 = await service('ec2', site, context);
    const [first] = interfaces;
    if (first !== undefined) {
      const tags = tagSpecifications(['security-group' as const], tagsFor(context));
      const group = { GroupName: 'lifeboat-closed-dry-run', Description: 'Is not made.', VpcId: first.vpc, TagSpecifications: tags };
      await allowed(ec2.createSecurityGroup({ ...group, DryRun: true }));
      await allowed(ec2.createTags({ Resources: [first.id], Tags: [{ Key: groupsTag, Value: '' }], DryRun: true }));
      await allowed(ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId: first.id, Groups: [...first.groups], DryRun: true }));
    }
    if (stop && stateOf(instance) === 'running') await allowed(ec2.stopInstances({ InstanceIds: [id], Force: true, DryRun: true }));
    const heard = await knock(which, instance, context);
    return [
      `Instance ${id} at ${site} is ${stateOf(instance)}, with ${interfaces.length} network interface(s); it may be cut off.`,
      ...(heard ? [heard.text] : []),
      ...replacedBy(which, instance),
    ];
  },

  execute: isolate,
  verify: isolated,

  async rehearse(which, context) {
    mustBeCopy(which, await theInstance(which, context), context);
    await isolate(which, context);
    const { proofs: _, ...outcome } = await isolated(which, context);
    return outcome;
  },

  undo: async (which, context) => [...(await openAgain(which, context)), ...(await putBack(which, context))],

  async sweep(which, context) {
    if ((await standIn(which, context)) === undefined) return [];
    return [...(await openAgain(which, context)), ...(await sweepHalted(which, context))];
  },
});

/** Gives every network interface that this step cut off its security groups again. One sentence each. */
async function openAgain({ site, id }: Which, context: StepContext): Promise<readonly string[]> {
  const restored: string[] = [];
  for (const one of await interfacesOf(id, site, context)) {
    if (one.by !== context.key) continue;
    await setGroups(one, one.before, site, context);
    await forget(one, site, context);
    restored.push(`${one.id} of ${id} at ${site} is in its security groups again: ${one.before.join(', ')}.`);
  }
  return restored;
}

async function isolate(which: Input, context: StepContext): Promise<void> {
  const { site, stop } = which;
  const instance = await theInstance(which, context);
  const heard = await knock(which, instance, context);
  note(context, { heard: heard?.answered ? heard.at : (noted(context, before)?.heard ?? null) });
  await closeInterfaces(which, context);
  if (stop) await halt(which, true, context);
  // What ends by itself is waited for: until then it may still write to its disks.
  else if (stateOf(instance) === 'shutting-down') await becomes({ ...which, site }, ['terminated'], 30_000, context);
}

async function closeInterfaces({ site, id }: Which, context: StepContext): Promise<void> {
  for (let round = 1; round <= rounds; round += 1) {
    const open = await openInterfaces({ site, id }, context);
    if (open.length === 0) return;
    for (const one of open) {
      const group = await closedGroup(one.vpc, site, context);
      // One that is in it already was open only because the group had been given a rule.
      if (one.groups.length === 1 && one.groups[0] === group) continue;
      await remember(one, site, context);
      await setGroups(one, [group], site, context);
    }
  }
  const open = await openInterfaces({ site, id }, context);
  if (open.length > 0)
    throw stillOpen(
      { site, id },
      open.map((one) => one.id),
    );
}

async function openInterfaces({ site, id }: Which, context: StepContext) {
  const all = await interfacesOf(id, site, context);
  const closed = await Promise.all(all.map(({ groups }) => isClosed(groups, site, context)));
  return all.filter((_, index) => !closed[index]);
}

async function isolated(which: Input, context: StepContext): Promise<Outcome<Output>> {
  const { site, id, stop } = which;
  const name = thing(which);
  const [instance, interfaces] = await Promise.all([theInstance(which, context), interfacesOf(id, site, context)]);
  const open = await openInterfaces(which, context);
  const state = stateOf(instance);
  if (open.length > 0)
    throw stillOpen(
      which,
      open.map((one) => one.id),
    );
  if (stop && state !== 'stopped' && state !== 'terminated')
    throw new StepError('still-runs', `instance ${id} at ${site} is ${state}: connections that stood before it was cut off may go on`);
  const told = context.proofs.find(({ by, host }) => by === 'ec2.isolate' && host === name);
  const quiet = await silence(which, instance, noted(context, before)?.heard ?? undefined, told, context);
  const at = new Date().toISOString();
  const groups = [...new Set(interfaces.flatMap((one) => one.groups))];
  const evidence = [
    `EC2 said at ${at} that instance ${id} at ${site} is ${state}.`,
    interfaces.length === 0
      ? `It has no network interface.`
      : `Its network interfaces (${interfaces.map((one) => one.id).join(', ')}) are in ${groups.join(', ')} alone, which have no rule: nothing is let in or out, also after a restart.`,
    ...(stop || state !== 'running'
      ? []
      : ['It runs: connections that stood before may go on until they end, for security groups keep out new ones only.']),
    ...quiet,
  ];
  return {
    outputs: { state, interfaces: interfaces.map((one) => one.id), groups },
    proofs: [{ kind: 'fence', by: 'ec2.isolate', host: name, at, with: which, evidence, latched: 'yes' }],
    evidence,
  };
}

function stillOpen({ site, id }: Which, interfaces: readonly string[]): StepError {
  return new StepError(
    'fence-open',
    `instance ${id} at ${site} is not cut off: ${interfaces.join(', ')} is in a security group that has rules`,
  );
}

/** An Auto Scaling group starts another in place of one that it cannot reach. */
function replacedBy({ id }: Which, { Tags }: Instance): readonly string[] {
  const group = tagOf(Tags, 'aws:autoscaling:groupName');
  return group === undefined
    ? []
    : [`${id} belongs to the Auto Scaling group ${group}, which will start another in its place: scale that down too (ec2.scale-group).`];
}
