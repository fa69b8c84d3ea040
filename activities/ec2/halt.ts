import type { Instance } from '@aws-sdk/client-ec2';
import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { tagOf } from '../aws/tags.ts';
import type { StepContext } from '../step.ts';
import { becomes, ended, standIn, stateOf, theInstance, type Which } from './instance.ts';

/** On an instance: the key of the step that stopped it, or started it, and which of both; then those before. Only the last step undoes it. */
const haltedTag = 'lifeboat:halted';
/** Words of a tag that are kept: its value has 256 characters at the most, and a key up to 64. */
const words = 6;

/** Stops an instance where it runs, and waits until it is stopped. One that was terminated is left at that. */
export async function halt(which: Which, force: boolean, context: StepContext): Promise<void> {
  await change(which, 'stopped', context, async (ec2, ids) => void (await ec2.stopInstances({ InstanceIds: ids, Force: force })));
}

/** Starts an instance where it is stopped, and waits until it runs. */
export async function start(which: Which, context: StepContext): Promise<void> {
  await change(which, 'running', context, async (ec2, ids) => void (await ec2.startInstances({ InstanceIds: ids })));
}

/** Puts an instance back into the state from which {@link halt} or {@link start} of this step brought it. */
export async function putBack(which: Which, context: StepContext): Promise<readonly string[]> {
  const instance = await theInstance(which, context);
  const done = await asBefore(which, instance, context);
  if (done.length > 0) return done;
  return [`Instance ${which.id} at ${which.site} is ${stateOf(instance)}, and was not brought there by this step.`];
}

/** The same after a rehearsal: what is nobody's stand-in is left alone, and told of only where it was put back. */
export async function sweepHalted(which: Which, context: StepContext): Promise<readonly string[]> {
  const instance = await standIn(which, context);
  return instance === undefined ? [] : asBefore(which, instance, context);
}

async function asBefore(which: Which, instance: Instance, context: StepContext): Promise<readonly string[]> {
  const { site, id } = which;
  const [key, done, ...earlier] = haltedBy(instance);
  if (key !== context.key || stateOf(instance) === 'terminated') return [];
  if (done === 'stopped') await start(which, context);
  else await halt(which, false, context);
  const ec2 = await service('ec2', site, context);
  await mayChange(site, context);
  if (earlier.length === 0) await ec2.deleteTags({ Resources: [id], Tags: [{ Key: haltedTag }] });
  else await ec2.createTags({ Resources: [id], Tags: [{ Key: haltedTag, Value: earlier.join(' ') }] });
  return [`Instance ${id} at ${site} is ${done === 'stopped' ? 'running' : 'stopped'} again.`];
}

function haltedBy({ Tags }: Instance): readonly string[] {
  return tagOf(Tags, haltedTag)?.split(' ') ?? [];
}

type Act = (ec2: Awaited<ReturnType<typeof service<'ec2'>>>, ids: string[]) => Promise<void>;

const between = { stopped: 'stopping', running: 'pending' } as const;
/** Usual durations, milliseconds. */
const expected = { stopped: 40_000, running: 20_000 } as const;

async function change(which: Which, wanted: 'stopped' | 'running', context: StepContext, act: Act): Promise<void> {
  const { site, id } = which;
  const opposite = wanted === 'stopped' ? 'running' : 'stopped';
  let instance = await theInstance(which, context);
  if (wanted === 'stopped' && ['terminated', 'shutting-down'].includes(stateOf(instance))) return;
  // On its way to where it is to be brought from, it can be brought nowhere.
  if (stateOf(instance) === between[opposite]) instance = await becomes(which, [opposite], expected[opposite], context);
  if (stateOf(instance) === opposite) {
    const ec2 = await service('ec2', site, context);
    const before = haltedBy(instance);
    if (before[0] !== context.key) {
      await mayChange(site, context);
      const Value = [context.key, wanted, ...before].slice(0, words).join(' ');
      await ec2.createTags({ Resources: [id], Tags: [{ Key: haltedTag, Value }] });
    }
    await mayChange(site, context);
    await act(ec2, [id]);
  } else if (stateOf(instance) !== wanted && stateOf(instance) !== between[wanted]) throw ended(which, instance);
  await becomes(which, [wanted], expected[wanted], context);
}
