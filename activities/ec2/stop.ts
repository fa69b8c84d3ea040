import { z } from 'zod';
import { account } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { StepError } from '../error.ts';
import { hostName, siteName } from '../fields.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { allowed } from './dry-run.ts';
import { instanceId } from './fields.ts';
import { halt, putBack, sweepHalted } from './halt.ts';
import { ended, mustBeCopy, stateOf, theInstance } from './instance.ts';

const input = z.object({
  site: siteName('The AWS site at which the instance is, by its name in the inventory.'),
  id: instanceId('The instance that is stopped, by its id.'),
  host: hostName('The host of the inventory that it is.').optional(),
  force: z
    .boolean()
    .describe('Whether it is stopped without waiting for its operating system, as by pulling the plug. Default: false.')
    .default(false),
});
const output = z.object({ state: z.literal('stopped').describe('What EC2 says: `stopped`.') });
type Input = z.infer<typeof input>;

const actions = ['sts:GetCallerIdentity', 'ec2:DescribeInstances', 'ec2:CreateTags', 'ec2:StopInstances'];

export default step({
  name: 'ec2.stop',
  summary: 'Stops an instance and waits until EC2 says that it is stopped; it is no fence, for anyone may start it again.',
  effect: 'change',
  expected: 40_000,
  timeout: '15 minutes',
  retry: { times: 3, wait: '2 seconds' },
  input,
  output,
  example: { site: 'us-east-1', id: 'i-0123456789abcdef0', force: false },
  permissions: [],
  iam: {
    preflight: ['sts:GetCallerIdentity', 'ec2:DescribeInstances', 'ec2:StopInstances'],
    execute: actions,
    rehearse: actions,
    undo: [...actions, 'ec2:DeleteTags', 'ec2:StartInstances'],
  },

  async preflight(which, context) {
    const { site, id, force } = which;
    await account(site, context);
    const instance = await theInstance(which, context);
    const state = stateOf(instance);
    if (['terminated', 'shutting-down'].includes(state)) throw ended(which, instance);
    if (state === 'running')
      await allowed((await service('ec2', site, context)).stopInstances({ InstanceIds: [id], Force: force, DryRun: true }));
    return [`Instance ${id} at ${site} is ${state} and may be stopped.`];
  },

  execute: (which, context) => halt(which, which.force, context),
  verify: stopped,

  async rehearse(which, context) {
    mustBeCopy(which, await theInstance(which, context), context);
    await halt(which, which.force, context);
    return stopped(which, context);
  },

  undo: putBack,
  sweep: sweepHalted,
});

async function stopped(which: Input, context: StepContext): Promise<Outcome<z.infer<typeof output>>> {
  const { site, id } = which;
  const instance = await theInstance(which, context);
  const state = stateOf(instance);
  if (state === 'stopped') return { outputs: { state }, evidence: [`EC2 says that instance ${id} at ${site} is stopped.`] };
  if (state === 'terminated') throw ended(which, instance);
  throw new StepError('not-stopped', `instance ${id} at ${site} is ${state}`);
}
