import type { BlockDeviceMapping, Image } from '@aws-sdk/client-ec2';
import { mayChange } from '../aws/account.ts';
import { service } from '../aws/client.ts';
import { isAws } from '../aws/error.ts';
import { tag, tagOf, tagSpecifications } from '../aws/tags.ts';
import { nameFor } from '../aws/token.ts';
import { waitFor } from '../aws/wait.ts';
import { StepError } from '../error.ts';
import type { StepContext } from '../step.ts';
import { imagesTagged } from './find.ts';
import { keptTags } from './kept.ts';
import { images } from './kinds.ts';
import type { LaunchInput } from './launch-input.ts';
import { deregister } from './remove.ts';

/** The image of which is launched: the one that is named, or one that is made of the snapshots. Undefined: the template says. */
export async function imageOf(input: LaunchInput, context: StepContext): Promise<string | undefined> {
  const { site, image, template } = input;
  if (image !== undefined) return image;
  if (template !== undefined) return undefined;
  const made = await register(input, context);
  const ready = ({ State, StateReason }: Image): boolean => {
    if (State === 'available') return true;
    if (State === 'pending') return false;
    throw new StepError(
      'image-failed',
      `the image ${made} of the snapshots is ${State} at ${site}: ${StateReason?.Message ?? ''}`,
      'person',
    );
  };
  await waitFor({ kind: images, id: made, site, expected: 5_000, ready }, context);
  return made;
}

/** What RegisterImage is given, without its tags. */
export function registration(input: LaunchInput, context: StepContext) {
  const { root, architecture = 'x86_64', boot } = input;
  return {
    // A name is the only key that images have.
    Name: nameFor(context, `lifeboat-${context.system.name}`, 128),
    Description: `Made of snapshots to launch ${context.system.name}.`,
    Architecture: architecture,
    RootDeviceName: root!,
    VirtualizationType: 'hvm',
    EnaSupport: true,
    BlockDeviceMappings: disksOf(input),
    ...(boot === undefined ? {} : { BootMode: boot }),
  };
}

/** Volumes that are made of snapshots. */
export function disksOf({ snapshots = [] }: LaunchInput): BlockDeviceMapping[] {
  return snapshots.map(({ device, snapshot }) => ({
    DeviceName: device,
    Ebs: { SnapshotId: snapshot, DeleteOnTermination: true, VolumeType: 'gp3' },
  }));
}

/** Removes the image that this step made; its snapshots stay. */
export async function dropImage(site: string, context: StepContext): Promise<readonly string[]> {
  const made = await imagesTagged({ [tag.key]: context.key }, site, context);
  for (const { ImageId } of made) await deregister(ImageId!, site, context);
  return made.map(({ ImageId }) => `Deregistered the image ${ImageId} at ${site}.`);
}

async function register(input: LaunchInput, context: StepContext): Promise<string> {
  const { site, keep } = input;
  const ec2 = await service('ec2', site, context);
  const image = registration(input, context);
  const named = async (): Promise<Image | undefined> => {
    const { Images: [found] = [] } = await ec2.describeImages({ Owners: ['self'], Filters: [{ Name: 'name', Values: [image.Name] }] });
    return found;
  };
  const found = await named();
  if (found) return mine(found, site, context);
  try {
    await mayChange(site, context);
    const { ImageId } = await ec2.registerImage({
      ...image,
      TagSpecifications: tagSpecifications(['image' as const], keptTags(context, keep)),
    });
    return ImageId!;
  } catch (error) {
    if (!isAws(error, 'InvalidAMIName.Duplicate')) throw error;
    const other = await named();
    if (!other) throw error;
    return mine(other, site, context);
  }
}

function mine({ ImageId, Name, Tags }: Image, site: string, context: StepContext): string {
  if (tagOf(Tags, tag.key) === context.key) return ImageId!;
  throw new StepError(
    'name-taken',
    `the image ${ImageId} at ${site} has the name ${Name} and was made by something else: rename or deregister it`,
    'person',
  );
}
