import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { tagOf } from '../aws/tags.ts';
import type { StepContext } from '../step.ts';
import { becomes, ended, stateOf, theInstance, type Which } from './instance.ts';

/** On an instance: the key of the step that stopped it, or started it, and which of both. Only that step undoes it. */
const haltedTag = 'lifeboat:halted';

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
  const { site, id } = which;
  const instance = await theInstance(which, context);
  const [key, done] = tagOf(instance.Tags, haltedTag)?.split(' ') ?? [];
  if (key !== context.key || stateOf(instance) === 'terminated')
    return [`Instance ${id} at ${site} is ${stateOf(instance)}, and was not brought there by this step.`];
  if (done === 'stopped') await start(which, context);
  else await halt(which, false, context);
  const ec2 = await service('ec2', site, context);
  await mayChange(site, context);
  await ec2.deleteTags({ Resources: [id], Tags: [{ Key: haltedTag }] });
  return [`Instance ${id} at ${site} is ${done === 'stopped' ? 'running' : 'stopped'} again.`];
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
    if (tagOf(instance.Tags, haltedTag)?.split(' ')[0] !== context.key) {
      await mayChange(site, context);
      await ec2.createTags({ Resources: [id], Tags: [{ Key: haltedTag, Value: `${context.key} ${wanted}` }] });
    }
    await mayChange(site, context);
    await act(ec2, [id]);
  } else if (stateOf(instance) !== wanted && stateOf(instance) !== between[wanted]) throw ended(which, instance);
  await becomes(which, [wanted], expected[wanted], context);
}
