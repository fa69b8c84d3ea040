import type { Instance } from '@aws-sdk/client-ec2';
import { isRehearsals, mustBeRehearsals } from '../aws/of-rehearsal.ts';
import { tag, tagOf } from '../aws/tags.ts';
import { waitFor } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import { rehearsalOnly } from '../rehearsal-only.ts';
import type { StepContext } from '../step.ts';
import { instances } from './kinds.ts';

/** One instance at an AWS site; `host`: the host of the inventory that it is. */
export interface Which {
  readonly site: string;
  readonly id: string;
  readonly host?: string | undefined;
}

/** What proofs and fences call it. */
export function thing({ site, id, host }: Which): string {
  return host ?? `${site}/${id}`;
}

/**
 * An instance as EC2 describes it. One that was terminated is described for about an hour more.
 * @throws StepError `no-instance`, `wrong-instance`.
 */
export async function theInstance(which: Which, context: StepContext): Promise<Instance> {
  const { site, id, host } = which;
  const known = host === undefined ? undefined : context.host(host).instance;
  if (known !== undefined && known !== id)
    throw new StepError(
      'wrong-instance',
      `the inventory says that ${host} is ${known}, and the step names ${id}: name one of them`,
      'mistake',
    );
  const found = (await instances.describe([id], site, context)).get(id);
  if (found !== undefined) return found;
  throw new StepError(
    'no-instance',
    `${site} (${context.aws(site).region}) has no instance ${id}: it never had, or it was terminated long ago. Look for it in the account's other regions`,
    'person',
  );
}

/** Its state: `pending`, `running`, `stopping`, `stopped`, `shutting-down`, `terminated`. */
export function stateOf({ State }: Instance): string {
  return State?.Name ?? 'unknown';
}

/** Waits until an instance is in one of these states. */
export function becomes(which: Which, states: readonly string[], expected: number, context: StepContext): Promise<Instance> {
  const { site, id } = which;
  return waitFor(
    {
      kind: instances,
      id,
      site,
      expected,
      ready(instance) {
        const state = stateOf(instance);
        if (states.includes(state)) return true;
        if (!states.includes('terminated') && (state === 'terminated' || state === 'shutting-down')) throw ended(which, instance);
        return false;
      },
    },
    context,
  );
}

/** AWS's own trouble ends one that was just launched with a reason that begins with `Server.`: another may do better. */
export function ended({ site, id }: Which, instance: Instance): StepError {
  const { Code: code = '', Message: why = instance.StateTransitionReason ?? '' } = instance.StateReason ?? {};
  return new StepError(
    'instance-ended',
    `instance ${id} at ${site} is ${stateOf(instance)}${why ? `: ${why}` : ''}`,
    code.startsWith('Server.') ? 'again' : 'person',
  );
}

/** In a rehearsal only what a rehearsal made may be touched. */
export function mustBeCopy({ site, id }: Which, { Tags }: Instance, context: StepContext): void {
  mustBeRehearsals(`instance ${id} at ${site}`, Tags, context);
}

/**
 * The instance on which a rehearsal may have left something that is to be taken back. Undefined: it is gone, goes with all that the
 * rehearsal made, or is no rehearsal's, so that no step of one has touched it.
 */
export async function standIn({ site, id }: Which, context: StepContext): Promise<Instance | undefined> {
  rehearsalOnly(context);
  const found = (await instances.describe([id], site, context)).get(id);
  if (found === undefined || ['shutting-down', 'terminated'].includes(stateOf(found))) return undefined;
  const own = tagOf(found.Tags, tag.run) === context.run.workflowId && tagOf(found.Tags, tag.started) === context.run.startedAt;
  return own || !isRehearsals(found.Tags) ? undefined : found;
}
