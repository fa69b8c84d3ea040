import { StepError } from '../error.ts';
import { jobBefore } from '../host/job.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { orderByHand } from './by-hand.ts';
import { refuseDatabase } from './database.ts';
import { mayOrder, order, readUnit, unitInput, unitOutput, type UnitInput } from './unit.ts';

/** How long a service must stay up to count as started, milliseconds. */
const steady = 500;

export default step({
  name: 'service.start',
  summary: 'Starts a service of systemd on a host and reads back that it runs and stays up.',
  effect: 'change',
  expected: 1_500,
  timeout: '3 minutes',
  retry: { times: 2, wait: '1 second' },
  input: unitInput,
  output: unitOutput,
  example: { host: 'b-app', unit: 'orders-app' },
  permissions: ['On a host by SSH: sudo without a password for systemd-run and systemctl.'],

  async preflight(input, context) {
    const unit = await readUnit(input, context);
    await refuseDatabase(input, unit, context);
    return [`${input.unit} on ${input.host} is ${unit.state} (${unit.detail}).`, await mayOrder(input, context)];
  },

  async execute(input, context) {
    const unit = await readUnit(input, context);
    await refuseDatabase(input, unit, context);
    if (unit.state !== 'active') await order('start', input, context);
  },

  verify: runs,
  rehearse: { none: 'A rehearsal starts no service of a host in service.' },

  byHand: orderByHand('start'),
  async undo(input, context) {
    const { state } = await readUnit(input, context);
    if (!(await jobBefore(input.host, 'start', context)))
      return [`${input.unit} on ${input.host} was not started by this step: it is left ${state}.`];
    if (state !== 'inactive' && state !== 'failed') await order('stop', input, context, 'undo');
    const after = await readUnit(input, context);
    if (after.state === 'inactive' || after.state === 'failed')
      return [`${input.unit} on ${input.host} was started by this step, and is stopped again.`];
    throw new StepError('not-stopped', `${input.unit} on ${input.host} is ${after.state} (${after.detail}) after it was stopped.`);
  },
});

/** It runs, and is still the same one a moment later: many a service is `active` until it has read its configuration. */
async function runs(input: UnitInput, context: StepContext): Promise<Outcome<{ state: string; boot: string }>> {
  const first = await readUnit(input, context);
  if (first.state === 'active') await context.sleep(steady);
  const unit = first.state === 'active' ? await readUnit(input, context) : first;
  if (unit.state === 'active' && unit.invocation === first.invocation) {
    const seen = `${input.unit} on ${input.host} is active (${unit.detail}), and was so ${steady} ms before.`;
    return { outputs: { state: unit.state, boot: unit.boot }, evidence: [seen] };
  }
  throw new StepError(
    'not-started',
    `${input.unit} on ${input.host} is ${unit.state} (${unit.detail})${unit.state === 'active' ? ', and starts again and again' : ''}: \`journalctl -u ${input.unit}\` there says why.`,
  );
}
