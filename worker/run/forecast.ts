import type { Client } from '@temporalio/client';
import { pastOf, type Remembered } from '../../plan/estimate/past.ts';
import { effort, forecast } from '../../plan/estimate/forecast.ts';
import { inShort } from '../../plan/estimate/say.ts';
import type { Mode, Plan } from '../../plan/plan.ts';
import { duration } from '../../record/words.ts';
import type { StepType } from '../../activities/step.ts';
import { systemId, type Foretold, type SystemState } from '../../workflows/wire.ts';

/** The system's workflow has this long to tell what it remembers, milliseconds: no run waits longer for an estimate. */
const patience = 1_000;

export type Memories = { readonly [runbook: string]: readonly Remembered[] };

/** Durations of earlier runs of a system, by runbook; null where nobody told in time. */
export async function remembered(client: Client, system: string): Promise<Memories | null> {
  const ask = (): Promise<SystemState> => client.workflow.getHandle(systemId(system)).query<SystemState>('state');
  return client.withDeadline(Date.now() + patience, ask).then(
    ({ measured }) => measured ?? {},
    (error: unknown) => ((error as Error).name === 'WorkflowNotFoundError' ? {} : null),
  );
}

/** How long the plan will take, by what is remembered. */
export function foretell(plan: Plan, mode: Mode, past: Memories, types: readonly StepType[]): Foretold {
  const told = forecast(plan, mode, pastOf(plan, past[plan.runbook] ?? [], types), 1, effort.brief);
  return { ...told, mode, text: inShort(told, duration) };
}
