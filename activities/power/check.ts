import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { inService } from '../in-service.ts';
import { step, type Outcome, type StepContext } from '../step.ts';
import { readPower } from './read-power.ts';
import { restorePolicy } from './restore-policy.ts';

const input = z.object({
  host: hostName('The host whose power is read, by its name in the inventory.'),
  state: z.enum(['on', 'off']).default('on').describe('What its controller must say: `on` or `off`.'),
});
const output = z.object({
  state: z.enum(['on', 'off']).describe('What the controller says: `on` or `off`.'),
  alive: z.boolean().describe('Whether the host, or a database on it, answers.'),
  restore: restorePolicy
    .nullable()
    .describe(
      'What the host does when its mains power returns: `always-on`, `always-off` or `last-state`; null: its controller does not say.',
    ),
});

export default step({
  name: 'power.check',
  summary: 'Reads the power of a host at its controller and holds it against what was promised and against what the host shows.',
  effect: 'read',
  at: 'target',
  expected: 300,
  timeout: '15 seconds',
  retry: { times: 2, wait: '1 second' },
  input,
  output,
  example: { host: 'a-db', state: 'on' },
  permissions: ["A login at the host's controller that may read its power.", "TCP to the host's `alive` port."],

  preflight: async (wanted, context) => (await checked(wanted, context)).evidence,
  execute: async () => {},
  verify: (wanted, context) => checked(wanted, context),
  proves: true,
  rehearse: (wanted, context) => checked(wanted, inService(context)),
  undo: { none: 'It changes nothing.' },
});

async function checked({ host, state }: z.output<typeof input>, context: StepContext): Promise<Outcome<z.output<typeof output>>> {
  const power = await readPower(host, context);
  if (power.state !== state)
    throw new StepError('power-not-as-promised', `${power.said} It should be ${state}.`, power.state === 'other' ? 'again' : 'person');
  return { outputs: { state: power.state, alive: power.alive, restore: power.restore.policy ?? null }, evidence: power.evidence };
}
