import { StepError } from '../error.ts';
import { jobBefore } from '../host/job.ts';
import { step } from '../step.ts';
import { orderByHand } from './by-hand.ts';
import { refuseDatabase } from './database.ts';
import { mayOrder, order, readUnit, unitInput, unitOutput } from './unit.ts';

export default step({
  name: 'service.stop',
  summary: 'Stops a service of systemd on a host and reads back that nothing of it runs.',
  effect: 'change',
  expected: 1_500,
  timeout: '3 minutes',
  retry: { times: 2, wait: '1 second' },
  input: unitInput,
  output: unitOutput,
  example: { host: 'a-app', unit: 'orders-app' },
  permissions: ['On a host by SSH: sudo without a password for systemd-run and systemctl.'],

  async preflight(input, context) {
    const unit = await readUnit(input, context);
    await refuseDatabase(input, unit, context);
    return [`${input.unit} on ${input.host} is ${unit.state} (${unit.detail}).`, await mayOrder(input, context)];
  },

  async execute(input, context) {
    const unit = await readUnit(input, context);
    await refuseDatabase(input, unit, context);
    if (!isDown(unit.state)) await order('stop', input, context);
  },

  async verify(input, context) {
    const { state, detail, boot } = await readUnit(input, context);
    if (!isDown(state)) throw new StepError('not-stopped', `${input.unit} on ${input.host} is ${state} (${detail}) after it was stopped.`);
    return { outputs: { state, boot }, evidence: [`${input.unit} on ${input.host} is ${state} (${detail}); at boot: ${boot}.`] };
  },

  rehearse: { none: 'A rehearsal stops no service of a host in service.' },

  byHand: orderByHand('stop'),
  async undo(input, context) {
    const { state } = await readUnit(input, context);
    if (!(await jobBefore(input.host, 'stop', context)))
      return [`${input.unit} on ${input.host} was not stopped by this step: it is left ${state}.`];
    if (state !== 'active') await order('start', input, context, 'undo');
    const after = await readUnit(input, context);
    if (after.state === 'active') return [`${input.unit} on ${input.host} was stopped by this step, and runs again.`];
    throw new StepError('not-started', `${input.unit} on ${input.host} is ${after.state} (${after.detail}) after it was started again.`);
  },
});

function isDown(state: string): boolean {
  return state === 'inactive' || state === 'failed';
}
