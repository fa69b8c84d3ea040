import { defaultPayloadConverter } from '@temporalio/common';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { PlanHeader, PlanNode } from '../plan/plan.ts';
import type { Compiled, RunInput } from '../workflows/wire.ts';

/** The plan that a run was pinned to last: what its parent gave it, else what `run.compile` and `run.page` answered. */
export function planIn(history: History): { readonly plan: PlanHeader | null; readonly steps: readonly PlanNode[] } {
  const types = new Map<string, string>();
  let { plan, steps } = given(history);
  for (const event of history.events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) types.set(String(event.eventId), scheduled.activityType?.name ?? '');
    const completed = event.activityTaskCompletedEventAttributes;
    const payload = completed?.result?.payloads?.[0];
    if (!payload) continue;
    const type = types.get(String(completed.scheduledEventId));
    if (type === 'run.compile') {
      const compiled = defaultPayloadConverter.fromPayload<Compiled>(payload);
      plan = compiled.plan;
      steps = [...compiled.steps];
    } else if (type === 'run.page') steps.push(...defaultPayloadConverter.fromPayload<PlanNode[]>(payload));
  }
  return { plan, steps };
}

/** Of a child run its plan stands in its input. What a person types is given none, whatever it says. */
function given(history: History): { plan: PlanHeader | null; steps: PlanNode[] } {
  const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
  const payload = started?.parentWorkflowExecution ? started.input?.payloads?.[0] : undefined;
  const input = payload ? defaultPayloadConverter.fromPayload<RunInput | null>(payload) : null;
  if (!input?.given) return { plan: null, steps: [] };
  const { steps, ...plan } = input.given.plan;
  return { plan, steps: [...steps] };
}
