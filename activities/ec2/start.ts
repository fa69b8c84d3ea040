import { z } from 'zod';
import { account } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { StepError } from '../error.ts';
import { refusePending } from '../fence/refuse-pending.ts';
import { hostName, siteName } from '../fields.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { allowed } from './dry-run.ts';
import { instanceId } from './fields.ts';
import { putBack, start, sweepHalted } from './halt.ts';
import { ended, mustBeCopy, stateOf, thing, theInstance } from './instance.ts';
import { isReady } from './status.ts';

const input = z.object({
  site: siteName('The AWS site at which the instance is, by its name in the inventory.'),
  id: instanceId('The instance that is started, by its id.'),
  host: hostName('The host of the inventory that it is.').optional(),
});
const output = z.object({
  state: z.literal('running').describe('What EC2 says: `running`, with its status checks passed.'),
  address: z.string().describe('Its private address.'),
  zone: z.string().describe('The availability zone in which it is.'),
});
type Input = z.infer<typeof input>;

const actions = ['sts:GetCallerIdentity', 'ec2:DescribeInstances', 'ec2:DescribeInstanceStatus', 'ec2:CreateTags', 'ec2:StartInstances'];

export default step({
  name: 'ec2.start',
  summary: 'Starts an instance on which no fence stands, and waits until it runs and passes its status checks.',
  effect: 'change',
  expected: 60_000,
  timeout: '15 minutes',
  retry: { times: 3, wait: '2 seconds' },
  input,
  output,
  example: { site: 'us-west-2', id: 'i-0123456789abcdef0' },
  permissions: [],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'ec2:DescribeInstances', 'ec2:StartInstances'],
    execute: actions,
    rehearse: actions,
    undo: [...actions, 'ec2:DeleteTags', 'ec2:StopInstances'],
  },

  async preflight(which, context) {
    const { site, id } = which;
    await account(site, context);
    await refuseFenced(which, context);
    const instance = await theInstance(which, context);
    const state = stateOf(instance);
    if (['terminated', 'shutting-down'].includes(state)) throw ended(which, instance);
    if (state === 'stopped') await allowed((await service('ec2', site, context)).startInstances({ InstanceIds: [id], DryRun: true }));
    return [`Instance ${id} at ${site} is ${state} and may be started.`];
  },

  async execute(which, context) {
    await refuseFenced(which, context);
    await start(which, context);
    await isReady(which, context);
  },

  verify: running,

  async rehearse(which, context) {
    mustBeCopy(which, await theInstance(which, context), context);
    await start(which, context);
    await isReady(which, context);
    return running(which, context);
  },

  undo: putBack,
  sweep: sweepHalted,
});

/** @throws StepError `fenced`, `fence-pending`. */
async function refuseFenced(which: Input, context: StepContext): Promise<void> {
  await refusePending(which.site, context);
  const fences = [...(await context.fences()), ...context.proofs];
  const names = [thing(which), `${which.site}/${which.id}`];
  const fence = fences.find(({ kind, host }) => kind === 'fence' && names.includes(host));
  if (fence === undefined) return;
  throw new StepError(
    'fenced',
    `a fence stands on ${fence.host} (${fence.by}, ${fence.at}): started, it could take writes beside what was promoted in its place. Nothing was started`,
    'person',
  );
}

async function running(which: Input, context: StepContext): Promise<Outcome<z.infer<typeof output>>> {
  const { site, id } = which;
  const instance = await theInstance(which, context);
  const state = stateOf(instance);
  if (state !== 'running') throw new StepError('not-running', `instance ${id} at ${site} is ${state}`);
  return {
    outputs: { state, address: instance.PrivateIpAddress ?? '', zone: instance.Placement?.AvailabilityZone ?? '' },
    evidence: [`EC2 says that instance ${id} at ${site} is running at ${instance.PrivateIpAddress ?? 'no address'}.`],
  };
}
