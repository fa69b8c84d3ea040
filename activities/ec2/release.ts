import { z } from 'zod';
import { account } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { StepError } from '../error.ts';
import { pendingAt, refusePending } from '../fence/refuse-pending.ts';
import { hostName, siteName } from '../fields.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { groupsTag, isClosed } from './closed-group.ts';
import { allowed } from './dry-run.ts';
import { instanceId } from './fields.ts';
import { start } from './halt.ts';
import { harmless } from './harmless.ts';
import { ended, stateOf, thing, theInstance } from './instance.ts';
import { forget, interfacesOf, setGroups, type Interface } from './interfaces.ts';
import { mustBeNarrow } from './narrow.ts';

const input = z.object({
  site: siteName('The AWS site at which the instance is, by its name in the inventory.'),
  id: instanceId('The instance that is let back, by its id.'),
  host: hostName('The host of the inventory that it is: its database is asked before anybody else reaches it.').optional(),
  through: z
    .string()
    .regex(/^sg-[0-9a-f]{8,17}$/u, 'the id of a security group, such as sg-0123456789abcdef0')
    .describe(
      'A security group that lets in those who look after the host, and nothing out: through it alone the host is asked. Default: none, for a host that is asked by another way.',
    )
    .optional(),
  start: z.boolean().describe('Whether it is started where it is stopped. Default: true.').default(true),
});
type Input = z.infer<typeof input>;
const output = z.object({
  state: z.string().describe('State of the instance, as EC2 says: `running`, or `stopped` where it was not to be started.'),
  groups: z.array(z.string()).describe('The security groups in which its network interfaces are again, by id.'),
  harmless: z
    .enum(['standby', 'down', 'off', 'unasked'])
    .describe(
      'Why its database cannot write: it is a `standby`, or `down` and does not start at boot; `off`: the host has no power; `unasked`: it is no member of a pair.',
    ),
});
type Output = z.infer<typeof output>;

const reads = [
  'sts:GetCallerIdentity',
  'ec2:DescribeInstances',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSecurityGroups',
  'ec2:StartInstances',
  'ec2:ModifyNetworkInterfaceAttribute',
  'ec2:DeleteTags',
];

export default step({
  name: 'ec2.release',
  summary: 'Lets an instance back that ec2.isolate cut off, once its database can no longer write on its own, and lifts its fence.',
  effect: 'change',
  at: 'target',
  expected: 60_000,
  timeout: '10 minutes',
  retry: { times: 2, wait: '2 seconds' },
  input,
  output,
  example: { site: 'us-east-1', id: 'i-0123456789abcdef0', host: 'c-db', through: 'sg-0123456789abcdef0', start: true },
  permissions: ["A login at the host, with the right to run the service's `enabled` command and to read the control data of PostgreSQL."],
  iam: { preflight: reads, execute: [...reads, 'ec2:CreateTags'] },

  async preflight(which, context) {
    const { site, id, through } = which;
    await account(site, context);
    await mustBeNamed(which, context);
    if (through !== undefined) await mustBeNarrow(through, site, context);
    const [instance, interfaces] = await Promise.all([theInstance(which, context), interfacesOf(id, site, context)]);
    const state = stateOf(instance);
    if (['terminated', 'shutting-down'].includes(state)) throw ended(which, instance);
    const closed = await closedOf(interfaces, site, context);
    for (const one of closed) mustRemember(one, which);
    const ec2 = await service('ec2', site, context);
    for (const { id: eni, before } of closed.slice(0, 1)) {
      await allowed(ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId: eni, Groups: [...before], DryRun: true }));
      await allowed(ec2.deleteTags({ Resources: [eni], Tags: [{ Key: groupsTag }], DryRun: true }));
    }
    if (which.start && state === 'stopped') await allowed(ec2.startInstances({ InstanceIds: [id], DryRun: true }));
    // A step before this one may carry it out.
    const owed = (await pendingAt(site, context)).map(({ host }) => `The fence on ${host} is still owed: fence.settle comes first.`);
    return [
      `Instance ${id} at ${site} is ${state}; ${closed.length} of its ${interfaces.length} network interface(s) let nothing in or out.`,
      ...owed,
    ];
  },

  async execute(which, context) {
    const { site, id, through } = which;
    await refusePending(site, context);
    await mustBeNamed(which, context);
    const closed = await closedOf(await interfacesOf(id, site, context), site, context);
    for (const one of closed) mustRemember(one, which);
    if (through !== undefined) {
      await mustBeNarrow(through, site, context);
      for (const one of closed) await setGroups(one, [through], site, context);
    }
    if (which.start) await start(which, context);
    await harmless(which, which.start, context);
    for (const one of await interfacesOf(id, site, context)) {
      if (one.before.length === 0) continue;
      await setGroups(one, one.before, site, context);
      await forget(one, site, context);
    }
  },

  verify: released,

  rehearse: { none: 'A rehearsal cuts nothing of production off, so there is nothing to let back.' },
  undo: { none: 'A host that cannot write needs no fence; `ec2.isolate` sets one when people have decided so.' },
});

async function released(which: Input, context: StepContext): Promise<Outcome<Output>> {
  const { site, id } = which;
  const [instance, interfaces] = await Promise.all([theInstance(which, context), interfacesOf(id, site, context)]);
  const state = stateOf(instance);
  if (which.start && state !== 'running') throw new StepError('not-running', `instance ${id} at ${site} is ${state}`);
  const closed = await closedOf(interfaces, site, context);
  const shut = interfaces.filter((one) => closed.includes(one) || one.before.length > 0);
  if (shut.length > 0)
    throw new StepError(
      'not-released',
      `instance ${id} at ${site} is still cut off: ${shut.map((one) => `${one.id} is in ${one.groups.join(', ')}`).join('; ')}`,
    );
  const found = await harmless(which, false, context);
  const groups = [...new Set(interfaces.flatMap((one) => one.groups))];
  return {
    outputs: { state, groups, harmless: found.harmless },
    lifts: context.run.live ? [thing(which)] : [],
    evidence: [
      `EC2 says that instance ${id} at ${site} is ${state}, with its network interfaces in ${groups.join(', ')} again.`,
      found.text,
    ],
  };
}

/** A fence knows what it stands on by one name: released under another it would stand for ever, and its database would go unasked. */
async function mustBeNamed(which: Input, context: StepContext): Promise<void> {
  const named = z.object({ site: z.string(), id: z.string() });
  const fence = (await context.fences()).find((one) => {
    const on = named.safeParse(one.with).data;
    return one.kind === 'fence' && on?.site === which.site && on.id === which.id;
  });
  if (fence === undefined || fence.host === thing(which)) return;
  throw new StepError(
    'other-name',
    `the fence on ${which.id} at ${which.site} stands under the name ${fence.host}: give \`host: ${fence.host}\``,
    'mistake',
  );
}

async function closedOf(interfaces: readonly Interface[], site: string, context: StepContext): Promise<readonly Interface[]> {
  const closed = await Promise.all(interfaces.map(({ groups }) => isClosed(groups, site, context)));
  return interfaces.filter((_, index) => closed[index]);
}

/** @throws StepError `groups-forgotten`. */
function mustRemember({ id, before, groups }: Interface, which: Input): void {
  if (before.length > 0) return;
  throw new StepError(
    'groups-forgotten',
    `${id} of ${which.id} at ${which.site} is in ${groups.join(', ')}, which let nothing in or out, and has no tag ${groupsTag}: nobody wrote down in which groups it was. Put it into them by hand, then retry`,
    'person',
  );
}
