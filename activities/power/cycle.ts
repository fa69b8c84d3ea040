import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { startsAtBoot } from '../host/boot.ts';
import { inService } from '../in-service.ts';
import { beating, note, noted } from '../note.ts';
import { askMember } from '../postgres/member.ts';
import { sight } from '../sight.ts';
import { step, type StepContext } from '../step.ts';
import { becomes } from './becomes.ts';
import { controllerOf } from './controller.ts';
import { notPressed, readPower } from './read-power.ts';

/** How long a machine may take from power to its first sign of life, milliseconds. */
const boots = 240_000;
/** How far an attempt got; `off`: ISO time at which the controller read off. */
const progress = z.object({ off: z.string().nullable() });

export default step({
  name: 'power.cycle',
  summary: 'Cuts the power of a host at its controller, reads that it is off, switches it on and waits for its first sign of life.',
  effect: 'change',
  at: 'target',
  expected: 60_000,
  timeout: '5 minutes',
  input: z.object({ host: hostName('The host whose power is cut and switched on again, by its name in the inventory.') }),
  output: z.object({
    state: z
      .enum(['on', 'off', 'other'])
      .describe('What the controller says: `on`. In a rehearsal, which presses nothing, what it says of the machine in service.'),
    off: z.string().nullable().describe('When the controller read off, ISO time; null in a rehearsal.'),
    seen: z.string().nullable().describe('When the host gave a sign of life, ISO time; null: it gave none while it was rehearsed.'),
  }),
  example: { host: 'a-app' },
  permissions: [
    "A login at the host's controller that may switch power: with Redfish the role Operator, with IPMI the level Operator.",
    "The controller's own protocol from the target site to it; TCP from there to the host's `alive` port.",
  ],

  async preflight({ host: name }, context) {
    const host = context.host(name);
    await refusePrimary(name, context);
    const controller = controllerOf(host, context);
    const takes = (await controller.check?.()) ?? [];
    const [power, seen] = await Promise.all([controller.state(), sight(host, context.system, context.viewpoint)]);
    return [...takes, `The controller of ${name} says that its power is ${power.word}.`, ...seen.evidence];
  },

  async execute({ host: name }, context) {
    const host = context.host(name);
    const controller = controllerOf(host, context);
    const cutBefore = noted(context, progress);
    if (!cutBefore?.off) {
      await refusePrimary(name, context);
      const power = await beating(context, controller.state());
      // An attempt that noted that it would press, and found the machine off, pressed.
      if (!(cutBefore && power.state === 'off')) {
        note(context, { off: null });
        await context.stillOurs();
        await becomes('off', controller, host, context);
      }
      note(context, { off: new Date().toISOString() });
    }
    if ((await beating(context, controller.state())).state !== 'on') {
      await context.stillOurs();
      await becomes('on', controller, host, context);
    }
    for (const until = Date.now() + boots; !(await beating(context, sight(host, context.system, context.viewpoint))).alive;) {
      if (Date.now() > until) throw silent(name);
      await context.sleep(200);
    }
  },

  async verify({ host: name }, context) {
    const host = context.host(name);
    const off = noted(context, progress)?.off;
    if (!off)
      throw new StepError(
        'power-not-cycled',
        `Nothing here has seen the power of ${name} off, so it is not known whether it was cycled: retry, or skip with a reason.`,
        'person',
      );
    const power = await beating(context, controllerOf(host, context).state());
    if (power.state !== 'on')
      throw new StepError('power-not-on', `The controller of ${name} says that its power is ${power.word}, not On.`);
    const seen = await sight(host, context.system, context.viewpoint);
    if (!seen.alive) throw silent(name);
    const boot = await startsAtBoot(name, context);
    return {
      outputs: { state: 'on' as const, off, seen: seen.at },
      evidence: [`The controller of ${name} read Off at ${off}, and says On.`, ...seen.evidence, boot.text],
    };
  },

  proves: true,
  async rehearse({ host }, context) {
    const { state, alive, at, evidence } = await readPower(host, inService(context));
    return { outputs: { state, off: null, seen: alive ? at : null }, evidence: [...evidence, notPressed] };
  },
  undo: { none: 'A machine that was started anew cannot be brought back to what it ran before.' },
});

/** A primary is never cycled: that would be an outage without a gate, and it would come back with its database down. */
async function refusePrimary(name: string, context: StepContext): Promise<void> {
  const members = context.system.postgres?.members ?? {};
  if (!Object.values(members).includes(name)) return;
  // What serves and is silent from here may be heard elsewhere.
  const silentIs = members[context.source.site] === name;
  const primary = await beating(context, askMember(context.host(name), context.system, context, 1_000)).then(
    ({ recovering }) => !recovering,
    () => silentIs,
  );
  if (!primary) return;
  throw new StepError(
    'host-serves',
    `${name} is where ${context.system.name} serves: cycling its power would be an outage. Move the system first, or cut it off with power.off.`,
    'person',
  );
}

function silent(name: string): StepError {
  return new StepError(
    'host-silent',
    `The controller of ${name} says On, but the host gives no sign of life: look at its console.`,
    'person',
  );
}
