import type { HostFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { proveSilent } from '../silence.ts';
import type { StepContext } from '../step.ts';
import { controllerOf } from './controller.ts';

/**
 * Proves that a host is off: its controller says so, and the host, which answered before, no longer does,
 * while its site's witness answers in the same second. Only reads.
 */
export async function proveOff(
  host: HostFacts,
  seen: string | undefined,
  context: StepContext,
): Promise<{ at: string; evidence: readonly string[] }> {
  const power = await controllerOf(host, context).state();
  if (power.state !== 'off')
    throw new StepError('power-not-off', `The controller of ${host.name} says that its power is ${power.word}, not Off.`);
  return proveSilent({ host, said: `The controller of ${host.name} says Off.`, seen }, context);
}
