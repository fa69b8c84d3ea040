import { z } from 'zod';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { inService, nameInService } from '../in-service.ts';
import { beating } from '../note.ts';
import { step } from '../step.ts';
import { cannotWrite } from './cannot-write.ts';
import { cutsOf } from './cuts.ts';
import { lineState, setLine } from './line.ts';

export default step({
  name: 'fence.lift',
  summary: 'Opens the lines at which a host was cut off, once the host can no longer write on its own, and lifts its fence.',
  effect: 'change',
  at: 'target',
  expected: 1_000,
  timeout: '1 minute',
  retry: { times: 2, wait: '1 second' },
  input: z.object({ host: hostName('The host whose fence is lifted, by its name in the inventory.') }),
  output: z.object({
    opened: z.array(z.string()).describe('The lines that are open, one phrase each; none where the inventory names no line.'),
    harmless: z
      .enum(['standby', 'down', 'off', 'serves'])
      .describe(
        'Why the host cannot write: it is a `standby`, PostgreSQL is `down` there and does not start at boot, or its power is `off`. In a rehearsal alone it may be that it `serves`: then its fence would not be lifted.',
      ),
  }),
  example: { host: 'a-db' },
  permissions: [
    "A login at the devices that cut the lines, which may run the inventory's `heal` and `state` commands there.",
    "A login at the host, with the right to run the service's `enabled` command and to read the control data of PostgreSQL; or one at its controller.",
  ],

  async preflight({ host: name }, context) {
    const host = context.host(name);
    const states = await Promise.all(
      cutsOf(host).map(({ line, what }) =>
        lineState(line, what, context).then(
          (state) => `${line.device.name} says that ${what} is ${state}.`,
          // A switch behind a router that is cut is heard once that is open.
          (error: StepError) => `The state of ${what} cannot be read: ${error.message}`,
        ),
      ),
    );
    // What forbids it now may be what the steps before this one change.
    const harmless = await cannotWrite(name, context).then(
      ({ text }) => text,
      (error: StepError) => `As things are, the fence may not be lifted: ${error.message}`,
    );
    return [...states, harmless];
  },

  async execute({ host: name }, context) {
    await beating(context, cannotWrite(name, context));
    // The way to a switch leads through its site's router.
    for (const { line, what } of cutsOf(context.host(name)).toReversed()) await setLine(line, 'open', what, context);
  },

  async verify({ host: name }, context) {
    const cuts = cutsOf(context.host(name));
    for (const { line, what } of cuts)
      if ((await lineState(line, what, context)) !== 'open')
        throw new StepError('line-cut', `${line.device.name} says that ${what} is still cut.`);
    const { harmless, text } = await beating(context, cannotWrite(name, context));
    return {
      outputs: { opened: cuts.map(({ what }) => what), harmless },
      lifts: [name],
      evidence: [...cuts.map(({ line, what }) => `${line.device.name} says that ${what} is open.`), text],
    };
  },

  proves: true,
  async rehearse({ host: name }, rehearsal) {
    const context = inService(rehearsal);
    const there = nameInService(name, rehearsal);
    const cuts = cutsOf(context.host(there));
    const states = await beating(context, Promise.all(cuts.map(({ line, what }) => lineState(line, what, context))));
    const found = await beating(context, cannotWrite(there, context)).catch((error: StepError) => {
      if (error.code !== 'still-primary') throw error;
      return { harmless: 'serves' as const, text: `As things are, the fence would not be lifted: ${error.message}` };
    });
    return {
      outputs: { opened: cuts.flatMap(({ what }, nth) => (states[nth] === 'open' ? [what] : [])), harmless: found.harmless },
      evidence: [
        ...cuts.map(({ line, what }, nth) => `${line.device.name} says that ${what} is ${states[nth]}.`),
        found.text,
        'Nothing was opened.',
      ],
    };
  },

  undo: { none: 'A host that cannot write needs no fence; `fence.network` or `power.off` sets one when people have decided so.' },
});
