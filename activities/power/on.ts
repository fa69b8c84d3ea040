import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { startsAtBoot } from '../host/boot.ts';
import { inService } from '../in-service.ts';
import { beating } from '../note.ts';
import { sight } from '../sight.ts';
import { step, type StepContext } from '../step.ts';
import { becomes } from './becomes.ts';
import { controllerOf, type Controller } from './controller.ts';
import { notPressed, readPower } from './read-power.ts';
import { readRestore, restoreBefore } from './restore-policy.ts';

/** How long a machine may take from power to its first sign of life, milliseconds. */
const boots = 240_000;

export default step({
  name: 'power.on',
  summary: 'Switches the power of a host on at its controller, puts its power-restore policy back and waits for its first sign of life.',
  effect: 'change',
  at: 'target',
  expected: 60_000,
  timeout: '5 minutes',
  input: z.object({ host: hostName('The host whose power is switched on, by its name in the inventory.') }),
  output: z.object({
    state: z
      .enum(['on', 'off', 'other'])
      .describe('What the controller says: `on`. In a rehearsal, which presses nothing, what it says of the machine in service.'),
    seen: z.string().nullable().describe('When the host gave a sign of life, ISO time; null: it gave none while it was rehearsed.'),
  }),
  example: { host: 'a-db' },
  permissions: [
    "A login at the host's controller that may switch power and set the power-restore policy: with Redfish the role Operator, with IPMI the level Operator.",
    "The controller's own protocol to it, and TCP to the host's `alive` port.",
  ],

  async preflight({ host: name }, context) {
    const controller = controllerOf(context.host(name), context);
    const takes = (await controller.check?.()) ?? [];
    const power = await controller.state();
    return [...takes, `The controller of ${name} says that its power is ${power.word}.`];
  },

  async execute({ host: name }, context) {
    const host = context.host(name);
    const controller = controllerOf(host, context);
    await putBack(name, controller, context);
    if ((await beating(context, controller.state())).state !== 'on') {
      await context.stillOurs();
      await becomes('on', controller, host, context);
    }
    const until = Date.now() + boots;
    while (!(await sight(host, context.system, context.viewpoint)).alive) {
      if (Date.now() > until) throw silent(name);
      context.heartbeat();
      await context.sleep(200);
    }
  },

  async verify({ host: name }, context) {
    const host = context.host(name);
    const controller = controllerOf(host, context);
    const power = await beating(context, controller.state());
    if (power.state !== 'on')
      throw new StepError('power-not-on', `The controller of ${name} says that its power is ${power.word}, not On.`);
    const seen = await sight(host, context.system, context.viewpoint);
    if (!seen.alive) throw silent(name);
    const [boot, restore] = await Promise.all([startsAtBoot(name, context), readRestore(controller.restore, name)]);
    return {
      outputs: { state: 'on' as const, seen: seen.at },
      evidence: [`The controller of ${name} says On.`, restore.text, ...seen.evidence, boot.text],
    };
  },

  proves: true,
  async rehearse({ host }, context) {
    const { state, alive, at, evidence } = await readPower(host, inService(context));
    return { outputs: { state, seen: alive ? at : null }, evidence: [...evidence, notPressed] };
  },
  undo: { none: 'What runs on the host by now may not be cut without a decision of people: `power.off` does it.' },
});

/** What the fence that stands changed, this puts back; what nobody changed is left alone. No boot fails for it. */
async function putBack(name: string, controller: Controller, context: StepContext): Promise<void> {
  const before = restoreBefore([...context.proofs, ...(await context.fences().catch(() => []))], name);
  if (before === undefined || (await readRestore(controller.restore, name)).policy === before) return;
  await context.stillOurs();
  await controller.restore?.set(before).catch(() => undefined);
}

function silent(name: string): StepError {
  return new StepError(
    'host-silent',
    `The controller of ${name} says On, but the host gives no sign of life: look at its console.`,
    'person',
  );
}
