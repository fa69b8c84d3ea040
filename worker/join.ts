import type { Json } from '../plan/plan.ts';
import type { Outcome, StepType } from '../activities/step.ts';
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

function phases(site: Site, type: StepType): [string, Activity][] {
  const named: [string, Activity][] = [
    // Proof costs no round trip of its own: what was done is read back in the same activity.
    [
      `${type.name}.execute`,
      (call) =>
        attempt(async ({ signal, beat }) => {
          mayAct(type, call, 'execute');
          const context = contextOf(site, call, signal, beat);
          await type.execute(call.with, context);
          return answer(await type.verify(call.with, context));
        }),
    ],
    [
      `${type.name}.verify`,
      (call) => attempt(async ({ signal, beat }) => answer(await type.verify(call.with, contextOf(site, call, signal, beat)))),
    ],
  ];
  const { rehearse, undo, sweep } = type;
  if (typeof rehearse === 'function') {
    named.push([
      `${type.name}.rehearse`,
      (call) =>
        attempt(async ({ signal, beat }) => {
          mayAct(type, call, 'rehearse');
          return answer(await rehearse(call.with, contextOf(site, call, signal, beat)));
        }),
    ]);
  }
  if (sweep !== undefined) {
    named.push([
      `${type.name}.sweep`,
      (call) =>
        attempt(async ({ signal, beat }) => {
          mayAct(type, call, 'sweep');
          return { outputs: {}, evidence: await sweep(call.with, contextOf(site, call, signal, beat)) };
        }),
    ]);
  }
  if (typeof undo === 'function') {
    named.push([
      `${type.name}.undo`,
      (call) =>
        attempt(async ({ signal, beat }) => {
          mayAct(type, call, 'undo');
          return { outputs: {}, evidence: await undo(call.with, contextOf(site, call, signal, beat)) };
        }),
    ]);
  }
  return named;
}

const answer = ({ outputs, proofs, ...rest }: Outcome<unknown>): StepAnswer => ({
  ...rest,
  outputs: outputs as Json,
  proofs: proofs ?? [],
});
