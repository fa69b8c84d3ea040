import { z } from 'zod';
import { StepError } from '../error.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { readUnit, unitInput, unitOutput } from './unit.ts';

const input = unitInput.extend({
  state: z
    .enum(['active', 'inactive'])
    .default('active')
    .describe('What it is expected to be: `active` or `inactive`; a failed one is neither.'),
  boot: z
    .enum(['enabled', 'disabled'])
    .optional()
    .describe('Whether it is expected to start at boot: `enabled` or `disabled`. Default: either.'),
});

export default step({
  name: 'service.check',
  summary: 'Reads whether a service of systemd on a host is as expected.',
  effect: 'read',
  expected: 50,
  timeout: '30 seconds',
  retry: { times: 5, wait: '1 second' },
  input,
  output: unitOutput,
  example: { host: 'b-app', unit: 'orders-app', state: 'active', boot: 'enabled' },
  permissions: ['Running systemctl show on the host.'],
  async preflight({ host, unit }, context) {
    const { state, detail, boot } = await readUnit({ host, unit }, context);
    return [`${unit} on ${host} is ${state} (${detail}); at boot: ${boot}.`];
  },
  async execute() {
    // Reading is all there is to it.
  },
  verify: check,
  rehearse: check,
  undo: { none: 'It only reads.' },
});

async function check(
  { host, unit, state: wanted, boot: wantedBoot }: z.infer<typeof input>,
  context: StepContext,
): Promise<Outcome<z.infer<typeof unitOutput>>> {
  const { state, detail, boot } = await readUnit({ host, unit }, context);
  if (state !== wanted) throw new StepError('service-state', `${unit} on ${host} is ${state} (${detail}), not ${wanted}.`);
  // `enabled-runtime` and the like hold until the next boot only.
  if (wantedBoot !== undefined && boot !== wantedBoot && !(wantedBoot === 'disabled' && boot === 'masked'))
    throw new StepError('service-boot', `${unit} on ${host} is ${boot} at boot, not ${wantedBoot}.`, 'person');
  return { outputs: { state, boot }, evidence: [`${unit} on ${host} is ${state} (${detail}); at boot: ${boot}.`] };
}
