import type { Json } from '../plan/plan.ts';
import type { Outcome, StepContext, StepType } from '../activities/step.ts';
import type { StepAnswer, StepCall } from '../workflows/wire.ts';
import { attempt } from './attempt.ts';
import { contextOf } from './context.ts';
import { mayAct } from './may-act.ts';
import type { Site } from './site.ts';

type Activity = (call: StepCall) => Promise<StepAnswer>;

/** The phases of every step type as activities, `<type>.<phase>`. */
export function stepActivities(site: Site): Record<string, Activity> {
  return Object.fromEntries(site.types.flatMap((type) => phases(site, type)));
}

type Acting = Parameters<typeof mayAct>[2];

function phases(site: Site, type: StepType): [string, Activity][] {
  const { rehearse, undo, sweep } = type;
  const phase = (name: Acting | 'verify', work: (input: Json, context: StepContext) => Promise<StepAnswer>): [string, Activity] => [
    `${type.name}.${name}`,
    (call) =>
      attempt(async ({ signal, beat }) => {
        if (name !== 'verify') mayAct(type, call, name);
        return work(call.with, contextOf(site, call, signal, beat));
      }),
  ];
  const named = [
    // Proof costs no round trip of its own: what was done is read back in the same activity.
    phase('execute', async (input, context) => {
      await type.execute(input, context);
      return answer(await type.verify(input, context));
    }),
    phase('verify', async (input, context) => answer(await type.verify(input, context))),
  ];
  if (typeof rehearse === 'function') named.push(phase('rehearse', async (input, context) => answer(await rehearse(input, context))));
  if (sweep !== undefined) named.push(phase('sweep', async (input, context) => ({ outputs: {}, evidence: await sweep(input, context) })));
  if (typeof undo === 'function')
    named.push(phase('undo', async (input, context) => ({ outputs: {}, evidence: await undo(input, context) })));
  return named;
}

const answer = ({ outputs, proofs, ...rest }: Outcome<unknown>): StepAnswer => ({
  ...rest,
  outputs: outputs as Json,
  proofs: proofs ?? [],
});
