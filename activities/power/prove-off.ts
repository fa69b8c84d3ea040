import type { HostFacts } from '../../plan/plan.ts';
import { StepError } from '../error.ts';
import { sight } from '../sight.ts';
import type { StepContext } from '../step.ts';
import { controllerOf } from './controller.ts';

/** How long a host may still be heard after its controller said Off, milliseconds. */
const grace = 1_000;
/** The time in the sentence of evidence that says when the host was seen alive. */
export const lastSign = / gave its last sign of life at (\S+)\.$/;

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
  const said = `The controller of ${host.name} says Off.`;
  const until = Date.now() + grace;
  let look = await sight(host, context.system, context.viewpoint);
  while (look.alive && Date.now() < until) {
    await context.sleep(100);
    look = await sight(host, context.system, context.viewpoint);
  }
  const facts = [said, ...look.evidence].join(' ');
  if (look.alive) {
    throw new StepError(
      'fence-lies',
      `The controller of ${host.name} says Off, and ${host.name} still answers: it is not off, and nothing may be promoted. ${facts}`,
      'person',
    );
  }
  if (!look.witness) {
    throw new StepError(
      'fence-unknown',
      `${host.name} is silent, and so is everything else at ${host.site} seen from ${context.viewpoint}: the link may be cut and the host may still take writes. ${facts}`,
      'person',
    );
  }
  if (seen === undefined) {
    throw new StepError(
      'fence-unknown',
      `${host.name} is silent, but it was never seen alive from ${context.viewpoint} or by the probe, so silence proves nothing: is port ${host.alive} (\`alive\`) reachable when the host is up? ${facts}`,
      'person',
    );
  }
  return { at: look.at, evidence: [said, `${host.name} gave its last sign of life at ${seen}.`, ...look.evidence] };
}
