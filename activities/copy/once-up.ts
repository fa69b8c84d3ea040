import type { HostFacts } from '../../plan/plan.ts';
import { onMember, type Query } from '../postgres/connect.ts';
import type { StepContext } from '../step.ts';

/** How long a copy is given to take sessions, milliseconds. */
const patience = 60_000;

/** Asks a copy that was just started, as soon as it takes sessions. Throws what it said last where it never does. */
export async function onceUp<Result>(host: HostFacts, context: StepContext, work: (query: Query) => Promise<Result>): Promise<Result> {
  for (const until = Date.now() + patience; ;) {
    try {
      return await onMember(host, context.system, context, work);
    } catch (error) {
      if (Date.now() > until) throw error;
    }
    context.heartbeat(context.resume);
    await context.sleep(50);
  }
}
