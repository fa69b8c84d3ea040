import { defaultPayloadConverter } from '@temporalio/common';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { PlanHeader, PlanNode } from '../plan/plan.ts';
import type { Compiled } from '../workflows/wire.ts';

/** The plan that a run was pinned to last: what `run.compile` and `run.page` answered. */
export function planIn(history: History): { readonly plan: PlanHeader | null; readonly steps: readonly PlanNode[] } {
  const types = new Map<string, string>();
  let plan: PlanHeader | null = null;
  let steps: PlanNode[] = [];
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
