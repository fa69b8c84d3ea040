import { z } from 'zod';
import type { HostFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { hostName } from '../fields.ts';
import { startsAtBoot } from '../host/boot.ts';
import { inService } from '../in-service.ts';
import { beating, note, noted } from '../note.ts';
import { sight } from '../sight.ts';
import { seenBefore } from '../silence.ts';
import { step, type StepContext } from '../step.ts';
import { controllerOf } from './controller.ts';
import { becomes } from './becomes.ts';
import { offByHand } from './by-hand.ts';
import { proveOff } from './prove-off.ts';
import { notPressed, readPower } from './read-power.ts';
import { readRestore, restoreBefore, restoreChanged, restorePolicy } from './restore-policy.ts';

/** What an attempt learnt before it pressed: afterwards the machine cannot be asked any more. */
const before = z.object({
  latched: z.enum(['yes', 'unknown']),
  seen: z.string().nullable(),
  restore: restorePolicy.nullable().default(null),
});

export default step({
  name: 'power.off',
  summary: 'Cuts the power of a host at its controller and proves by a second signal that the host is gone.',
  effect: 'change',
  provides: ['fence'],
  commits: true,
  at: 'target',
  expected: 500,
  timeout: '30 seconds',
  retry: { times: 2, wait: '1 second' },
  input: z.object({ host: hostName('The host whose power is cut, by its name in the inventory.') }),
  output: z.object({
    state: z
      .enum(['off', 'on', 'other'])
      .describe('What the controller says: `off`. In a rehearsal, which presses nothing, what it says of the machine in service.'),
    latched: z.enum(['yes', 'unknown']).describe('Whether the host stays out when its power comes back: `yes` or `unknown`.'),
  }),
  example: { host: 'a-db' },
  permissions: [
    "A login at the host's controller that may switch power and set the power-restore policy: with Redfish the role Operator, with IPMI the level Operator.",
    "The controller's own protocol from the target site to it; TCP from there to the host's `alive` port and to its site's witness.",
    "The right to run the service's `enabled` command on the host.",
  ],

  async preflight({ host: name }, context) {
    const host = context.host(name);
    mustHaveWitness(host);
    const controller = controllerOf(host, context);
    const asked = startsAtBoot(name, context);
    const [takes = [], power, restore, seen] = await Promise.all([
      controller.check?.(),
      controller.state(),
      readRestore(controller.restore, name),
      sight(host, context.system, context.viewpoint),
    ]);
    const sentences = [...takes, `The controller of ${name} says that its power is ${power.word}.`, ...seen.evidence, restore.text];
    if (!seen.witness) sentences.push(noWitnessHere(host, context));
    if (!seen.alive) return [...sentences, `${name} gives no sign of life, so it cannot be asked whether PostgreSQL starts at boot.`];
    const boot = await asked;
    if (boot.latched === 'no') throw bootsIntoService(name);
    return [...sentences, boot.text];
  },

  async execute({ host: name }, context) {
    const host = context.host(name);
    const controller = controllerOf(host, context);
    // Asked beside the rest; of a dead host no answer is waited for.
    const asked = startsAtBoot(name, context);
    const [power, restore, seen] = await beating(
      context,
      Promise.all([controller.state(), readRestore(controller.restore, name), sight(host, context.system, context.viewpoint)]),
    );
    const known = noted(context, before);
    const boot = seen.alive ? (await asked).latched : 'unknown';
    if (boot === 'no') throw bootsIntoService(name);
    note(context, {
      latched: boot === 'yes' ? 'yes' : (known?.latched ?? 'unknown'),
      seen: seen.alive ? seen.at : (known?.seen ?? null),
      restore: known?.restore ?? restore.policy ?? null,
    });
    if (restore.policy !== undefined && restore.policy !== 'always-off') {
      await context.stillOurs();
      // A fence does not fail for it: what the controller says afterwards stands in the evidence.
      await controller.restore?.set('always-off').catch(() => undefined);
    }
    if (power.state === 'off') return;
    await context.stillOurs();
    await becomes('off', controller, host, context);
  },

  async verify({ host: name }, context) {
    const known = noted(context, before);
    const latched = known?.latched ?? latchedBefore(name, context);
    const host = context.host(name);
    const seen = known?.seen ?? context.seen[name] ?? seenBefore({ by: 'power.off', host: name }, context.proofs);
    const [{ at, evidence }, restore] = await beating(
      context,
      Promise.all([proveOff(host, seen, context), readRestore(controllerOf(host, context).restore, name)]),
    );
    const all = [
      ...evidence,
      restore.text,
      ...restoreChanged(name, known?.restore ?? restoreBefore(context.proofs, name)),
      latched === 'yes'
        ? `PostgreSQL on ${name} does not start at boot: it stays out when power returns.`
        : `Whether PostgreSQL on ${name} starts at boot is not known: keep its power off.`,
    ];
    return {
      outputs: { state: 'off' as const, latched },
      proofs: [{ kind: 'fence' as const, by: 'power.off', host: name, at, with: { host: name }, evidence: all, latched }],
      evidence: all,
    };
  },

  proves: true,
  async rehearse({ host: name }, rehearsal) {
    const context = inService(rehearsal);
    const host = context.host(name);
    mustHaveWitness(host);
    const [power, boot] = await Promise.all([readPower(name, context), startsAtBoot(name, context)]);
    if (power.alive && boot.latched === 'no') throw bootsIntoService(name);
    if (!power.witness) throw new StepError('witness-silent', noWitnessHere(host, context), 'person');
    return {
      outputs: { state: power.state, latched: boot.latched === 'yes' ? ('yes' as const) : ('unknown' as const) },
      evidence: [...power.evidence, boot.text, notPressed],
    };
  },
  byHand: offByHand,
  undo: { none: 'Power that returns may bring an old primary back: `power.on` does it when people have decided so.' },
});

function mustHaveWitness({ name, site, witness }: HostFacts): void {
  if (witness) return;
  throw new StepError(
    'no-witness',
    `The inventory names no witness at ${site}: without one a dead host cannot be told from a cut link, and no fence of ${name} can be proven. Add \`sites.${site}.witness\`.`,
    'mistake',
  );
}

function noWitnessHere({ name, site }: HostFacts, { viewpoint }: StepContext): string {
  return `The witness of ${site} does not answer here: as things are, no fence of ${name} could be proven from ${viewpoint}.`;
}

/** A proof that is read again keeps what was known of the latch when it was made. */
function latchedBefore(name: string, context: StepContext): 'yes' | 'unknown' {
  return context.proofs.some((proof) => proof.by === 'power.off' && proof.host === name && proof.latched === 'yes') ? 'yes' : 'unknown';
}

function bootsIntoService(name: string): StepError {
  return new StepError(
    'starts-at-boot',
    `PostgreSQL on ${name} starts at boot: when power returns the old primary would take writes again, so cutting its power is no fence. Nothing was pressed. Disable the service there (\`systemctl disable …\`), then retry.`,
    'person',
  );
}
