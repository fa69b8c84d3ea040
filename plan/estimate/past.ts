import type { StepType } from '../../activities/step.ts';
import type { Plan } from '../plan.ts';
import type { PastRun } from './fit.ts';

/** How long the steps of a run or rehearsal took, as the workflow of its system remembers it. */
export interface Remembered extends PastRun {
  readonly live: boolean;
  /** What steps moved that tell it, bytes. */
  readonly bytes?: { readonly [step: string]: number };
}

/** Below this a copy's time is not its size's, bytes. */
const much = 64e6;

/**
 * What of earlier runs tells something of the next run of this plan. A rehearsal is like rehearsals; a live run is like live ones, and
 * like rehearsals in what those really did, on copies: what they only proved by reading took no such time. What is copied takes its time
 * by its size, so earlier times count for the size of the last. Pure.
 */
export function pastOf(
  plan: Pick<Plan, 'steps' | 'rehearsal'>,
  remembered: readonly Remembered[],
  types: readonly StepType[],
): readonly PastRun[] {
  const rehearsal = plan.rehearsal !== undefined;
  const read = new Set(
    types.flatMap(({ name, proves, effect, rehearse }) => ((proves && effect !== 'read') || typeof rehearse !== 'function' ? [name] : [])),
  );
  const onlyRead = new Set(plan.steps.flatMap((node) => (node.kind === 'step' && read.has(node.action.uses) ? [node.id] : [])));
  const alike = remembered.filter(({ live }) => !rehearsal || !live);
  const newest = new Map<string, number>();
  for (const { bytes = {} } of alike) for (const [step, size] of Object.entries(bytes)) newest.set(step, size);
  return alike.map(({ live, durations, bytes = {} }) => {
    const told = Object.entries(durations).filter(([step]) => rehearsal || live || !onlyRead.has(step));
    return { durations: Object.fromEntries(told.map(([step, took]) => [step, took * growth(bytes[step], newest.get(step))])) };
  });
}

function growth(then: number | undefined, now: number | undefined): number {
  return then === undefined || now === undefined || then < much || now < much ? 1 : now / then;
}
